"""Checks of settings that the environment and a network's file share."""

from collections.abc import Collection
from urllib.parse import urlsplit

from outreach import languages
from outreach.countries import packs


def is_subset(some: tuple[str, ...], every: tuple[str, ...]) -> bool:
    return 0 < len(some) == len(set(some) & set(every))


def are_country_codes(codes: tuple[str, ...]) -> bool:
    """Whether each is a country, and there once; one at least."""
    return 0 < len(codes) == len(set(codes)) and all(map(packs.is_country, codes))


def has_holidays(country: str) -> bool:
    import holidays  # slow, and few networks have a home country without a pack

    return country in holidays.list_supported_countries()


def are_locales(names: tuple[str, ...]) -> bool:
    from babel import localedata  # a command's start waits for it, and few networks set locales

    own = tuple(name.partition("_")[0] for name in names)
    return is_subset(own, languages.CODES) and all(map(localedata.exists, names))


def are_countries(codes: Collection[str]) -> bool:
    from outreach import phone_numbers  # its library takes a twentieth of a command's start

    return all(map(phone_numbers.is_country, codes))


def is_site(text: str) -> bool:
    parts = split_address(text)
    return parts is not None and parts[0] in {"http", "https"} and bool(parts[1])


def is_address(text: str) -> bool:
    name, at, host = text.partition("@")
    return bool(name and at and host) and not any(c.isspace() for c in text)


def split_address(text: str) -> tuple[str, str | None] | None:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError for an invalid port
    except ValueError:
        return None
    return parts.scheme, parts.hostname

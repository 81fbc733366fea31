"""Telephone numbers: E.164 form, and which of them the network calls and writes to."""

from collections.abc import Collection
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

# Never premium or shared-cost numbers: whoever owns one would be paid for our texts (S31).
_KINDS: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
)


def normalize(text: str, country: str) -> str:
    """The number in E.164 form, as +13125550142; empty if it is none. `country` is the one whose
    numbers are written without their prefix."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_reachable(number: str, countries: Collection[str]) -> bool:
    """Whether an E.164 number is a fixed or mobile one of these countries (ISO 3166-1)."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    is_of_country = phonenumbers.region_code_for_number(parsed) in countries
    return is_of_country and phonenumbers.number_type(parsed) in _KINDS


def has_ten_digits(country: str) -> bool:
    """Whether numbers are written with ten digits within the country."""
    example = phonenumbers.example_number(country)
    if example is None:
        return False
    written = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    return sum(each.isdigit() for each in written) == 10


def is_country(code: str) -> bool:
    """Whether there is a numbering plan for this country (ISO 3166-1, two letters)."""
    return code in phonenumbers.SUPPORTED_REGIONS

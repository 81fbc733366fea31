"""Column types for what SQL alone does not keep."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from outreach import clock

# The code of a region: IL, QC; of most countries with that of the country, MX-JAL.
RegionCode = sa.String(6)


class Instant(sa.TypeDecorator[datetime]):
    """A moment, stored as UTC. SQLite drops the offset, and this type puts it back."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Hour(Instant):
    """The hour in which something happened: a moment is stored without its minutes (S33).

    A value that it is compared with loses its minutes too.
    """

    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return super().process_bind_param(None if value is None else clock.hour_of(value), dialect)


class latest(sa.sql.functions.ReturnTypeFromArgs[datetime]):
    """The last of several instants in one row, none of them NULL."""

    inherit_cache = True


@compiles(latest)
def _latest(element: latest, compiler: Any, **how: Any) -> str:
    name = "max" if compiler.dialect.name == "sqlite" else "greatest"
    return f"{name}({compiler.process(element.clauses, **how)})"


class database_now(sa.sql.functions.GenericFunction[datetime]):
    """The moment by the clock of the database, with so many seconds added.

    Hosts' clocks may be wrong, and all have to agree on one.
    """

    type = Instant()
    inherit_cache = True


@compiles(database_now)
def _database_now(element: database_now, compiler: Any, **how: Any) -> str:
    seconds = compiler.process(element.clauses, **how)
    if compiler.dialect.name == "sqlite":
        return f"(strftime('%Y-%m-%d %H:%M:%f000', 'now', {seconds} || ' seconds'))"
    return f"(timezone('utc', clock_timestamp()) + {seconds} * interval '1 second')"


class Zone(sa.TypeDecorator[ZoneInfo]):
    """An IANA time zone, stored by name."""

    impl = sa.String(40)
    cache_ok = True

    def process_bind_param(self, value: ZoneInfo | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value.key

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> ZoneInfo | None:
        return None if value is None else _find_zone(value)


@lru_cache(maxsize=1024)  # `zoneinfo` keeps eight, and reads the file of any other again and again
def _find_zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


class Codes(tuple[str, ...]):
    """A few short codes, such as the languages of a workshop.

    They are stored as « es en », with spaces at both ends, so that `has_code` finds one of them.
    """

    def __new__(cls, codes: Iterable[str] = ()) -> "Codes":
        return super().__new__(cls, tuple(dict.fromkeys(codes)))


class CodesType(sa.TypeDecorator[Codes]):
    impl = sa.String(120)
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else f" {' '.join(value)} " if value else ""

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Codes | None:
        return None if value is None else Codes(value.split())


def has_code(column: sa.SQLColumnExpression[Codes], code: str) -> sa.ColumnElement[bool]:
    """Returns the condition that `code` is among the codes of `column`."""
    return sa.type_coerce(column, sa.String).contains(f" {code} ", autoescape=True)

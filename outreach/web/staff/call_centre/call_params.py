"""What an agent has asked while talking: from where, for what, how many, in which language."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from outreach import i18n
from outreach.domain.call_centre import call_holds
from outreach.domain.text import clean
from outreach.web.staff.common.guards import CALLS_PATH

MAX_PEOPLE: Final = 4
MAX_PLACE: Final = 80
MAX_SECONDS: Final = 3600  # a page that was open for longer is of no call
_CALL_ID: Final = re.compile(f"[0-9A-Z]{{{call_holds.CALL_ID_LENGTH}}}")


@dataclass(frozen=True, kw_only=True)
class CallParams:
    where: str
    kind: str  # a public code; empty for any
    people: int
    language: str  # the caller's
    call_id: str
    began: int  # the second since 1970 in which the page of this call was opened
    is_asked: bool  # somebody has searched

    @classmethod
    def read(cls, typed: MultiDict[str, str], *, now: datetime) -> "CallParams":
        """Reads a query or a form. What is missing or wrong gets the value that a new call has."""
        people, language = typed.get("personas", ""), typed.get("idioma", "")
        call_id, began = typed.get("llamada", ""), typed.get("inicio", "")
        second = int(now.timestamp())
        has_begun = bool(re.fullmatch("[0-9]{9,11}", began))
        has_begun = has_begun and 0 <= second - int(began) <= MAX_SECONDS
        return cls(
            where=clean(typed.get("donde", ""))[:MAX_PLACE],
            kind=clean(typed.get("tipo", ""))[:MAX_PLACE],
            people=int(people) if people in {str(n) for n in range(1, MAX_PEOPLE + 1)} else 1,
            language=language if language in i18n.list_languages() else i18n.current(),
            call_id=call_id if _CALL_ID.fullmatch(call_id) else call_holds.new_call_id(),
            began=int(began) if has_begun else second,
            is_asked=bool(typed.get("donde") or typed.get("tipo")),
        )

    def seconds(self, now: datetime) -> int:
        """Returns how many seconds the call has lasted."""
        return max(0, int(now.timestamp()) - self.began)

    def address(self, **changes: object) -> str:
        """The address of this search, with some of it changed."""
        values: dict[str, object] = {
            "donde": self.where,
            "tipo": self.kind,
            "personas": self.people,
            "idioma": self.language,
            "llamada": self.call_id,
            "inicio": self.began,
        }
        return f"{CALLS_PATH}?{urlencode({k: v for k, v in (values | changes).items() if v})}"

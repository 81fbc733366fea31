"""Details that were written as text (format 1) are parsed into those of format 2."""

from typing import Any

import pytest

from outreach.domain.audit import text_details

EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("list seen", ""): {},
    ("workshop cancelled", "few, untold"): {"reason": "few", "notified": False},
    ("workshop cancelled", "weather, one of 12"): {"reason": "weather", "one_of": 12},
    ("workshop cancelled", "stop 4"): {"stop": 4},
    ("workshop changed", "day, starts (one of 12)"): {"fields": ["day", "starts"], "one_of": 12},
    ("workshop changed", "as abcdefghij: capacity"): {
        "same_as": "abcdefghij",
        "fields": ["capacity"],
    },
    ("workshop changed", "tour 3, stop 4"): {"tour": 3, "stop": 4},
    ("workshop created", "clone of abcdefghij"): {"clone_of": "abcdefghij"},
    ("workshop created", "repeats abcdefghij, 8 dates"): {"repeats": "abcdefghij", "dates": 8},
    ("workshop created", "month 2026-11, 30 at once"): {"month": "2026-11", "at_once": 30},
    ("workshop deleted", "draft abcdefghij"): {"draft": "abcdefghij"},
    ("workshops brought in", "file abcdefghij: new 3, changed 1, cancelled 0, same 9"): {
        "file": "abcdefghij", "new": 3, "changed": 1, "cancelled": 0, "same": 9,
    },
    ("kinds brought in", "new 21, changed 0, same 0"): {"new": 21, "changed": 0, "same": 0},
    ("figures brought in", "2020-06: new 6, changed 0, same 1"): {
        "month": "2020-06", "new": 6, "changed": 0, "same": 1,
    },
    ("figure.enter", "2020-05 passports: 109657"): {
        "month": "2020-05", "figure": "passports", "value": 109657,
    },
    ("figure.enter", "2020-05 passports: -"): {
        "month": "2020-05", "figure": "passports", "value": None,
    },
    ("month.close", "2020-01 2"): {"month": "2020-01", "revision": 2},
    ("month.remind", "2020-02: 7"): {"month": "2020-02", "letters": 7},
    ("month.complete", "2020-03"): {"month": "2020-03"},
    ("bulletin published", "2020-04, edition 3, revision 1"): {
        "month": "2020-04", "edition": 3, "revision": 1,
    },
    ("venue changed", "venue 3: address, name; 2 workshops, 5 told"): {
        "venue": 3, "fields": ["address", "name"], "workshops": 2, "notified": 5,
    },
    ("stop cancelled", "tour 3, stop 4, 2 workshops, 9 told"): {
        "tour": 3, "stop": 4, "workshops": 2, "notified": 9,
    },
    ("places changed", "20 to 40"): {"before": 20, "after": 40},
    ("place saved by phone", "3"): {"people": 3},
    ("letters sent again", "3"): {"letters": 3},
    ("list exported", "xlsx, 12 parties"): {"file_type": "xlsx", "parties": 12},
    ("certificate made", "es, 2.5 h"): {"language": "es", "hours": "2.5"},
    ("message sent", "hour, seated: 3 by e-mail, 1 by phone"): {
        "template": "hour", "audience": "seated", "by_email": 3, "by_phone": 1,
    },
    ("attendance reported", "held, 12"): {"held": True, "people": 12},
    ("attendance reported", "not held"): {"held": False},
    ("partner retired", "7"): {"partner": 7},
    ("kind changed", "derechos: capacity"): {"kind": "derechos", "fields": ["capacity"]},
    ("office changed", "calgary: phone, zone"): {"office": "calgary", "fields": ["phone", "zone"]},
    ("office closed", "calgary: 2026-11-30"): {"office": "calgary", "closed_on": "2026-11-30"},
    ("account invited", "12: door chicago, admin *"): {
        "account": 12, "roles": {"chicago": "door", "*": "admin"},
    },
    ("account invited", "12: 14"): {"account": 12, "role_count": 14},
    ("account disabled", "12"): {"account": 12},
    ("role changed meanwhile", "organizer chicago, door *"): {
        "roles": {"chicago": "organizer", "*": "door"},
    },
    ("paper code used", "7 left"): {"left": 7},
    ("signed in", "password and key"): {"by": "password and key"},
    ("provider's word refused", "e-mail not verified"): {"reason": "e-mail not verified"},
    ("other sessions ended", "3"): {"sessions": 3},
    ("copy restored", "lines 7 to 12"): {"first_line": 7, "last_line": 12},
    ("month.reopen", "what month?"): {"text": "what month?"},
    ("account disabled", "nonsense"): {"text": "nonsense"},
    ("an action of tomorrow", "¿qué es esto?"): {"text": "¿qué es esto?"},
}  # fmt: skip


@pytest.mark.parametrize(("action", "text"), EXAMPLES)
def test_text_of_each_action_is_parsed(action: str, text: str) -> None:
    assert text_details.parse(action, text) == EXAMPLES[action, text]

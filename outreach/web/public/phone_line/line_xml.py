"""The answers of the phone line as XML that gateways read (`Say`, `Play`, `Gather`, `Redirect`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

KEY_SECONDS: Final = 6  # to press a key
WRITING_SECONDS: Final = 15  # to write six letters down first
LANGUAGES: Final = {"es": "es-MX", "en": "en-US", "fr": "fr-CA"}


@dataclass(frozen=True)
class SpokenPrompt:
    """A sentence that is said; `audio` is the address of a recording of it, which is played."""

    text: str
    lang: str
    audio: str = ""


@dataclass(frozen=True)
class LineAnswer:
    """What is said. With `keys`, so many keys are awaited for `seconds` each: they are sent to
    `address`, and none of them in time to `silent_address`. Without, the line hangs up."""

    prompts: Sequence[SpokenPrompt]
    keys: int = 0
    address: str = ""
    silent_address: str = ""
    seconds: int = KEY_SECONDS


def write(answer: LineAnswer) -> bytes:
    response = ET.Element("Response")
    spoken = response
    if answer.keys:
        spoken = ET.SubElement(
            response,
            "Gather",
            {
                "input": "dtmf",
                "numDigits": str(answer.keys),
                "timeout": str(answer.seconds),
                "method": "POST",
                "action": answer.address,
            },
        )
    for each in answer.prompts:
        if each.audio:
            ET.SubElement(spoken, "Play").text = each.audio
        else:
            said = ET.SubElement(spoken, "Say", {"language": LANGUAGES[each.lang]})
            said.text = each.text
    if answer.keys:
        ET.SubElement(response, "Redirect", {"method": "POST"}).text = answer.silent_address
    else:
        ET.SubElement(response, "Hangup")
    written: bytes = ET.tostring(response, encoding="utf-8", xml_declaration=True)
    return written

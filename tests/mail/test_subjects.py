"""A subject arrives as it was written, however it is folded."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from outreach.mail import render

WORDS = (
    "Votre place\u00a0: jeudi 13 janvier, 0\u00a0h\u00a030 à votre heure",
    "Tu lugar: sábado 13 de enero de 2027, 10:30\u00a0a.\u00a0m., hora de las montañas, en línea",
    "Ñañá éé " * 20,
)


@pytest.mark.parametrize("words", WORDS)
def test_no_space_of_a_subject_is_lost_wherever_it_is_folded(words: str) -> None:
    at = datetime(2027, 1, 1, tzinfo=UTC)
    for shift in range(80):
        subject = f"{'x' * shift} {words}".strip()
        letter = render.compose({"Subject": subject}, "Hola", to="a@example.org", own={}, at=at)
        sent = render.as_bytes(letter)
        assert message_from_bytes(sent, policy=default)["Subject"] == subject
        head = sent.partition(b"\r\n\r\n")[0]
        assert head.isascii()
        assert max(map(len, head.split(b"\r\n"))) <= 78

"""Small builders for tests of files that are brought to the desk."""

import io
import re
from typing import Any

from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from outreach.imports.workshops import write
from tests.support.loading import PLAIN
from tests.support.staff_client import StaffClient


def row(**changes: str) -> dict[str, str]:
    """A line of a file, with all its columns; say only what the test is about."""
    return dict.fromkeys(write.COLUMNS, "") | PLAIN | {"ends_at": "", "way": "place"} | changes


def csv_of(*rows: dict[str, str]) -> bytes:
    return write.to_csv(rows)


def bring(
    staff_client: StaffClient, data: bytes, name: str = "talleres.csv", **fields: Any
) -> TestResponse:
    """Sends a file, as the form does."""
    form = {"token": staff_client.form_token, "file": FileStorage(io.BytesIO(data), name)} | fields
    # The test client would put a large body into a file and leave that open.
    boundary, body = encode_multipart(form)
    content_type_header = f"multipart/form-data; boundary={boundary}"
    return staff_client.client.post(
        "/org/traer", data=body, content_type=content_type_header, headers=staff_client.headers
    )


def seen(staff_client: StaffClient, answer: TestResponse) -> TestResponse:
    """The page that shows what is in a file that was sent."""
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return staff_client.get(answer.headers["Location"])


def load(staff_client: StaffClient, page: TestResponse, **changes: str) -> TestResponse:
    """Sends the form of that page."""
    text = page.get_data(as_text=True)
    fields = {
        name: found[1]
        for name in ("lote", "seen")
        if (found := re.search(rf'name="{name}" value="([^"]*)"', text))
    }
    return staff_client.post("/org/traer/cargar", **(fields | changes))

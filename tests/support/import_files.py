"""Builds import files and sends them through the staff pages."""

import io
import re
from typing import Any

from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from outreach.imports.workshops import write
from tests.support.loading import PLAIN
from tests.support.staff_client import StaffClient


def row(**changes: str) -> dict[str, str]:
    """A row of an import file with all its columns; `changes` name what the test is about."""
    return dict.fromkeys(write.COLUMNS, "") | PLAIN | {"ends_at": "", "way": "place"} | changes


def csv_of(*rows: dict[str, str]) -> bytes:
    return write.to_csv(rows)


def bring(
    staff_client: StaffClient, data: bytes, name: str = "talleres.csv", **fields: Any
) -> TestResponse:
    """Uploads a file, as the form does."""
    form = {"token": staff_client.form_token, "file": FileStorage(io.BytesIO(data), name)} | fields
    # The test client would write a large body to a file and leave it open.
    boundary, body = encode_multipart(form)
    content_type = f"multipart/form-data; boundary={boundary}"
    return staff_client.client.post(
        "/org/traer", data=body, content_type=content_type, headers=staff_client.headers
    )


def seen(staff_client: StaffClient, answer: TestResponse) -> TestResponse:
    """The preview of an uploaded file."""
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return staff_client.get(answer.headers["Location"])


def load(staff_client: StaffClient, page: TestResponse, **changes: str) -> TestResponse:
    """Submits the form of the preview, which loads the file."""
    text = page.get_data(as_text=True)
    fields = {
        name: found[1]
        for name in ("batch", "seen")
        if (found := re.search(rf'name="{name}" value="([^"]*)"', text))
    }
    return staff_client.post("/org/traer/cargar", **(fields | changes))

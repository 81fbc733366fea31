"""Import files that are too large, too late or not allowed are refused and nothing is loaded."""

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.scheduling import import_batches
from outreach.domain.scheduling.import_batches import ImportBatch
from outreach.keystore import KeyStore
from outreach.privacy import retention
from tests.support.import_files import bring, csv_of, load, row, seen
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_imports import all_workshops, latest_batch_id, staff_client

pytestmark = pytest.mark.any_database

__all__ = ["staff_client"]  # a fixture


def test_long_file_of_short_lines_is_read_whole(staff_client: StaffClient) -> None:
    """Werkzeug counts buffered parts of a file towards its limit of form memory."""
    rows = [row(id=f"w{n}", capacity="x", title_es="\n" * 40 + "a") for n in range(3000)]
    page = seen(staff_client, bring(staff_client, csv_of(*rows)))
    assert "3,000 renglones con falla" in words(page)


def test_too_large_file_is_refused_by_its_content_length(
    staff_client: StaffClient,
) -> None:
    class Unread(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("nobody is to read a file of 100 MB")

    answer = staff_client.client.post(
        "/org/traer",
        headers=staff_client.headers,
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(100 << 20), "wsgi.input": Unread()},
    )
    assert answer.status_code == 413
    assert "El archivo pesa más de 10 MB." in words(answer)


def test_other_forms_keep_their_size_limit(staff_client: StaffClient) -> None:
    answer = staff_client.post("/org/traer/cargar", batch="x" * 100_000)
    assert answer.status_code == 413
    assert "Es demasiado grande" in words(answer)


def test_upload_without_form_token_or_from_another_site_is_refused(
    staff_client: StaffClient,
) -> None:
    assert bring(staff_client, csv_of(row()), token="").status_code == 403
    form = {"token": staff_client.form_token, "file": (io.BytesIO(csv_of(row())), "a.csv")}
    headers = staff_client.headers | {"Sec-Fetch-Site": "cross-site"}
    assert staff_client.client.post("/org/traer", data=form, headers=headers).status_code == 403


def test_empty_upload_form_asks_for_a_file(staff_client: StaffClient) -> None:
    answer = staff_client.post("/org/traer")
    assert answer.status_code == 422
    assert "Elige un archivo." in words(answer)


def test_import_batch_is_loaded_once_and_only_by_its_uploader(
    app: Flask, staff_client: StaffClient, store: Store
) -> None:
    page = seen(staff_client, bring(staff_client, csv_of(row())))
    colleague = signed_in_as(app, store, employ(store, "luz@example.org"))
    assert colleague.get(f"/org/traer?lote={latest_batch_id(store)}").status_code == 404
    assert load(colleague, page).status_code == 404
    assert load(staff_client, page).status_code == 303
    assert load(staff_client, page).status_code == 404
    assert len(all_workshops(store)) == 1


def test_unloaded_import_batch_is_deleted_after_a_day(
    staff_client: StaffClient, store: Store, key_store: KeyStore
) -> None:
    bring(staff_client, csv_of(row()))
    with store.change() as session:
        latest_batch_id = session.scalars(sa.select(ImportBatch)).one()
        latest_batch_id.made_at -= import_batches.RETENTION + timedelta(minutes=1)
        public_id = latest_batch_id.public_id
    assert staff_client.get(f"/org/traer?lote={public_id}").status_code == 404
    done = retention.purge(store, key_store, now=clock.now())
    assert done.rows["files brought and not loaded"] == 1


def test_only_the_last_five_import_batches_of_an_account_are_kept(
    staff_client: StaffClient, store: Store
) -> None:
    for number in range(7):
        bring(staff_client, csv_of(row(id=f"w{number}")))
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ImportBatch)) == 5

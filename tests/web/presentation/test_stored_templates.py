"""Code of templates that is kept for the next start."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from jinja2 import Environment, pass_context

from outreach.web.presentation.stored_templates import FOLDER, StoredTemplates, use_files

pytestmark = pytest.mark.any_database("no database is asked")

NAME: Final = "registration/form.html"
SECRET: Final = "of this server"


@pytest.fixture
def start(app: Flask, tmp_path: Path) -> Callable[[], Environment]:
    """The environment of a server that starts, over the same files each time."""

    def make() -> Environment:
        environment = app.jinja_env.overlay()
        use_files(environment, tmp_path, SECRET)
        return environment

    return make


def list_loaded(environment: Environment) -> list[str]:
    assert environment.cache is not None
    return [name for _loader, name in environment.cache]


def list_files(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).iterdir())


def read_code(environment: Environment, name: str = NAME) -> bytes:
    return environment.get_template(name).root_render_func.__code__.co_code


def test_what_was_compiled_is_loaded_at_the_next_start(
    start: Callable[[], Environment], tmp_path: Path
) -> None:
    first = start()
    assert list_loaded(first) == []
    code = read_code(first)
    second = start()
    assert list_loaded(second) == [NAME]
    assert read_code(second) == code
    assert (tmp_path / FOLDER).stat().st_mode & 0o777 == 0o700


def flip(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    "damage", [flip, lambda content: content[:-9], lambda _content: b"", lambda _: bytes(40)]
)
def test_damaged_file_is_replaced(
    start: Callable[[], Environment], tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    code = read_code(start())
    [path] = list_files(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert read_code(start()) == code
    assert path.read_bytes() == whole


def test_code_that_another_has_signed_is_not_run(
    start: Callable[[], Environment], tmp_path: Path
) -> None:
    code = read_code(start())
    [path] = list_files(tmp_path)
    other = start()
    forged = StoredTemplates(tmp_path / FOLDER, other, "of somebody else")
    assert other.loader is not None
    source, filename, _is_current = other.loader.get_source(other, NAME)
    bucket = forged.get_bucket(other, NAME, filename, source)
    assert bucket.code is None
    bucket.code = compile("raise SystemExit", "forged", "exec")
    forged.set_bucket(bucket)
    assert read_code(start()) == code
    assert b"forged" not in path.read_bytes()


def test_code_of_one_template_is_not_that_of_another(
    start: Callable[[], Environment], tmp_path: Path
) -> None:
    first = start()
    codes = {name: read_code(first, name) for name in (NAME, "base.html")}
    one, other = list_files(tmp_path)
    shutil.copy(one, other)
    second = start()
    assert {name: read_code(second, name) for name in codes} == codes


def test_files_of_other_versions_and_of_killed_processes_are_deleted(
    start: Callable[[], Environment], tmp_path: Path
) -> None:
    read_code(start())
    kept = list_files(tmp_path)
    for name in (".new-0123456789abcdef", f"0123456789-{kept[0].name}"):
        (tmp_path / FOLDER / name).write_bytes(b"")
    start()
    assert list_files(tmp_path) == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [("sign", pass_context(lambda _context: "")), ("new", lambda: ""), ("sign", object())],
)
def test_other_functions_make_another_version(
    start: Callable[[], Environment], tmp_path: Path, name: str, value: Any
) -> None:
    environment = start()
    read_code(environment)
    changed = environment.overlay()
    changed.globals = environment.globals | {name: value}
    use_files(changed, tmp_path, SECRET)
    assert list_loaded(changed) == []


def test_folder_that_cannot_be_written_stops_no_page(
    app: Flask, start: Callable[[], Environment], tmp_path: Path
) -> None:
    environment = start()
    shutil.rmtree(tmp_path / FOLDER)
    code = read_code(environment)
    (tmp_path / FOLDER).write_bytes(b"")
    assert read_code(start()) == code
    assert read_code(app.jinja_env.overlay()) == code

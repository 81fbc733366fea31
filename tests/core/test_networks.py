"""Settings of several networks: one file each, and what they must not share."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from outreach import networks
from outreach.config import Config
from outreach.errors import Misconfigured

pytestmark = pytest.mark.any_database("nothing is stored")


def settings_of(folder: Path, name: str) -> dict[str, str]:
    return {
        "OUTREACH_DATA": str(folder / name / "data"),
        "OUTREACH_KEYS": str(folder / name / "keys"),
        "OUTREACH_PUBLIC_URL": f"https://{name}.example.org",
    }


def write(folder: Path, name: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Writes the file of a network. Returns the environment that names the folder."""
    place = folder / "networks"
    place.mkdir(exist_ok=True)
    text = "".join(f"{key}={value}\n" for key, value in variables.items())
    (place / f"{name}.env").write_text(text)
    return {"OUTREACH_NETWORKS": str(place)}


def test_without_folder_there_is_one_network_without_name() -> None:
    environ = {"OUTREACH_BRAND": "Red", "OUTREACH_NETWORKS": " "}
    assert networks.load_networks(environ) == (Config.from_environ(environ),)
    assert networks.load_networks(environ)[0].name == ""
    assert networks.list_names(environ) == []
    with pytest.raises(Misconfigured, match="OUTREACH_NETWORKS names no folder"):
        networks.load_network("north", environ)


def test_each_file_is_a_network_over_the_common_variables(tmp_path: Path) -> None:
    write(tmp_path, "south", settings_of(tmp_path, "south") | {"OUTREACH_BRAND": "Sur"})
    environ = write(tmp_path, "north", settings_of(tmp_path, "north"))
    (tmp_path / "networks" / "README").write_text("no network")
    environ |= {"OUTREACH_BRAND": "Red", "OUTREACH_PHONE": "312 555 0142"}
    north, south = networks.load_networks(environ)
    assert [north.name, south.name] == networks.list_names(environ) == ["north", "south"]
    assert [north.brand, south.brand] == ["Red", "Sur"]
    assert [north.phone, south.phone] == ["312 555 0142"] * 2
    assert [north.profile.name, south.profile.name] == ["north", "south"]
    assert {"OUTREACH_BRAND", "OUTREACH_PHONE"} <= south.variables.keys()
    assert networks.load_network("south", environ) == south


def test_file_is_read_as_systemd_reads_it(tmp_path: Path) -> None:
    environ = write(tmp_path, "north", settings_of(tmp_path, "north"))
    path = tmp_path / "networks" / "north.env"
    lines = [
        "# a comment",
        "  ; another",
        "",
        'OUTREACH_BRAND = "Red \\"del\\" \\n norte" ',
        "OUTREACH_CONTROLLER='a \"b\" \\c'",
        "OUTREACH_MAIL_NAME=Talleres \\",
        "del norte  ",
        'OUTREACH_TEXTS_HEADERS={"Authorization": "Bearer x"}',
        "OUTREACH_CONTACT='uno'\" dos\"",
        "OUTREACH_PHONE=",
    ]
    path.write_text(path.read_text() + "\n".join(lines))
    [found] = networks.load_networks(environ | {"OUTREACH_PHONE": "1"})
    assert found.brand == 'Red "del" \\n norte'
    assert found.controller == 'a "b" \\c'
    assert found.mail_name == "Talleres del norte"
    assert found.texts.headers == {"Authorization": "Bearer x"}
    assert found.contact == "uno dos"
    assert found.phone == ""


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("OUTREACH_BRAND", "line 4 has to be OUTREACH_NAME=VALUE"),
        ("export OUTREACH_BRAND=x", "line 4 has to be OUTREACH_NAME=VALUE"),
        ("PATH=/bin", "line 4 has to be OUTREACH_NAME=VALUE"),
        ("OUTREACH_BRAND='x", "line 4 has to be OUTREACH_NAME=VALUE"),
        ("OUTREACH_DATA=/tmp", "line 4 sets OUTREACH_DATA again"),
        ("OUTREACH_LOG=json", "line 4 sets OUTREACH_LOG, which all networks have in common"),
        ("OUTREACH_NETWORKS=/etc", "line 4 sets OUTREACH_NETWORKS, which all"),
        ("OUTREACH_SMTP_SECONDS=99", "OUTREACH_SMTP_SECONDS has to be from 1 to 60"),
    ],
)
def test_wrong_file_is_refused_with_its_name(tmp_path: Path, line: str, fault: str) -> None:
    environ = write(tmp_path, "north", settings_of(tmp_path, "north"))
    write(tmp_path, "south", settings_of(tmp_path, "south"))
    path = tmp_path / "networks" / "north.env"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(Misconfigured) as refused:
        networks.load_networks(environ)
    assert str(refused.value).startswith("north.env")
    assert fault in str(refused.value)
    assert "\n" not in str(refused.value)
    assert networks.load_network("south", environ).name == "south"


def test_folder_without_files_and_no_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="has no file NAME"):
        networks.load_networks({"OUTREACH_NETWORKS": str(tmp_path)})
    with pytest.raises(Misconfigured, match="cannot be read: No such file"):
        networks.load_networks({"OUTREACH_NETWORKS": str(tmp_path / "none")})
    environ = write(tmp_path, "North", settings_of(tmp_path, "north"))
    with pytest.raises(Misconfigured, match=r"North\.env has to be named by"):
        networks.load_networks(environ)
    environ = write(tmp_path, "south", settings_of(tmp_path, "south"))
    with pytest.raises(Misconfigured, match=r"There is no network west\. There are: North, south"):
        networks.load_network("west", environ)


SERVER = "postgresql+psycopg://u:p@db1"


@pytest.mark.parametrize(
    ("north", "south", "fault"),
    [
        (
            {"PUBLIC_URL": "https://Talleres.example.org"},
            {"PUBLIC_URL": "http://talleres.example.org:8000"},
            "host in OUTREACH_PUBLIC_URL",
        ),
        ({"DATA": "{0}/one"}, {"DATA": "{0}/x/../one"}, "folder in OUTREACH_DATA"),
        ({"KEYS": "{0}/one"}, {"KEYS": "{0}/one"}, "folder in OUTREACH_DATA, OUTREACH_KEYS"),
        ({"KEYS": "{0}/one"}, {"DATA": "{0}/one"}, "folder in OUTREACH_DATA, OUTREACH_KEYS"),
        ({"MAIL_FOLDER": "{0}/m"}, {"MAIL_FOLDER": "{0}/m"}, "or OUTREACH_MAIL_FOLDER"),
        (
            {"DATABASE_URL": "sqlite:///{0}/one.db"},
            {"DATABASE_URL": "sqlite:///{0}/x/../one.db"},
            "database in OUTREACH_DATABASE_URL",
        ),
        (
            {"KEYRING_URL": "sqlite:///{0}/one.db"},
            {"DATABASE_URL": "sqlite:///{0}/one.db"},
            "database in OUTREACH_DATABASE_URL or OUTREACH_KEYRING_URL",
        ),
        (
            {"DATABASE_URL": f"{SERVER}/one"},
            {"DATABASE_URL": f"{SERVER}:5432/one"},
            "database in OUTREACH_DATABASE_URL",
        ),
        ({"SECRET_KEY": "abc"}, {"SECRET_KEY": "abc"}, "secret in OUTREACH_SECRET_KEY"),
        (
            {"ANSWERS_SECRET": "a" * 20, "TEXTS_URL": "https://a.example/{to}/{text}"},
            {"ANSWERS_SECRET": "a" * 20, "TEXTS_URL": "https://b.example/{to}/{text}"},
            "secret in OUTREACH_ANSWERS_SECRET",
        ),
    ],
)
def test_networks_that_share_what_separates_them_are_refused(
    tmp_path: Path, north: dict[str, str], south: dict[str, str], fault: str
) -> None:
    for name, own in (("north", north), ("south", south)):
        changed = {
            f"OUTREACH_{key}": text.replace("{0}", str(tmp_path)) for key, text in own.items()
        }
        environ = write(tmp_path, name, settings_of(tmp_path, name) | changed)
    for load in (
        lambda: networks.load_networks(environ),
        lambda: networks.load_network("south", environ),
    ):
        with pytest.raises(Misconfigured) as refused:
            load()
        assert fault in str(refused.value)
        lines = str(refused.value).splitlines()
        assert all(each.endswith("each network needs its own") for each in lines)


def test_common_database_of_two_networks_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "north", settings_of(tmp_path, "north"))
    environ = write(tmp_path, "south", settings_of(tmp_path, "south"))
    common = {"OUTREACH_DATABASE_URL": f"sqlite:///{tmp_path / 'one.db'}"}
    with pytest.raises(Misconfigured, match="north and south have the same database"):
        networks.load_networks(environ | common)


def test_named_network_answers_to_its_own_host_only(tmp_path: Path) -> None:
    environ = write(tmp_path, "north", settings_of(tmp_path, "north"))
    [north] = networks.load_networks(environ)
    assert north.answers_to("NORTH.example.org")
    for host in ("north.example.org.", "north.example.org:443", "localhost:8000", "127.0.0.1", ""):
        assert not north.answers_to(host)

"""The operator's guide: its commands, options and settings exist, and its files are valid.

`python -m tests.guide_runs` types the guide into fresh machines.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest
from markdown_it import MarkdownIt

from outreach.cli import guide, main
from outreach.config import Config
from tests.guide_runs import namespaces, pages, release_files
from tests.project.test_layout import _Asked
from tests.runner import Missing
from tests.runner.packages import SYSTEM
from tests.support import tls_certificate

pytestmark = pytest.mark.any_database

CHECKOUT: Final = Path(__file__).parents[2]
# The command `outreach`, not the account, folder or service of that name.
_TYPED: Final = re.compile(
    r"""(?:^|[;&|(]\s*|\*\s\s|ExecStart=|exec\s|"\$\()(?:/\S+/bin/)?outreach\s+([a-z].*)"""
)
_UP_TO: Final = re.compile(r"\s(?:[|>;]|&&).*|[`)].*")
MAX_RUN_WORDS: Final = 3000
UNIT: Final = "/etc/systemd/system/"


def _commands() -> Iterator[tuple[str, str]]:
    """Page and arguments of every `outreach` command in the guide."""
    for page in pages.names():
        for block in pages.blocks(page):
            if block.kind not in {"sh", "ini", ""}:
                continue
            for line in block.text.replace("\\\n", " ").splitlines():
                if found := _TYPED.search(line.strip()):
                    yield page, _UP_TO.sub("", found[1])
        for token in MarkdownIt().parse(guide.text(page)):
            for each in token.children or ():
                if each.type == "code_inline" and re.match(r"outreach [a-z]", each.content):
                    yield page, each.content.removeprefix("outreach ")


def _fault(words: str) -> str:
    """Which command or option does not exist, or an empty text."""
    command: click.Command = main
    given = re.split(r"\s+", words.replace("'", ""))
    while isinstance(command, click.Group) and given and re.fullmatch(r"[a-z-]+", given[0]):
        context = click.Context(command)
        found = command.get_command(context, given[0])
        if found is None:
            return f"no command {given[0]}"
        command, given = found, given[1:]
    known = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    return ", ".join(each for each in given if each.startswith("--") and each not in known)


def test_guide_commands_and_options_exist() -> None:
    found = [(page, words, _fault(words)) for page, words in _commands()]
    assert len(found) > 100
    assert {page for page, _, _ in found} >= {"run", "machine", "many", "keys", "backups"}
    assert [each for each in found if each[2]] == []


def test_missing_command_or_option_is_found() -> None:
    assert _fault("restroe FILE") == "no command restroe"
    assert _fault("db upgrade --fast") == "--fast"
    assert _fault("db upgrade --new-ring") == ""


def test_settings_in_the_guide_exist() -> None:
    asked = _Asked()
    Config.from_environ(asked)
    source = "".join(path.read_text() for path in (CHECKOUT / "outreach").rglob("*.py"))
    known = asked.names | set(re.findall(r"OUTREACH_[A-Z_]+", source))
    found_settings = {
        (page, name)
        for page in pages.names()
        for name in re.findall(r"\bOUTREACH_[A-Z]+(?:_[A-Z]+)*", guide.text(page))
    }
    assert len(found_settings) > 40
    assert [each for each in sorted(found_settings) if each[1] not in known] == []


def test_first_page_names_every_page() -> None:
    first = guide.text("start")
    assert [name for name in pages.names() if name != "start" and f"*{name}*" not in first] == []


def test_pages_named_in_the_guide_exist() -> None:
    named = {
        name
        for page in pages.names()
        for name in re.findall(r"\b[Pp]ages? \*([a-z]+)\*(?: and \*[a-z]+\*)?", guide.text(page))
    }
    assert len(named) > 5
    assert named <= set(pages.names())


def test_guide_command_prints_all_pages_and_help_lists_them() -> None:
    whole, help_text = _outreach("guide"), " ".join(_outreach("guide", "--help").split())
    for name in pages.names():
        assert guide.text(name).strip() in whole
        assert re.search(rf"\b{name}\b", help_text.partition("Pages:")[2])
    every = [*pages.names(), *guide.DEVELOPER_PAGES]
    readme = (CHECKOUT / "README.md").read_text()
    assert [each for each in every if f"outreach/docs/{each}.md" not in readme] == []


def test_developer_pages_are_listed_apart_from_the_guide() -> None:
    whole, help_text = _outreach("guide"), " ".join(_outreach("guide", "--help").split())
    for name in guide.DEVELOPER_PAGES:
        assert guide.text(name).strip() not in whole
        assert name not in help_text.partition("Pages:")[2].partition("For developers:")[0]
        assert name in help_text.partition("For developers:")[2]
    assert _outreach("guide", "contributing").strip() == guide.text("contributing").strip()


def test_guide_command_prints_one_file_of_a_page() -> None:
    unit = f"{UNIT}outreach.service"
    output = _outreach("guide", "machine", "--file", unit)
    assert output.startswith(f"# {unit}\n[Unit]\n")
    assert "```" not in output
    wrong = subprocess.run(
        [sys.executable, "-m", "outreach.cli", "guide", "keys", "--file", unit],
        capture_output=True,
        text=True,
    )
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "The files are: none." in wrong.stderr


def test_run_page_installs_each_file_of_a_machine() -> None:
    files = [path for path, _ in guide.files(guide.text("machine"))]
    typed = pages.typed("run", "Configuration files")[0].text
    listed = re.findall(r"^ {4}(/\S+)(?: \\)?$", typed, re.MULTILINE)
    typed = "".join(
        block.text for page in ("run", "machine") for block in pages.blocks(page) if block.is_typed
    )
    listed += re.findall(r"--file (/\S+) >", typed)
    assert sorted({*listed, "/etc/nginx/conf.d/outreach.conf"}) == sorted(
        [*files, "/etc/nginx/conf.d/outreach.conf"]
    )


def test_run_page_is_short() -> None:
    assert len(guide.text("run").split()) <= MAX_RUN_WORDS


def test_guide_installs_this_release() -> None:
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    assert version == release_files.THIS
    assert f"/srv/outreach-{version}-py3-none-any.whl" in guide.text("run")
    assert f"/srv/outreach-{release_files.NEXT}-py3-none-any.whl" in guide.text("run")


@pytest.mark.parametrize("page", pages.names())
def test_shell_blocks_of_the_guide_parse(page: str) -> None:
    for block in pages.blocks(page):
        if block.kind == "sh":
            done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
            assert (done.returncode, done.stderr) == (0, ""), block.text


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for path, text in guide.files(guide.text("machine")):
        if path.startswith(UNIT):
            to = tmp_path / path.removeprefix(UNIT)
            to.parent.mkdir(exist_ok=True)
            # The release is not installed here.
            to.write_text(text.replace("/opt/outreach/current/bin/outreach", "/bin/true"))
    link = tmp_path / "outreach.service.d" / "closed.conf"
    link.parent.mkdir()
    link.symlink_to("../outreach-.service.d/closed.conf")
    units = sorted([*tmp_path.glob("*.service"), *tmp_path.glob("*.timer")])
    assert len(units) == 6
    assert _verified(units) == ""
    # The check does find a wrong option in a drop-in.
    link.resolve().write_text("[Service]\nProtectSytem=strict\n")
    assert _verified(units[-2:]).count("ProtectSytem") >= 1


def _verified(units: list[Path]) -> str:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True
    )
    ours = {path.name.partition(".")[0] for path in units} | {"closed.conf"}
    lines = (done.stdout + done.stderr).splitlines()
    return "\n".join(line for line in lines if any(name in line for name in ours))


def test_nginx_accepts_the_file_as_changed_for_several_machines(tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path=SYSTEM)
    if nginx is None:
        pytest.skip("needs nginx")
    certificate = tls_certificate.make(tmp_path, "talleres.example.org")
    text = dict(guide.files(guide.text("proxy")))["/etc/nginx/conf.d/outreach.conf"]
    for old, new in {
        r"/etc/letsencrypt/live/\S+\.pem": str(certificate),
        r"/var/l(?:ib|og)/nginx": str(tmp_path),
        r"^.*\[::\].*\n": "",
        r"listen 80\b": "listen 127.0.0.1:18080",
        r"listen 443\b": "listen 127.0.0.1:18443",
    }.items():
        text = re.sub(old, new, text, flags=re.MULTILINE)
    folder = tmp_path / "conf.d"
    folder.mkdir()
    (folder / "outreach.conf").write_text(text)
    typed = pages.everywhere("many", "nginx")[-1].text.partition("nginx -t")[0]
    typed = re.sub(r"\bapp[123]:", "127.0.0.1:", typed.replace("/etc/nginx/conf.d", str(folder)))
    subprocess.run(["bash", "-euc", typed], check=True)
    changed = (folder / "outreach.conf").read_text()
    assert "upstream outreach {" not in changed
    assert "proxy_connect_timeout 2s;" in changed
    around = tmp_path / "nginx.conf"
    around.write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/e.log; events {{}}\n"
        f"http {{ include {folder}/*.conf; }}\n"
    )
    done = subprocess.run(
        [nginx, "-t", "-p", tmp_path, "-c", around], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_caddy_accepts_its_file(tmp_path: Path) -> None:
    caddy = shutil.which("caddy")
    if caddy is None:
        pytest.skip("needs caddy")
    path = tmp_path / "Caddyfile"
    path.write_text(dict(guide.files(guide.text("machine")))["/etc/caddy/Caddyfile"])
    done = subprocess.run(
        [caddy, "validate", "--adapter", "caddyfile", "--config", path],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": SYSTEM},
    )
    assert done.returncode == 0, done.stderr


def test_proxy_files_have_the_body_limits() -> None:
    nginx, caddy = guide.text("proxy"), guide.text("machine")
    assert {"client_max_body_size 128k;", "client_max_body_size 11m;"} <= set(
        re.findall(r"client_max_body_size \w+;", nginx)
    )
    assert {"max_size 128KB", "max_size 11MB"} == set(re.findall(r"\bmax_size \w+", caddy))


def test_guide_run_names_missing_programs() -> None:
    with pytest.raises(Missing) as missing:
        namespaces.require({"no-such-program": "no-such-package"})
    assert "root" in str(missing.value) or "apt-get install no-such-package" in str(missing.value)


def _outreach(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "outreach.cli", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout

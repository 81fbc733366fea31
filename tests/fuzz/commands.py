"""Loads malformed files by the command line. The command must print one plain line and end with
status 0 or 2."""

import json
import traceback
from functools import cache
from importlib import resources
from random import Random
from typing import Any, Final

from tests.fuzz import mutation
from tests.fuzz.exchange import FuzzResponse, collect_error_logs
from tests.fuzz.surfaces import spoiled_file
from tests.fuzz.world import HOME, OTHER, Site
from tests.support.loading import run

DATA: Final = resources.files("outreach.imports").joinpath("data")
LINES: Final = 12  # a valid file has that many: more add nothing
STATUS: Final = {0: 200, 2: 422}


def load(site: Site, random: Random) -> tuple[str, FuzzResponse]:
    """Loads a file; returns the command line, and its outcome as an HTTP status and body."""
    what = random.choice(("offices", "kinds", "figures", "workshops"))
    ending, data = _file(what, random)
    config = site.app.extensions["outreach_config"]
    path = config.data / f"file.{ending}"
    path.write_bytes(data)
    more = ["--dry-run"] if random.random() < 0.3 else []
    if what == "workshops":
        more += ["--office", random.choice((HOME, "nada", "")), "--kind", "derechos"]
    with collect_error_logs() as errors:
        result = run(config, "load", what, path, *more)
    command_line = f"load {what} {' '.join(more)} {data[:3000]!r}"
    log = list(errors)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        log.append("".join(traceback.format_exception(result.exception)[-6:]))
    status = STATUS.get(result.exit_code, 500)
    output = (result.stdout + result.stderr).encode("utf-8", "replace")
    if status == 500 and not log:
        log.append(f"ended with {result.exit_code}: {output.decode()[:300]}")
    # The command prints the path of the file.
    output = output.replace(str(path).encode(), b"FILE")
    return command_line, FuzzResponse(status, output, log=tuple(log))


def _file(what: str, random: Random) -> tuple[str, bytes]:
    if what == "workshops" and random.random() < 0.7:
        name, data = spoiled_file(random.choice((HOME, OTHER)), random)
        return name.rpartition(".")[2], data
    good = _good(what)
    if what == "kinds" and random.random() < 0.8:
        found = json.loads(good)
        for _ in range(random.choice((1, 1, 2, 5))):
            _mutate_json(found, random)
        return "json", json.dumps(found).encode()
    if random.random() < 0.6:
        return "csv", mutation.rewritten(good.decode(), random).encode("utf-8", "surrogatepass")
    return "csv", mutation.spoiled(good, random)


@cache
def _good(what: str) -> bytes:
    name = {
        "offices": "offices.csv",
        "kinds": "taxonomy.json",
        "figures": "figures-2020-01.csv",
        "workshops": "workshops-2020-01.csv",
    }[what]
    text = DATA.joinpath(name).read_text(encoding="utf-8")
    return (text if what == "kinds" else "\n".join(text.split("\n")[:LINES])).encode()


def _mutate_json(found: Any, random: Random) -> None:
    """Replaces or deletes one value of the file."""
    while isinstance(found, dict | list) and found:
        key: Any = random.choice(sorted(found)) if isinstance(found, dict) else None
        key = random.randrange(len(found)) if key is None else key
        is_leaf = not isinstance(found[key], dict | list) or not found[key]
        if is_leaf or random.random() < 0.1:
            if random.random() < 0.2:
                del found[key]
            else:
                found[key] = random.choice(ODD)
            return
        found = found[key]


ODD: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 10**30, 1.5, float("inf"), "", " ", "x", "\x00", "\ud800", [], {}, [[]],
    {"es": None},
    {"es": ""}, {"": "x"}, {"es": "x" * 5000}, ["US", "US"], ["XX"], "derechos", "mujeres",
    "#12", "K7QX",
    *mutation.NASTY[:60],
)  # fmt: skip

"""Takes extensions away, and checks that nothing else notices: `python -m tests.tools.taken_away`.

For each extension that comes with the program, or those named, it clones the commit of this
checkout, deletes its folders and its line in `pyproject.toml`, and runs style, layers, types and
the quick tests there. With several names and `--together` they are taken away from one clone.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from outreach import extension_points
from tests.tools import clones


def take_away(names: Sequence[str], clone: Path) -> None:
    """Deletes extensions from a clone. Raises ValueError where a line of `pyproject.toml` is not
    there once."""
    project = clone / "pyproject.toml"
    for name in names:
        for folder in ("outreach", "tests"):
            shutil.rmtree(clone / folder / "extensions" / name)
        line = rf'{name} = "outreach\.extensions\.{name}:extension"\n'
        text, count = re.subn(rf"^{line}", "", project.read_text(), flags=re.MULTILINE)
        if count != 1:
            raise ValueError(f"pyproject.toml has {count} lines for {name}")
        project.write_text(text)


def check_without(names: Sequence[str], folder: Path) -> dict[str, bool]:
    """Returns by name which checks a clone without these extensions passes."""
    clone = clones.make_clone(folder / "-".join(names))
    take_away(names, clone)
    subprocess.run(["git", "add", "--all"], cwd=clone, check=True)  # tests list the files of git
    clones.make_distribution(clone)
    print(f"\n== without {', '.join(names)}", flush=True)
    checks = clones.run_checks(clones.list_checks(), clone)
    shutil.rmtree(clone, ignore_errors=True)
    return checks


def main(arguments: Sequence[str]) -> int:
    """Returns 0 when every check passed."""
    installed = extension_points.list_installed()
    parser = argparse.ArgumentParser(prog="python -m tests.tools.taken_away", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(installed)}; without any, all")
    parser.add_argument("--together", action="store_true", help="take them away from one clone")
    known = parser.parse_args(arguments)
    names = known.name or installed
    groups = [tuple(names)] if known.together else [(name,) for name in names]
    with tempfile.TemporaryDirectory(prefix="outreach-taken-away-") as folder:
        outcomes = {each: check_without(each, Path(folder)) for each in groups}
    rows = [[", ".join(each), *clones.say_outcomes(checks)] for each, checks in outcomes.items()]
    head = ["without", *next(iter(outcomes.values()))]
    print(f"\n{clones.format_table(head, rows)}")
    return 0 if all(all(checks.values()) for checks in outcomes.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

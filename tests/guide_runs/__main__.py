"""`python -m tests.guide_runs machine|many`: see the package's docstring."""

import argparse
import sys
import time
from pathlib import Path

from tests.guide_runs import namespaces
from tests.runner import Missing


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.guide_runs", description=__doc__)
    parser.add_argument("page", choices=["machine", "many"])
    parser.add_argument(
        "--base", type=Path, help="an archive of a fresh root; made when it is not there"
    )
    parser.add_argument(
        "--hold", action="store_true", help="after a failure keep the machines until Ctrl-C"
    )
    given = parser.parse_args()
    try:
        namespaces.require()
        if not namespaces.is_inside():
            return namespaces.run(sys.argv[1:])
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    return _follow(given.page, given.base, hold=given.hold)


def _follow(page: str, kept: Path | None, *, hold: bool) -> int:
    from tests.guide_runs import hosts, machine, seven_machines

    began = time.monotonic()
    namespaces.enter_namespaces()
    try:
        base = hosts.base(namespaces.folder(), kept)
        {"machine": machine.follow, "many": seven_machines.follow}[page](
            namespaces.folder(), base, hold=hold
        )
    except hosts.Failed as error:
        print(f"\nFailed: {error}", file=sys.stderr)
        return 1
    print(f"The page {page} does what it says ({time.monotonic() - began:.0f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())

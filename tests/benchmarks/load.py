"""Runs wrk (Debian's package `wrk`) and parses its results."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

CONNECTIONS = 8
_SCRIPT = """
local fields = {}
for line in io.lines("FIELDS") do fields[#fields + 1] = line end
local count = 0
local headers = {["Content-Type"] = "application/x-www-form-urlencoded"}
request = function()
  count = count + 1
  return wrk.format("POST", nil, headers, "BODY&" .. (fields[count] or "used up"))
end
"""


def rate(address: str, *, seconds: int, headers: tuple[str, ...] = (), script: str = "") -> float:
    """Requests a second. Raises RuntimeError when an answer was an error."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("the benchmarks need wrk: apt-get install wrk")
    command = [wrk, "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s"]
    for header in headers:
        command += ["-H", header]
    if script:
        command += ["-s", script]
    done = subprocess.run([*command, address], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"{address} gave errors:\n{done.stdout}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout)
    return float(found[1])


def write_post_script(folder: Path, body: str, fields: Sequence[str]) -> str:
    """Writes a wrk script that posts a form repeatedly; returns its path.

    `fields` are further fields of each post, used once; when they are used up, posts are refused
    and `rate` raises."""
    script, lines = folder / "post.lua", folder / "fields"
    lines.write_text("\n".join(fields))
    script.write_text(_SCRIPT.replace("BODY", body).replace("FIELDS", str(lines)))
    return str(script)

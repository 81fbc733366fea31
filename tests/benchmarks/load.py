"""Runs wrk (Debian's package `wrk`) and parses its results."""

import re
import shutil
import subprocess
from pathlib import Path

CONNECTIONS = 8
_SCRIPT = """
math.randomseed(os.time())
local salt, count = math.random(1e9), 0
local headers = {["Content-Type"] = "application/x-www-form-urlencoded"}
request = function()
  count = count + 1
  local nonce = string.format("%d-%012d-%d", salt, count, math.random(1e9))
  return wrk.format("POST", nil, headers, "BODY&nonce=" .. nonce)
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


def write_post_script(folder: Path, body: str) -> str:
    """Writes a wrk script that posts a form repeatedly with new nonces; returns its path."""
    path = folder / "post.lua"
    path.write_text(_SCRIPT.replace("BODY", body))
    return str(path)

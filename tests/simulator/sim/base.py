# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the simulator keeps things, and the few ways it talks to the outside."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

SIMULATOR = Path(__file__).resolve().parent.parent
CACHE = SIMULATOR.parent.parent / ".cache" / "simulator"
LOGIN_USER = "ops"
LABEL = "ascend-fleet-sim"

# Measured needs of podman 4.3 on machines that may not raise limits; see README.md.
_CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=8192:8192", "nproc=4096:4096"]
[engine]
runtime = "runc"
[network]
network_backend = "netavark"
"""


class SimulatorError(Exception):
    """Something the user has to know; printed as one line, no traceback."""


def say(text: str) -> None:
    """One plain progress line."""
    print(text, flush=True)


def write_if_changed(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file unless it already says exactly that; never leaves half a file."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.chmod(mode)
    partial.replace(path)


def environment() -> dict[str, str]:
    """The environment podman runs in: our own containers.conf, nothing of the system's changed."""
    conf = CACHE / "containers.conf"
    write_if_changed(conf, _CONTAINERS_CONF)
    return {**os.environ, "CONTAINERS_CONF": str(conf)}


def run(*command: str | Path, check: bool = True, text_in: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a short command and return it with its output; SimulatorError with that output when it fails.

    In a session of its own: an interruption stops us between two commands, not podman in the middle of one.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, env=environment(), input=text_in, check=False, start_new_session=True
        )
    except FileNotFoundError:
        raise SimulatorError(f"{words[0]} is not installed; run: make simulator") from None
    if check and done.returncode != 0:
        detail = (done.stderr or done.stdout).strip()
        raise SimulatorError(f"{' '.join(words[:4])} ... failed with {done.returncode}: {detail}")
    return done


def run_long(what: str, log: Path, *command: str | Path) -> None:
    """Run a command that takes a while: output to ``log``, a line every 15 seconds on the screen."""
    words = [str(word) for word in command]
    say(f"{what} (log: {log})")
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("w") as stream:
        try:
            process = subprocess.Popen(words, stdout=stream, stderr=stream, env=environment())
        except FileNotFoundError:
            raise SimulatorError(f"{words[0]} is not installed; run: make simulator") from None
        try:
            while True:
                try:
                    code = process.wait(timeout=15)
                    break
                except subprocess.TimeoutExpired:
                    say(f"  still at it after {time.monotonic() - started:.0f} s")
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise SimulatorError(f"{words[0]} failed with {code}; the end of {log}:\n{tail}")
    say(f"  done in {time.monotonic() - started:.0f} s")


def podman(*arguments: str | Path, check: bool = True) -> str:
    """Run podman with our configuration and return what it printed."""
    return run("podman", *arguments, check=check).stdout.strip()

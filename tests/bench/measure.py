"""Runs a command and says what it cost: seconds on the wall, CPU seconds of it and its children, its record."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
WORK = ROOT / ".cache" / "bench"


@dataclass
class Run:
    """One finished command. seconds: wall clock. cpu: seconds of user and system time on the control node."""

    code: int
    seconds: float
    cpu: float
    log: Path
    record: dict = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def run(name: str, command: list[str], environment: dict[str, str] | None = None, cwd: Path = ROOT) -> Run:
    """Run to the end, output to a log of that name. Masters of kept SSH connections outlive it and are not counted."""
    log = WORK / "log" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stream:
        started = time.monotonic()
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=stream, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    return Run(process.returncode, seconds, usage.ru_utime + usage.ru_stime, log)


def environment(sockets: Path, record: Path) -> dict[str, str]:
    """What every measured ansible-playbook of ours runs in: the repository's ansible.cfg, plain output, a record."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests" / "demo" / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "run_record",
        "ANSIBLE_NOCOLOR": "1",
        "RUN_RECORD": str(record),
    }


def playbook(name: str, book: Path, sockets: Path, *options: str) -> Run:
    """Run a playbook of ours over the bench hosts."""
    record = WORK / "log" / f"{name}.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    command = [str(BIN / "ansible-playbook"), str(book), "-i", str(WORK / "inventory"), *options]
    done = run(name, command, environment(sockets, record))
    if record.is_file():
        done.record = json.loads(record.read_text(encoding="utf-8"))
    return done


def median(values: list[float], digits: int = 2) -> float:
    return round(statistics.median(values), digits)


def paired_ratio(costs: list[float], floors: list[float]) -> float:
    """The median of cost/floor, pair by pair: what slows the machine down for a while slows both of a pair down."""
    return median([cost / floor for cost, floor in zip(costs, floors, strict=True)], 3)

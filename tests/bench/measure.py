"""Runs a command and says what it cost: seconds on the wall, CPU seconds of it and its children, its record."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.support import playbook as playbooks
from tests.support.paths import CACHE, ROOT
from tests.support.playbook import Run, Running

WORK = CACHE / "bench"


def run(name: str, command: list[str], variables: dict[str, str], cwd: Path = ROOT, record: Path | None = None) -> Run:
    """Run to the end, output to a log of that name. Masters of kept SSH connections outlive it and are not counted."""
    return Running(command, variables, _log(name), record=record, cwd=cwd).wait()


def playbook(name: str, book: Path, sockets: Path, *options: str) -> Run:
    """Run a playbook of ours over the bench hosts."""
    settings = {
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
    }
    log = _log(name)
    inventory, record = WORK / "inventory", log.with_suffix(".json")
    return playbooks.play(book, *options, inventory=inventory, settings=settings, log=log, record=record)


def _log(name: str) -> Path:
    """The log of that name, empty."""
    log = WORK / "log" / f"{name}.log"
    log.unlink(missing_ok=True)
    return log


def median(values: list[float], digits: int = 2) -> float:
    return round(statistics.median(values), digits)


def paired_ratio(costs: list[float], floors: list[float]) -> float:
    """The median of cost/floor, pair by pair: what slows the machine down for a while slows both of a pair down."""
    return median([cost / floor for cost, floor in zip(costs, floors, strict=True)], 3)

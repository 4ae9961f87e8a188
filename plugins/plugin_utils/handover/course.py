# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host proves which OM model, and who converts what for it. Pure: data in, data out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.convert import om, toolkit
from ansible_collections.ascend.fleet.plugins.module_utils.proof import om_proofs
from ansible_collections.ascend.fleet.plugins.plugin_utils.handover.models import TINY, Model, conversion
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts

# A name that a host says becomes a part of a file's name here.
_CHIP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}\Z")
# An OM that is there already: (path on the control node, record), by model and chip.
Made = Callable[[Model, str], "tuple[str, dict[str, Any]] | None"]


@dataclass(frozen=True)
class Member:
    """One host: as observed last, whether it is as it should be, and what it is to run."""

    name: str
    facts: Facts
    fingerprint: Mapping[str, str] = field(default_factory=dict)
    well: bool = True  # whether this run has left it as it should be
    models: Sequence[Model] = ()
    environments: Sequence[str] = ()  # Python environments whose packages the compiler can take
    problem: str | None = None  # what is wrong with its models


@dataclass
class Course:
    """What is to be done, by host, and why nothing is where nothing is."""

    convert: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    prove: dict[str, dict[str, Any]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)  # what somebody asked for, and cannot be
    lines: list[str] = field(default_factory=list)


def lay_out(members: Iterable[Member], folder: str, made: Made, force: bool = False) -> Course:
    """The course of a fleet.

    Args:
        members: every host of the run.
        folder: on the control node, for what is converted.
        made: what was converted before.
        force: whether to prove again what is proven.
    """
    fleet, course = list(members), Course()
    compilers = _Compilers(fleet)
    for member in fleet:
        if member.problem:
            course.failed[member.name] = member.problem
        elif member.well and member.models:
            _of_member(member, compilers, (folder, made), force, course)
    course.lines = _lines(course)
    return course


def _of_member(member: Member, compilers: _Compilers, place: tuple[str, Made], force: bool, course: Course) -> None:
    folder, made = place
    row = toolkit.choose(member.facts.get("cann") or [], toolkit.RUNTIMES)
    soc = soc_name(member.facts)
    if row is None or soc is None:
        lacking = "no CANN that runs models" if row is None else "no chip that npu-smi names"
        course.skipped[member.name] = f"The host has {lacking}."
        return
    work: list[dict[str, Any]] = []
    waits: list[dict[str, str]] = []
    for model in member.models:
        if not force and proven(member, model):
            continue
        entry: dict[str, Any] = {"name": model.name, **model.question}
        there = (model.om, dict(model.record)) if model.om else made(model, soc)
        if there and (model.om or versions.compare(there[1]["cann"], row["version"]) <= 0):
            work.append({**entry, "om": there[0]})
            continue
        by = compilers.of(model, soc, row["version"])
        if by is None:
            reasons = course.skipped if model.folder == str(TINY) else course.failed
            reasons[member.name] = _nobody(model, soc, row, compilers.all)
            continue
        task = {"name": model.name, "folder": model.folder, "soc": soc, "options": dict(model.options)}
        task["environment"] = next(iter(by.environments), "")
        tasks = course.convert.setdefault(by.name, [])
        if task not in tasks:
            tasks.append(task)
        work.append({**entry, "om": f"{folder}/{model.name}-{soc}{om.SUFFIX}"})
        waits.append({"name": model.name, "by": by.name})
    if work and member.name not in course.failed:
        names = sorted(model.name for model in member.models)
        stack = dict(member.fingerprint)
        course.prove[member.name] = {"soc": soc, "models": work, "waits": waits, "keep": names, "stack": stack}


def proven(member: Member, model: Model) -> bool:
    """Whether the host has shown this model with the stack that it has."""
    proofs = (member.facts.get("proofs") or {}).get("om") or {}
    entry = (proofs.get("models") or {}).get(model.name) or {}
    if entry.get("status") != "passed" or entry.get("stack") != dict(member.fingerprint):
        return False
    if entry.get("question") != om_proofs.asked(dict(model.question)):
        return False
    if model.om:
        return bool(entry.get("sha256") == model.sha256)
    return bool(entry.get("conversion") == conversion(model, str(entry.get("soc")), str(entry.get("cann"))))


def soc_name(facts: Facts) -> str | None:
    """The chip as ATC calls it: Ascend and the name that npu-smi prints; None where that says none."""
    chips = (facts.get("npu") or {}).get("chips") or []
    name = next((chip.get("name") for chip in chips if chip.get("name")), None)
    if not name or not _CHIP.match(str(name)):
        return None
    return str(name) if str(name).startswith("Ascend") else f"Ascend{name}"


def soc_names(members: Iterable[Member]) -> list[str]:
    """The inference chips of a fleet, each once."""
    found = (soc_name(one.facts) for one in members if _infers(one.facts))
    return sorted({name for name in found if name})


def _infers(facts: Facts) -> bool:
    return (facts.get("accelerators") or {}).get("role") == "inference"


def _compiler(member: Member) -> dict[str, Any] | None:
    row: dict[str, Any] | None = toolkit.choose(member.facts.get("cann") or [], toolkit.COMPILERS)
    return row


class _Compilers:
    """Who has the toolkit, and who of them converts what: one for all hosts that run the same OM."""

    def __init__(self, fleet: list[Member]) -> None:
        self.all = [one for one in fleet if one.well and _compiler(one)]
        self._releases = {one.name: str((_compiler(one) or {})["version"]) for one in self.all}
        self._chosen: dict[tuple[str, str | None, str | None], tuple[Member, str] | None] = {}
        self._waiting: dict[tuple[str, str | None, str | None], list[Member]] = {}
        for member in fleet:
            soc = soc_name(member.facts) if member.well and member.models else None
            for model in member.models:
                self._waiting.setdefault((model.name, model.content, soc), []).append(member)

    def of(self, model: Model, soc: str, release: str) -> Member | None:
        """Who converts a model for a chip, for a host with this CANN; None where nobody can."""
        key = (model.name, model.content, soc)
        if key not in self._chosen:
            self._chosen[key] = self._best(self._waiting[key])
        chosen = self._chosen[key]
        return chosen[0] if chosen and versions.compare(chosen[1], release) <= 0 else None

    def _best(self, waiting: list[Member]) -> tuple[Member, str] | None:
        """The newest of those whose CANN is not newer than that of any host; with an environment for the compiler, and
        one of the hosts itself, where it can be. A host that is older than every toolkit holds the others to nothing.
        """
        rows = [toolkit.choose(one.facts.get("cann") or [], toolkit.RUNTIMES) for one in waiting]
        oldest = min(self._releases.values(), key=versions.key, default=None)
        served = {row["version"] for row in rows if row and oldest and versions.compare(oldest, row["version"]) <= 0}
        if not served:
            return None
        limit, names = min(served, key=versions.key), {one.name for one in waiting}
        able = [one for one in self.all if versions.compare(self._releases[one.name], limit) <= 0]
        best = max(
            able, key=lambda one: (versions.key(self._releases[one.name]), bool(one.environments), one.name in names)
        )
        return best, self._releases[best.name]


def _nobody(model: Model, soc: str, row: Mapping[str, Any], compilers: list[Member]) -> str:
    if not compilers:
        return (
            f"Nobody can convert {model.name} for {soc}: no host of this run has CANN's toolkit. Give one host "
            "ascend_cann_flavor: toolkit (a training server), or name a finished OM in ascend_om_models."
        )
    found = ", ".join(f"{one.name} has {(_compiler(one) or {}).get('version')}" for one in compilers)
    return (
        f"Nobody can convert {model.name} for this host's {row['product']} {row['version']}, which runs models of its "
        f"own release and older ones: of the toolkits, {found}. Upgrade CANN here, or convert with an older toolkit."
    )


def _lines(course: Course) -> list[str]:
    lines = [
        f"{host}: convert {task['name']} for {task['soc']}" for host, tasks in course.convert.items() for task in tasks
    ]
    for host, work in course.prove.items():
        lines.append(f"{host}: prove {', '.join(one['name'] for one in work['models'])} on {work['soc']}")
    return lines

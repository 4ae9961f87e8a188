# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bundle holds for one stack beside its files: the wheels of its environment. Pure: stack in, wants out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.plugin_utils import components, environment
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component
from ansible_collections.ascend.fleet.plugins.plugin_utils.published import Want
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Stack, Subject


@dataclass(frozen=True)
class WheelSet:
    """The wheels of one environment: a set of the lock."""

    name: str
    python: str
    arch: str
    glibc: str | None
    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    direct: tuple[Want, ...] = ()
    indexes: tuple[str, ...] = ()  # that have what PyPI does not, beside the one that is asked


def frameworks(stack: Stack) -> list[str]:
    """The frameworks of a stack that have an environment of their own; an empty name stands for one of nobody's."""
    rows = (stack.get("python") or {}).get("environments") or [{"framework": ""}]
    return [row["framework"] for row in rows]


def inside(stack: Stack, framework: str) -> list[Component]:
    """The components that lie in a framework's environment; what lies in no special one is in the first."""
    first = frameworks(stack)[:1] == [framework]
    homes = {framework, *([""] if first else [])}
    return [one for one in components.ALL if stack.get(one.name) and one.home in homes]


def wheels(
    stack: Stack, subject: Subject, direct: list[Want], extra: list[str], limits: list[str], framework: str = ""
) -> WheelSet | None:
    """The wheels of one environment of a stack, or None when nothing in it is a Python package.

    Args:
        framework: whose environment it is; without one all Python packages of the stack are in it.
        direct: wheels of the stack that no index has.
        extra: what the roles install beside the components themselves.
        limits: the constraints the roles set for the environment.
    """
    here = inside(stack, framework) if framework else components.ALL
    packages = [one for one in here if one.requirements(stack)]
    python, arch = environment.python_of(stack, framework), str(subject["arch"])
    if not packages or not python:
        return None
    first = stack[packages[0].name] or {}
    label = "-".join(filter(None, (packages[0].wheel_set, str(first["version"]))))
    return WheelSet(
        artifacts.wheel_set_name(label, python, arch),
        python,
        arch,
        subject.get("glibc"),
        tuple(sorted({*extra, *(text for one in packages for text in one.requirements(stack))})),
        tuple(sorted(set(limits))),
        tuple(text for one in packages for text in one.source_only),
        tuple(direct),
        tuple(url for one in packages for url in (stack[one.name] or {}).get("indexes") or []),
    )


def beside(stack: Stack, subject: Subject) -> list[WheelSet]:
    """The wheels of environments that belong to no framework."""
    arch = str(subject["arch"])
    return [
        WheelSet(
            artifacts.wheel_set_name(label, python, arch), python, arch, subject.get("glibc"), tuple(sorted(wanted))
        )
        for one in components.ALL
        for label, python, wanted in one.wheel_sets(stack)
    ]


def merge(wants: list[Want]) -> list[Want]:
    """One want per name; needed by anybody means needed."""
    merged: dict[str, Want] = {}
    for want in wants:
        known = merged.get(want.name)
        merged[want.name] = want if known is None else replace(known, optional=known.optional and want.optional)
    return list(merged.values())


def merge_sets(sets: list[WheelSet]) -> list[WheelSet]:
    """One set per name with the requirements of all, for the oldest glibc among the hosts.

    Sets that want other versions of one distribution are no one set: each of them is named by what it pins.
    """
    merged: dict[str, WheelSet] = {}
    for one in sets:
        known = merged.get(one.name)
        if known is not None and any(_pins(known).get(name, text) != text for name, text in _pins(one).items()):
            one = replace(one, name=_apart(one))
            known = merged.get(one.name)
        if known is not None:
            known_libcs = [value for value in (known.glibc, one.glibc) if value]
            one = replace(
                known,
                requirements=tuple(sorted({*known.requirements, *one.requirements})),
                constraints=tuple(sorted({*known.constraints, *one.constraints})),
                glibc=min(known_libcs, key=lambda text: [int(part) for part in text.split(".")[:2]], default=None),
            )
        merged[one.name] = one
    return list(merged.values())


def _pins(one: WheelSet) -> dict[str, str]:
    """Distribution -> the one version that a set takes of it."""
    pairs = (text.split("==", 1) for text in one.requirements if "==" in text)
    return {name.strip(): version.strip() for name, version in pairs}


def _apart(one: WheelSet) -> str:
    """The name of a set that cannot be joined with another of its name."""
    digest = hashlib.sha256("\n".join(one.requirements).encode()).hexdigest()[:8]
    label, python, arch = one.name.removeprefix("wheels-").rsplit("-", 2)
    return artifacts.wheel_set_name(f"{label}-{digest}", python.removeprefix("py"), arch)

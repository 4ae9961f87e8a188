# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bundle holds for one stack beside its files: the wheels of its environment. Pure: stack in, wants out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.plugin_utils import components, environment
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


def wheels(stack: Stack, subject: Subject, direct: list[Want], extra: list[str], limits: list[str]) -> WheelSet | None:
    """The wheels of a stack's environment, or None when nothing of the stack is a Python package.

    Args:
        direct: wheels of the stack that no index has.
        extra: what the roles install beside the components themselves.
        limits: the constraints the roles set for the environment.
    """
    inside = [one for one in components.ALL if one.requirements(stack)]
    python, arch = environment.python_of(stack), str(subject["arch"])
    if not inside or not python:
        return None
    first = stack[inside[0].name] or {}
    return WheelSet(
        artifacts.wheel_set_name(first["version"], python, arch),
        python,
        arch,
        subject.get("glibc"),
        tuple(sorted({*extra, *(text for one in inside for text in one.requirements(stack))})),
        tuple(sorted(set(limits))),
        tuple(text for one in inside for text in one.source_only),
        tuple(direct),
    )


def merge(wants: list[Want]) -> list[Want]:
    """One want per name; needed by anybody means needed."""
    merged: dict[str, Want] = {}
    for want in wants:
        known = merged.get(want.name)
        merged[want.name] = want if known is None else replace(known, optional=known.optional and want.optional)
    return list(merged.values())


def merge_sets(sets: list[WheelSet]) -> list[WheelSet]:
    """One set per name with the requirements of all, for the oldest glibc among the hosts."""
    merged: dict[str, WheelSet] = {}
    for one in sets:
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

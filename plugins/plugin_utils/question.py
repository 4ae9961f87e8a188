# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a component is asked about - versions, one host, all hosts - and the shapes of its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ansible_collections.ascend.fleet.plugins.module_utils import ownership
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Facts, Finding, Severity, Subject

if TYPE_CHECKING:
    from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case

# How well two versions are known to go together, the best first.
CONFIRMED, SAID, DOUBTFUL, UNKNOWN, REFUSED = range(5)


@dataclass(frozen=True)
class Choice:
    """The versions chosen for one host, and what a stack's entries are made from."""

    catalog: Catalog
    versions: dict[str, str | None]
    fixed: dict[str, str]  # those of them that the user pinned
    pins: dict[str, Any]  # all that the user pinned, flavour, model and the like too
    parts: set[str]  # the components this host gets
    subject: Subject
    chip: dict[str, Any] | None  # the row of its family
    case: Case  # takes remarks
    why: list[str] = field(default_factory=list)
    frameworks: set[str] = field(default_factory=set)  # that are asked for, and that this host can have
    narrowed: bool = False  # whether the user chose among the components

    def get(self, component: str) -> str | None:
        """The version chosen for a component that this host gets, or None."""
        return self.versions.get(component) if component in self.parts else None


@dataclass(frozen=True)
class Site:
    """What a step depends on beside the stack: one host as observed, and the wishes for it."""

    facts: Facts
    env_name: str
    fingerprint: dict[str, str] = field(default_factory=dict)  # of the stack, for proofs
    cmake_min: str = ""
    take_over: Sequence[str] = ()  # the components whose foreign things may be taken over
    model_files: Sequence[str] = ()  # the names that the model's files will have
    env_names: Mapping[str, str] = field(default_factory=dict)  # framework -> its environment, where not env_name
    will_have: Mapping[str, str] = field(default_factory=dict)  # what each component is after the run
    env_limits: Mapping[str, Sequence[str]] = field(default_factory=dict)  # environment -> what frameworks hold it to

    def environment_of(self, framework: str) -> str:
        """The name of a framework's environment; env_name where it has none of its own, or none is meant."""
        return self.env_names.get(framework, self.env_name)

    @cached_property
    def held(self) -> list[dict[str, Any]]:
        """What the host's journal knows as ours."""
        return ownership.of_facts(self.facts)


@dataclass(frozen=True)
class Member:
    """One host of the inventory, for what a component can only judge for all hosts together.

    values: those of its variables that the component names, judged. facts: None where this run has not looked. planned:
    what this run's plan had for it. chip: the row of its family; None where that is not known.
    """

    name: str
    values: Mapping[str, Any]
    facts: Facts | None = None
    chip: dict[str, Any] | None = None
    planned: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Account:
    """A user that a component makes, and its group, both with one number; None where the host chooses it."""

    name: str
    group: str
    number: int | None
    variable: str  # that says the number
    asked: bool = False  # whether the user set it
    # What it means that the user is there with another number; {gid} is its group's.
    otherwise: str = "a container whose user is not root needs --group-add {gid} to use the NPUs"


@dataclass(frozen=True)
class Own:
    """What one host gets of a component for itself: the entry in its stack, and what is to be said of it."""

    entry: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """What a step would do to something that is not ours."""

    severity: Severity
    message: str  # with the fix
    variable: str
    takes_over: bool = False

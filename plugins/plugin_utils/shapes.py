# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes that travel between the rooms of the control node. Nobody retypes their keys: mypy reads them here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired  # in typing from Python 3.11 on

Facts = dict[str, Any]  # what host_facts returned under `ascend`; its RETURN describes it
Catalog = dict[str, list[dict[str, Any]]]  # table -> rows, as catalog.load() gives it
Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")  # the worst first
Action = Literal[
    "install", "upgrade", "downgrade", "repair", "replace", "configure", "restore", "verify", "remove", "reboot"
]
Status = Literal["converged", "pending", "refused", "failed", "unreachable"]


class Subject(TypedDict):
    """A host as rules and resolver see it. None: not known."""

    chip: str | None  # family, such as 910b
    arch: str | None
    os: Any  # "openEuler 22.03", or {"id", "version"} from somebody who asks without a host
    host_kind: str | None  # physical, vm or container
    glibc: str | None
    product: str | None  # the server's or card's product name
    variant: str | None  # ep or soc, for a family that has both
    installed: dict[str, Any] | None  # driver and firmware on it now
    pythons: NotRequired[list[str] | None]  # those that an environment can be made with; None where any can be had


class Finding(TypedDict):
    """One verdict: of a compatibility rule, of the plan, or of a variable."""

    rule: str
    severity: Severity
    message: str  # with the fix
    source: str
    variable: str | None
    accepted: bool


# One step of a plan; its id travels through the role to the report. `from` is no name in Python, hence this notation.
Step = TypedDict(
    "Step",
    {
        "id": str,
        "component": str,
        "action": Action,
        "from": "str | None",
        "to": "str | None",
        "why": str,
        "package": "str | None",
        "reboot": bool,
        "minutes": int,
        "disturbs": "NotRequired[bool]",  # it needs NPUs at rest although it takes no reboot
        "product": "NotRequired[str]",  # the vendor's name of it where the component has several, such as nnae
        "environment": "NotRequired[str]",  # the name of the environment that it makes or changes
        "take_over": "NotRequired[bool]",  # it replaces something of theirs, as ascend_take_over allows
        "packages": "NotRequired[dict[str, str | None]]",  # what a restore brings; None for what it removes
        "stands_on": "NotRequired[dict[str, str]]",  # what it is installed on top of, by component
        "sha256": "NotRequired[str | None]",  # of its package, in a plan that is saved
    },
)


# What a host is to become: component -> what installing it needs, None where this host does not get it.
Stack = dict[str, "dict[str, Any] | None"]


class _PlanKeys(TypedDict):
    host: str
    status: Status
    steps: list[Step]
    findings: list[Finding]
    stack: Stack | None
    fingerprint: dict[str, str]
    why: list[str]
    minutes: int


class Plan(_PlanKeys, total=False):
    """What would be done to one host, in order, and why."""

    accounts: dict[str, int]  # user -> the id that it and its group are made with
    environments: dict[str, str]  # framework -> the name of its environment
    inference_reason: str | None  # why the stack generates no text
    target: str  # desired, previous, undo or absent
    files: str  # which table of file hashes a saved plan is held to


class Conflict(TypedDict):
    """Why no stack fits: the variables that contradict each other, and the words."""

    pins: list[str]
    message: str


class Resolution(TypedDict):
    """What the resolver answers."""

    ok: bool
    stack: Stack | None
    why: list[str]
    conflict: Conflict | None
    findings: list[Finding]


def finding(
    rule: str, severity: Severity, message: str, source: str = "ascend.fleet", variable: str | None = None
) -> Finding:
    """A finding that nobody has accepted yet."""
    return {
        "rule": rule,
        "severity": severity,
        "message": message,
        "source": source,
        "variable": variable,
        "accepted": False,
    }


def blocking(findings: list[Finding]) -> list[Finding]:
    """The findings that stop a run: errors nobody accepted."""
    return [found for found in findings if found["severity"] == "error" and not found["accepted"]]

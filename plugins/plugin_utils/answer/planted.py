# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a host that carry the name of a variable of this collection.

With Ansible's default (inject_facts_as_vars) a fact outranks the inventory. Ansible lets any module of any host answer
with any fact, and variables of this collection name files of the control node: where to look for what is sent to hosts,
where a report is written. No sound host answers so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail

_ROLES = Path(__file__).resolve().parents[3] / "roles"
# Variables that are no role's: of the playbooks bundle, doctor and handover.
_OTHERS = ("ascend", "bundle", "doctor", "handover")
FIX = (
    "Find out who can answer for this host. A playbook that uses set_fact with cacheable does so too: give the value "
    "as a variable of the inventory instead."
)


def _ours() -> re.Pattern[str]:
    roles = sorted(path.name for path in _ROLES.iterdir() if path.is_dir()) if _ROLES.is_dir() else []
    return re.compile(rf"(?:__)?(?:{'|'.join(map(re.escape, {*_OTHERS, *roles}))})_")


_OURS = _ours()  # before the workers fork


def names(variables: Mapping[str, Any]) -> list[str]:
    """The names among a host's facts that are the collection's.

    Args:
        variables: the host's variables, with its facts as ansible_facts.
    """
    facts = variables.get("ansible_facts")
    if not isinstance(facts, Mapping):
        return []
    return sorted(name for name in map(str, facts) if _OURS.match(name) and not _harmless(name, variables))


def _harmless(name: str, variables: Mapping[str, Any]) -> bool:
    """Whether the fact is Ansible's own ansible_<name>, such as the one of a network interface called ascend_0."""
    return name not in variables and f"ansible_{name}" in variables


def sentence(found: Iterable[str]) -> str:
    """What is said of the host that answered so. The names are identifiers, or not shown."""
    shown = [name[:60] if re.fullmatch(r"\w+", name, re.ASCII) else "(not a name)" for name in found][:5]
    return (
        f"The host answered with a fact named {', '.join(shown)}, which is a variable of the control node; "
        "nothing of it is used."
    )


def refuse(variables: Mapping[str, Any], only: Iterable[str] | None = None) -> None:
    """Raise AnsibleActionFail where the host has such facts.

    Args:
        only: prefixes of the names that matter, for a task that speaks for the fleet; all where it is None.
    """
    fix = FIX if only is None else f"Leave the host out with --limit '!{variables.get('inventory_hostname')}'. {FIX}"
    found = names(variables)
    if only is not None:
        found = [name for name in found if name.startswith(tuple(only))]
    if found:
        said = sentence(found)
        raise AnsibleActionFail(f"{said} {fix}", result={"cause": said.rstrip("."), "fix": fix})

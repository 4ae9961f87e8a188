# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users that components make with a number of their own: images expect the same ids on every host.

The number is chosen before the driver is installed, for its files and device nodes get it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import components, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Account
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Finding, Stack, finding


def wanted(desired: Mapping[str, Any], parts: Mapping[str, Any]) -> list[Account]:
    """The accounts with a number of a host's components.

    Args:
        desired: the host's variables with their defaults.
        parts: the components it gets: keys with a value that is true.
    """
    got = [one for one in components.ALL if parts.get(one.name)]
    # A role that is used alone plans its own components only; what the host is for, its variables say all the same.
    named = set(desired.get("ascend_components") or ())
    asked = named if named != set(components.NAMES) else set()
    containers = any(one.for_containers and (one in got or one.name in asked) for one in components.ALL)
    return [account for one in got for account in one.accounts(desired, containers) if account.number is not None]


def judge(facts: Facts, stack: Stack | None, desired: Mapping[str, Any]) -> tuple[dict[str, int], list[Finding]]:
    """(name -> number of those that the host can have, what is to be said of the others)."""
    numbers: dict[str, int] = {}
    findings: list[Finding] = []
    seen = {row.get("name"): row for row in values.rows(facts, "accounts") if isinstance(row, dict)}
    for account in wanted(desired, stack or {}):
        row = seen.get(account.name)
        said = _problem(account, row) if row else None
        if said:
            findings.append(finding("user-id", "error", said, variable=account.variable))
        elif row and row.get("uid") is not None and row["uid"] != account.number:
            findings.append(finding("user-id", "warning", _stays(account, row), variable=account.variable))
        else:
            numbers[account.name] = int(account.number or 0)
    return numbers, findings


def _problem(account: Account, row: Mapping[str, Any]) -> str | None:
    number, uid = account.number, row.get("uid")
    if uid is not None and uid != number:
        if not account.asked:
            return None
        return (
            f"{account.name} has the user id {uid} and {number} is wanted: its id is not changed, for files and "
            f"processes have it. Set {account.variable}: {uid} to keep it, or change it by hand before the driver is "
            "installed."
        )
    ways = (
        f"Give that one another id, or set {account.variable} to a free one; images of the vendor's expect "
        f"{number} (their user {account.name})."
    )
    if row.get("user_of_id") not in (None, account.name):
        return f"{account.name} is to have the user id {number}, which {row['user_of_id']} has. {ways}"
    if row.get("group_of_id") not in (None, account.group):
        return f"the group {account.group} is to have the id {number}, which {row['group_of_id']} has. {ways}"
    return None


def _stays(account: Account, row: Mapping[str, Any]) -> str:
    return (
        f"{account.name} has the user id {row['uid']}, and images of the vendor's expect {account.number}: "
        f"{account.otherwise.format(gid=row.get('gid'))}. Set {account.variable} to {row['uid']} to have it said no "
        "more."
    )

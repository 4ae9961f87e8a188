# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What components decide for all hosts of the inventory together: a host alone gets what it gets with the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import components, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component, Member, Own
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import declared
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.host_places import Problem
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.template_cache import TemplateCache
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts

_CACHE = TemplateCache()


def settle(
    templar: Any, task_vars: Mapping[str, Any], asked: Mapping[str, dict[str, Any]], wished: Mapping[str, Wishes]
) -> None:
    """Write into the wishes of the hosts that are planned what each gets for itself.

    Hosts of the inventory that are not planned count by their variables, and by what this run has seen of them.

    Args:
        templar: of the action.
        task_vars: of the task.
        asked: the variables of the hosts that are planned.
        wished: their wishes.
    """
    for component in components.ALL:
        names = [host for host, wish in wished.items() if any(wish.desired[one] for one in component.fleet_variables)]
        if not names:
            continue
        known = {host: planned for host in names if (planned := _planned(asked[host], component)) is not None}
        if len(known) == len(names):
            # The plan of this run has judged them together with all others.
            found: Mapping[str, Own] = {host: Own(dict(entry)) for host, entry in known.items()}
        else:
            found = component.together(_members(templar, task_vars, asked, wished, component))
        for host in names:
            if host in found:
                wished[host].own = {**wished[host].own, component.name: found[host]}


def _members(
    templar: Any,
    task_vars: Mapping[str, Any],
    asked: Mapping[str, dict[str, Any]],
    wished: Mapping[str, Wishes],
    component: Component,
) -> list[Member]:
    members = []
    for host in [*asked, *(name for name in task_vars["groups"]["all"] if name not in asked)]:
        variables = asked[host] if host in asked else task_vars["hostvars"].raw_get(host)
        if host in wished:
            given = {name: wished[host].desired[name] for name in component.fleet_variables}
        else:
            given = _values(templar, variables, component)
        if not any(given.values()):
            continue
        facts = _facts(variables)
        family = _family(wished[host], facts) if host in wished and facts else None
        members.append(Member(host, given, facts, family, _planned(variables, component)))
    return members


def _values(templar: Any, variables: dict[str, Any], component: Component) -> dict[str, Any]:
    """The variables of a host that is not planned; what is wrong with one is said when the host is."""
    found: dict[str, Any] = dict.fromkeys(component.fleet_variables)
    set_here = [name for name in component.fleet_variables if variables.get(name) is not None]
    if not set_here:
        return found
    with_host = templar.copy_with_new_env(available_variables=variables)
    for name in set_here:
        try:
            found[name] = declared.value(name, _CACHE.template(variables[name], variables, with_host.template))
        except Problem:
            continue
        except Exception:  # the template engine raises many kinds
            continue
    return found


def _facts(variables: Mapping[str, Any]) -> Facts | None:
    facts = values.part(values.part(variables.get("ascend_observation") or {}, "ansible_facts"), "ascend")
    return dict(facts) or None


def _family(wish: Wishes, facts: Facts) -> dict[str, Any] | None:
    family = wish.subject(facts)["chip"]
    return next((row for row in wish.catalog.get("chips", ()) if row["chip"] == family), None)


def _planned(variables: Mapping[str, Any], component: Component) -> Mapping[str, Any] | None:
    """The component's entry in the host's plan, where the playbook of this run has made it."""
    if variables.get("ascend_plan_is_own", True):
        return None
    return values.part(values.part(variables.get("ascend_plan") or {}, "stack"), component.name) or None

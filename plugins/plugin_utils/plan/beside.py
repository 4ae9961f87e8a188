# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is to have beside the stack: lists of entries, completed and judged before the host is touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import components, environment, extra_packages, python_extra
from ansible_collections.ascend.fleet.plugins.plugin_utils.handover import models
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import declared
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.host_places import Problem
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

READS = (extra_packages.VARIABLE, "ascend_install_path")


def proofs(desired: dict[str, Any], catalog: Catalog) -> list[dict[str, Any]]:
    """What host_facts is told of the extra packages, from variables that nobody has judged yet."""
    entries, install_path = (desired[name] for name in READS)
    if not isinstance(entries, (list, tuple)):
        return []
    path = install_path if isinstance(install_path, str) else declared.default("ascend_install_path")
    rows, wrong = extra_packages.read(entries, catalog, path, _products(), components.NAMES)
    return [] if wrong else [{key: row[key] for key in ("name", "install_path", "proof", "pattern")} for row in rows]


def complete(desired: dict[str, Any], catalog: Catalog) -> list[Problem]:
    """Complete the entries of a host's variables in place; returns what is wrong with them."""
    rows, wrong = extra_packages.read(
        desired[extra_packages.VARIABLE], catalog, desired["ascend_install_path"], _products(), components.NAMES
    )
    desired[extra_packages.VARIABLE] = [] if wrong else rows
    names = {desired[one.env_variable] for one in environment.frameworks()}
    entries, faults = python_extra.read(desired[python_extra.VARIABLE], catalog, names)
    desired[python_extra.VARIABLE] = [] if faults else entries
    return [
        *(Problem(extra_packages.VARIABLE, text) for text in wrong),
        *(Problem(python_extra.VARIABLE, text) for text in faults),
        *(Problem(models.VARIABLE, text) for text in models.problems(desired[models.VARIABLE])),
    ]


def distributions(variable: Callable[[str], Any]) -> list[str]:
    """What host_facts is told to look for in environments, from variables that nobody has judged yet.

    Args:
        variable: the value of one of the host's variables.
    """
    found: set[str] = set()
    for one in components.ALL:
        found |= set(one.looked_for({name: variable(f"ascend_{name}") for name in one.lists}))
    return sorted(found)


def _products() -> dict[str, str]:
    """What components install, by the names that files and the journal have for it, and what chooses its version."""
    names = {one: {one.name, *one.products} for one in components.ALL if one.packaged}
    return {product: one.chosen_by for one, products in names.items() for product in products}

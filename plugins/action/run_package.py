# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control-node half of run_package: reads component, version and chip from the package's name.

The grammar of those names is catalog data and the catalog stays on the control node.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.change import identity as run_identity
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, controller, filenames, host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction


def named_in(path: str, grammar: list[dict[str, Any]]) -> dict[str, Any]:
    """What the file's name says of the package; empty when the catalog does not know such names."""
    return filenames.parse_package(os.path.basename(path), grammar) or {}


def named_by_file(args: dict[str, Any]) -> bool:
    """Whether the file's name says what is changed: a declaration says it itself, whatever the file is called."""
    return bool(args.get("path")) and not args.get("declared")


def complete(args: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    """The arguments with what the name adds. Raises ValueError where both say something and differ."""
    result = dict(args)
    for key in ("component", "version", "chip"):
        given, found = args.get(key), named.get(key)
        if not given:
            result[key] = found
        elif found and not _agree(key, str(given), str(found)):
            raise ValueError(
                f"{key} is {given}, but {os.path.basename(args['path'])} is {found} by its name. "
                f"Fix: give the package of {key} {given}, or leave {key} out."
            )
    return {key: value for key, value in result.items() if value is not None}


def _agree(key: str, given: str, found: str) -> bool:
    if key == "version":
        return versions.same(given, found)
    return given == found or {given, found} == {"kernels", "ops"}


class ActionModule(HostAction):
    """Completes the arguments and runs the module of the same name, with async as without."""

    MODULE = "run_package"
    FROM_VARIABLES = host_variables.places("install_path", "state_dir")

    @classmethod
    def completed(cls, args: Mapping[str, Any], templar: Any, task_vars: dict[str, Any]) -> dict[str, Any]:
        found = dict(args)
        if named_by_file(found):
            overlay = host_variables.value(templar, task_vars, "ascend_catalog_overlay")
            try:
                grammar = catalog.load(overlay)["filenames"]
                found = complete(found, named_in(found["path"], grammar))
            except (ValueError, catalog.CatalogError) as exc:
                raise AnsibleActionFail(str(exc)) from exc
        found.setdefault("controller", controller.run_name(task_vars))
        return {**found, "run_identity": run_identity.make(os.getppid()), "living_runs": run_identity.living()}

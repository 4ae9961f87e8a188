# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host's wishes: its variables, the catalog with the user's overlay, and what is wrong with either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.plugin_utils import components, environment
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import planted
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import role_requirements, transport
from ansible_collections.ascend.fleet.plugins.plugin_utils.catalog import CatalogError, load
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Own
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import beside, host_places, model_files
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired as _desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.template_cache import TemplateCache
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Facts, Subject
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import plain

_SHARED = TemplateCache()


@dataclass
class Wishes:
    """What one host's variables ask for, with defaults, and the catalog they are judged by."""

    desired: dict[str, Any]
    catalog: Catalog
    problems: list[host_places.Problem]
    model: dict[str, Any] = field(default_factory=lambda: model_files.values(lambda _name: None))
    cmake_min: str = ""  # the oldest CMake that will do
    own: Mapping[str, Own] = field(default_factory=dict)  # what it gets for itself, see plan/together.py

    def subject(self, facts: Facts) -> Subject:
        """The host as the resolver and the compatibility check want to see it: observed, but for what is wished."""
        chip, kind = self.desired["ascend_chip"], self.desired["ascend_host_kind"]
        return {
            "chip": facts["accelerators"]["family"] if chip == "auto" else chip,
            "arch": facts["arch"],
            "os": f"{facts['os']['id']} {facts['os']['version']}" if facts["os"]["id"] else None,
            "host_kind": facts["host_kind"] if kind == "auto" else kind,
            "glibc": facts["glibc"],
            "product": facts["accelerators"].get("product"),
            "variant": facts["accelerators"].get("variant"),
            "installed": {one.name: settled(facts, one.name)["installed"] for one in components.ALL if one.declares},
            "pythons": environment.pythons_of_host(facts, self.desired),
        }


def settled(facts: dict[str, Any], name: str) -> dict[str, Any]:
    """Driver or firmware as observed; after a broken change what it was to bring, for nobody chose what it left."""
    broken = journal.unfinished(facts["journal"]["entries"], name)
    return {"installed": broken.get("to")} if broken else facts[name]


def of_host(templar: Any, variables: dict[str, Any]) -> Wishes:
    """Read, template and judge the ascend_* variables of one host."""
    values: dict[str, Any] = {}
    problems: list[host_places.Problem] = []
    foreign = planted.names(variables)
    if foreign:
        problems.append(host_places.Problem("ansible_facts", f"{planted.sentence(foreign)} {planted.FIX}"))
        variables = {name: value for name, value in variables.items() if name not in foreign}
    with_host = templar.copy_with_new_env(available_variables=variables)

    def template(value: Any) -> Any:
        return _SHARED.template(value, variables, with_host.template)

    for name in _desired.names(variables):
        try:
            # Plain, for it becomes part of plans that are read where nothing can be templated any more.
            values[name] = plain(template(variables[name]))
        except Exception as exc:  # the template engine raises many kinds; each becomes one clear line
            problems.append(host_places.Problem(name, f"{name} cannot be templated: {exc}"))
    desired, more = _desired.read(values)
    problems.extend(more)
    problems.extend(host_places.of_roles(variables, template))
    catalog: Catalog = {}
    try:
        catalog = load(desired["ascend_catalog_overlay"])
    except CatalogError as exc:
        problems.append(_desired.Problem("ascend_catalog_overlay", f"ascend_catalog_overlay: {exc}"))
    source = desired["ascend_artifacts"]
    if source and "://" not in source and not Path(source).is_dir():
        problems.append(
            _desired.Problem(
                "ascend_artifacts",
                f"ascend_artifacts is {source}: there is no such folder on the control node. It takes the folder with "
                "the vendor packages, or an http(s) URL of a mirror.",
            )
        )
    problems.extend(_desired.Problem(variable, text) for variable, text in transport.problems(desired))
    movable = role_requirements.movable_sources(variables, template)
    problems.extend(_desired.Problem(variable, text) for variable, text in movable.items())
    if catalog:
        problems.extend(_unknown_versions(desired, catalog))
        problems.extend(beside.complete(desired, catalog))
    get = _quietly(variables, template)
    model = model_files.values(get)
    unnamed = model_files.problem(model)
    problems.extend([_desired.Problem("inference_check_model_files", unnamed)] if unnamed else [])
    return Wishes(desired, catalog, problems, model, str(get("python_toolchain_cmake_min") or ""))


def _quietly(variables: dict[str, Any], template: Callable[[Any], Any]) -> Callable[[str], Any]:
    """Reads variables of roles; one that cannot be templated is the role's to complain about."""

    def get(name: str) -> Any:
        try:
            return template(variables[name]) if name in variables else None
        except Exception:
            return None

    return get


def _unknown_versions(desired: dict[str, Any], catalog: dict[str, Any]) -> list[_desired.Problem]:
    return [
        _desired.Problem(variable, f"{variable}: {message}")
        for variable, component in _desired.VERSION_VARIABLES.items()
        if desired[variable] not in (None, "", "auto")
        for message in [compat.unknown_version(catalog, component, desired[variable])]
        if message
    ]

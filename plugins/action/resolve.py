# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolves one stack on the control node, without a host, and prints it for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.utils.vars import load_extra_vars
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import addresses
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, components, judging
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import input as compat_input
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import VARIABLES
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import answer, asked, unheard
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import files as resolve_files

PINS = (
    *(one.name for one in components.BY_CHOICE),
    *(pin for one in components.ALL for pin in one.pins),
    "stack",
    "components",
    *asked.OTHERS,
)
_LISTS = tuple(pin for one in components.ALL for pin in one.lists)
_SWITCHES = tuple(one.switch for one in components.ALL if one.switch)


class ActionModule(judging.JudgingAction):
    ARGUMENTS = ("pins", "host", "accept", "catalog_overlay")

    def act(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        tables = catalog.load(args.get("catalog_overlay"))
        # A variable that is spelt wrong is told by its own name, before the key that the playbook makes of it.
        names = {name: task_vars[name] for name in desired.names(task_vars)}
        unheard.refuse(names, [*desired.VARIABLES, *asked.OTHERS.values()], load_extra_vars(DataLoader()))
        pins = _pins(judging.dictionary(args.get("pins"), "pins"))
        host = compat_input.read_host(judging.dictionary(args.get("host"), "host"), tables)
        accept = judging.rule_ids(args.get("accept"), "accept")
        answered = answer.answer(tables, pins, host, accept)
        found = answered["found"]
        result: dict[str, Any] = {**found, "files": [], "with": answered["with_it"], "canns": answered["canns"]}
        conflict, stack = found["conflict"], found["stack"]
        if conflict is not None or stack is None:
            message = conflict["message"] if conflict else "no stack of the catalog fits"
            lines = [*_why(found), *answered["beside"], message]
            return {**result, "failed": True, "msg": message, "ascend_lines": lines}
        result["findings"] = judging.sorted_findings([dict(one) for one in answered["findings"]])
        result["files"] = [resolve_files.row(want) for want in resolve_files.wants(stack, host, tables)]
        return {**result, "ascend_lines": _lines(result, host, answered["beside"])}


def _pins(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise compat_input.InputError('pins must be a dictionary such as {"mindspore": "2.7.1"}.')
    unknown = [key for key in value if key not in PINS]
    if unknown:
        raise compat_input.InputError(f"pins.{unknown[0]} is not known; pins takes {', '.join(PINS)}.")
    versions = {key: item for key, item in value.items() if key not in ("stack", "components", *_LISTS, *_SWITCHES)}
    chosen = compat_input.read_versions(versions, VARIABLES)
    for key in ("stack", "components", *_LISTS):
        if value.get(key) not in (None, "", []):
            chosen[key] = value[key]
    for key in ("components", *_LISTS):
        if isinstance(chosen.get(key), str):
            chosen[key] = [part.strip() for part in chosen[key].split(",") if part.strip()]
    unknown = [part for part in chosen.get("components", []) if part not in components.NAMES]
    if unknown:
        raise compat_input.InputError(
            f"ascend_components names {', '.join(unknown)}; it takes {', '.join(components.NAMES)}."
        )
    for name in _SWITCHES:
        if value.get(name) not in (None, "", "auto"):
            chosen[name] = judging.flag(value[name], VARIABLES.get(name, f"pins.{name}"))
    return chosen


def _why(found: Mapping[str, Any]) -> list[str]:
    return ["why"] + [f"  {line}" for line in found["why"]] if found["why"] else []


def _lines(result: dict[str, Any], host: dict[str, Any], beside: list[str]) -> list[str]:
    stack = result["stack"]
    words = " ".join(
        str(host[key]) for key in ("chip", "arch", "host_kind", "os") if host.get(key) and isinstance(host[key], str)
    )
    lines = ["", f"stack for {words}"]
    for component in components.ALL:
        if component.has_version:
            entry = stack[component.name]
            lines += [f"  {component.name:<12} {_entry(entry)}"] if entry else []
    lines += ["", "files"] if result["files"] else []
    zips = set()
    for item in result["files"]:
        lines += [f"  {item['file']}", f"    {addresses.public_url(item['url']) or 'no address recorded'}"]
        # A catalog overlay may hold the site's own credentials.
        lines += [f"    header {key}: {value}" for key, value in addresses.public_headers(item["headers"]).items()]
        if item["zip_sha256"] and item["zip"] not in zips:
            lines += [f"    also in {item['zip']}, sha256 {item['zip_sha256']}"]
            zips.add(item["zip"])
    packages = _pip(stack)
    lines += ["", "Python packages", *(f"  {line}" for line in packages)] if packages else []
    lines += ["", *(beside[1:] if beside[0] == "" else beside)] if beside else []
    lines += ["", *_why(result)] if result["why"] else []
    lines += (
        ["", "findings"] + [f"  {judging.finding_line(found)}" for found in result["findings"]]
        if result["findings"]
        else ["", "no findings"]
    )
    return lines


def _pip(stack: dict[str, Any]) -> list[str]:
    lines = []
    for component in components.ALL:
        entry = stack[component.name]
        for requirement in component.requirements(stack) if entry else []:
            branch, origin = entry.get("branch"), entry.get("distribution")
            if origin == "git":
                lines.append(f"{component.name} {entry['version']}: branch {branch} of its repository")
            else:
                lines.append(f"{requirement} ({origin})" if origin else requirement)
    return lines


def _entry(entry: dict[str, Any]) -> str:
    extra = [str(entry[key]) for key in ("flavor", "hdk", "distribution") if entry.get(key)]
    wheels = f"with {' and '.join(entry['wheels'])} from CANN" if entry.get("wheels") else ""
    return f"{entry['version']:<14}{', '.join(filter(None, (' '.join(extra), wheels)))}".rstrip()

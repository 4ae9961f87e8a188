# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MindSpore, with the operator wheels (te, hccl, topi) of the installed CANN."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import environment, published, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import SAID, Choice, Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.components import cann
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import canonical, find_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Facts, Stack, Step, Subject


class MindSpore(environment.FrameworkComponent):
    name = "mindspore"
    title = "MindSpore"
    role = "mindspore"
    home = "mindspore"
    env_variable = "ascend_env_name"
    after = ("python", "cann")
    doubt = SAID
    headline = True
    requirements_variable = "mindspore_operator_requirements"
    constraints_variable = "mindspore_constraints"
    falsely_any = MappingProxyType(dict.fromkeys(("mindspore", "mindspore-ascend"), "aarch64"))  # 2.7.1 on PyPI
    minutes = 4

    def undecided(self, fixed: dict[str, str]) -> str | None:
        if {"mindspore", "mindformers", "cann"} & set(fixed):
            return None
        return (
            "ascend_mindspore_version is not set, and ascend_components names mindspore: choose MindSpore first, the "
            "rest follows from it (or name a preset in ascend_stack). Without MindSpore: set ascend_cann_version, and "
            "leave mindspore out of ascend_components, as in [driver, firmware, cann, kernels]."
        )

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        rows = [row["mindspore"] for row in search.catalog["mindspore"] if "alpha" not in row["mindspore"]]
        formers = search.pins.get("mindformers")
        named = find_row(search.catalog, "mindformers", formers) if formers else None
        if named:
            rows += [canonical(search.catalog, "mindspore", name) for name in named["mindspore"]]
        pinned = {name: search.pins[name] for name in ("mindformers", "cann", "python") if name in search.pins}
        return search.ordered("mindspore", rows, {**pinned, **chosen})

    def gap(self, catalog: Catalog, version: str) -> str | None:
        row = find_row(catalog, "mindspore", version)
        if row is None or row["cann"]:
            return None
        return f"No source names the CANN release of MindSpore {version}: set ascend_cann_version."

    def pythons(self, catalog: Catalog, chosen: Mapping[str, str | None]) -> tuple[list[str], list[str]]:
        version, formers = chosen.get("mindspore"), chosen.get("mindformers")
        row = find_row(catalog, "mindspore", version) if version else None
        if row is None or version is None:
            return [], []
        named = find_row(catalog, "mindformers", formers) if formers else None
        # The documented Python of MindFormers counts only together with the MindSpore it is documented with.
        documented = named and any(versions.release(version) == versions.release(name) for name in named["mindspore"])
        return environment.minors(row["python"]), list(named["python"]) if named and documented else []

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version = choice.get("mindspore")
        row = find_row(choice.catalog, "mindspore", version) if version else None
        if row is None:
            return None
        return {
            "version": version,
            "package": row["package"],
            "wheels": list(row["wheels"]),
            "constraints": list(row.get("constraints") or []),
            "distribution": "pypi" if version in (row.get("pypi") or []) else row["distribution"],
        }

    def distribution(self, stack: Stack) -> str:
        return (stack.get("mindspore") or {}).get("package") or "mindspore"

    def held(self, packages: dict[str, str]) -> str | None:
        return packages.get("mindspore") or packages.get("mindspore-ascend")

    def files(self, stack: Stack, subject: Subject, catalog: Catalog) -> list[published.Want]:
        """The wheel of a release that no index has, only the vendor's own store."""
        entry, python, arch = stack.get("mindspore"), environment.python_of(stack, self.home), subject.get("arch")
        if not entry or not python or not arch or entry["distribution"] == "pypi":
            return []
        tag = "cp" + python.replace(".", "")
        abi = f"{tag}m" if tag == "cp37" else tag
        file = f"{entry['package'].replace('-', '_')}-{entry['version']}-{tag}-{abi}-linux_{arch}.whl"
        url, headers = published.address(catalog, entry["package"], entry["version"], file, arch=arch)
        return [
            published.Want(
                f"wheels/{file}",
                "wheel",
                arch,
                python,
                url,
                headers,
                published.checksum(catalog, file),
                component=self.name,
                version=entry["version"],
            )
        ]

    def step(self, site: Site, stack: Stack) -> Step | None:
        step, entry = super().step(site, stack), stack["mindspore"] or {}
        if step is not None:
            return {**step, "package": None}
        env, runtime = self.there(site), stack.get("cann")
        origin = cann.COMPONENT.fingerprint(runtime) if runtime else None
        if entry.get("wheels") and origin and env and env.get("cann_wheels_from") != origin:
            brought = env.get("cann_wheels_from") or "nowhere known"
            why = f"{' and '.join(entry['wheels'])} come from {brought}, CANN is {origin}"
            return self.make_step(site.facts, "configure", entry["version"], entry["version"], why)
        return None

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        packages = values.part(environment.of_report(facts, "mindspore", "mindspore-ascend"), "packages")
        return values.text(packages.get("mindspore") or packages.get("mindspore-ascend"))


COMPONENT = MindSpore()

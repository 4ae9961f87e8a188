# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TensorFlow with the adapter of the installed CANN, in an environment of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import environment, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import SAID, Choice, Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.components import tfplugin
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Facts, Stack, Step

# All of them own the folder `tensorflow`.
DISTRIBUTIONS = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu")


class TensorFlow(environment.FrameworkComponent):
    name = "tensorflow"
    title = "TensorFlow"
    role = "tensorflow"
    home = "tensorflow"
    env_variable = "ascend_tensorflow_env_name"
    wheel_set = "tensorflow"
    after = ("python", "cann", "kernels", "tfplugin")
    doubt = SAID
    headline = True
    minutes = 3

    def undecided(self, fixed: dict[str, str]) -> str | None:
        if {self.name, "cann"} & set(fixed):
            return None
        return "ascend_tensorflow_version is not set, and ascend_components names tensorflow: the rest follows from it."

    def pythons(self, catalog: Catalog, chosen: Mapping[str, str | None]) -> tuple[list[str], list[str]]:
        version = chosen.get(self.name)
        row = find_row(catalog, self.name, version) if version else None
        return (environment.minors(row["python"]), []) if row else ([], [])

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version, cann, arch = choice.get(self.name), choice.versions.get("cann"), str(choice.subject["arch"])
        row = find_row(choice.catalog, self.name, version) if version else None
        if row is None or not cann:
            return None
        package, number = row["packages"][arch], row["tensorflow"]
        framework = f"{package}=={number}"
        adapter = [f"{row['adapter']}=={number}"] if tfplugin.by_wheel(cann) else []
        return {
            "version": number,
            "package": package,
            "adapter": row["adapter"],
            "requirements": [framework, *adapter, *row["pins"]],
            "wheels": adapter,
            "pypi_lacks": ([] if arch in row["on_pypi"] else [framework]) + adapter,
            "absent": [name for name in DISTRIBUTIONS if name != package],
            "imports": list(row["imports"]),
            "verify": row["verify"],
        }

    def distribution(self, stack: Stack) -> str:
        return str(values.part(stack, self.name).get("package") or self.name)

    def requirements(self, stack: Stack) -> list[str]:
        return list(values.part(stack, self.name).get("requirements") or [])

    def step(self, site: Site, stack: Stack) -> Step | None:
        entry, env = stack[self.name] or {}, self.there(site)
        step = super().step(site, stack)
        if step is None and env is not None:
            why = self._adapter(site, entry, env)
            step = self.make_step(site.facts, "configure", entry["version"], entry["version"], why) if why else None
        return {**step, "package": None, "environment": self.place_of(site)} if step else None

    def _adapter(self, site: Site, entry: dict[str, Any], env: dict[str, Any]) -> str | None:
        """Why the adapter has to be brought again; its name is the same for every CANN, so the record tells."""
        other = [name for name in entry["absent"] if name in env["packages"]]
        if other:
            return f"{' and '.join(other)} is in its way"
        if not entry["wheels"]:
            return None
        cann, of = site.fingerprint.get("cann"), values.part(env, "stack").get("cann")
        if entry["adapter"] not in env["packages"]:
            return f"{entry['adapter']} is missing"
        return f"{entry['adapter']} is of {of or 'an unknown CANN'}, CANN is {cann}" if cann and of != cann else None

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        packages = values.part(environment.of_report(facts, *DISTRIBUTIONS), "packages")
        return next((values.text(packages[name]) for name in DISTRIBUTIONS if name in packages), None)


COMPONENT = TensorFlow()

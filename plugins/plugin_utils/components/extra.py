# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's packages that no other component knows: what ascend_extra_packages names, each a step of its own."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import declared
from ansible_collections.ascend.fleet.plugins.plugin_utils import extra_packages, published, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice, Component, Site, Verdict, journal
from ansible_collections.ascend.fleet.plugins.plugin_utils.removal import Standing
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Action, Catalog, Facts, Stack, Step, Subject


class Extra(Component):
    name = "extra"
    title = "Extra packages"
    column = "Extra"
    role = "extra_packages"
    after = ("driver", "cann", "kernels", "nnal", "python", "mindspore", "mindformers", "torch")
    versioned = False
    removable = True
    pins = ("extra_packages",)
    lists = ("extra_packages",)
    minutes = 3

    @property
    def chosen_by(self) -> str:
        return extra_packages.VARIABLE

    @property
    def keeping(self) -> str:
        return f"name the package of that version in {self.chosen_by}"

    def owns(self, product: str) -> bool:
        return declared.name_of(product) is not None

    def back(self, facts: Facts, product: str, version: str) -> dict[str, Any]:
        row = self._on(facts).get(str(declared.name_of(product))) or {}
        before = row.get("before") or {}
        if before.get("version") != version:  # a repair of the same version, or one that broke: what it was to be
            return {self.name: version}
        entry = {**before, "file": before.get("package"), "stands_on": sorted(before.get("stands_on") or {})}
        return {self.name: version, "extra_packages": [entry]}

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        rows = choice.pins.get("extra_packages") or []
        if self.name not in choice.parts or not rows:
            return None
        return {"packages": [_on_arch(row, str(choice.subject["arch"])) for row in rows]}

    def installed(self, site: Site, stack: Stack) -> str | None:
        return self.seen(site.facts, stack)

    def steps(self, site: Site, stack: Stack) -> list[Step]:
        there = self._on(site.facts)
        found = []
        for wish in (stack[self.name] or {})["packages"]:
            step = self._step(site, wish, there.get(wish["name"]))
            if step is not None:
                found.append(step)
        return found

    def _step(self, site: Site, wish: dict[str, Any], row: dict[str, Any] | None) -> Step | None:
        base = {name: site.will_have[name] for name in wish["stands_on"] if name in site.will_have}
        now, to = (row or {}).get("version"), wish["version"]
        action: Action
        if row and (row.get("open") or self._unfinished(site, wish["name"])):
            action, why = "repair", f"an earlier change of {wish['name']} was interrupted"
        elif row and row.get("damaged"):
            action, why = "repair", str(row["damaged"])
        elif now is None:
            action, why = "install", "not installed"
        elif not versions.same(now, to):
            action = "upgrade" if versions.compare(now, to) < 0 else "downgrade"
            why = f"{now} is installed"
        elif row and row.get("ours") and {**(row.get("stands_on") or {}), **base} != (row.get("stands_on") or {}):
            action, why = "repair", _moved(row.get("stands_on") or {}, base)
        else:
            return None
        step = self.make_step(site.facts, action, now, to, why, wish["package"])
        return {**step, "id": f"{self.name}-{action}-{wish['name']}", "product": wish["name"], "stands_on": base}

    def _unfinished(self, site: Site, name: str) -> bool:
        return declared.journal_name(name) in (journal(site.facts).get("unfinished_components") or [])

    def theirs(self, site: Site, step: Step) -> Verdict | None:
        row = self._on(site.facts).get(str(step.get("product"))) or {}
        if not row or row.get("ours"):
            return None
        return Verdict(
            "error",
            f"{step.get('product')} {row.get('version') or 'of an unknown version'} ({row.get('proof')}) was not "
            f"installed by ascend.fleet: it is not touched. Uninstall it, or give the entry of {self.chosen_by} "
            "another install_path, or take the entry out.",
            self.chosen_by,
        )

    def unfit(self, site: Site, stack: Stack) -> list[str]:
        found = []
        for wish in (stack[self.name] or {})["packages"]:
            arch = wish.get("arch")
            if arch and arch != site.facts["arch"]:
                found.append(
                    f"{wish['package']} is for {arch}, this host is {site.facts['arch']}: name the file with {{arch}} "
                    f"in its place in {self.chosen_by}, or set the variable by group."
                )
            missing = [name for name in wish["stands_on"] if not site.will_have.get(name)]
            if missing:
                found.append(
                    f"{wish['name']} stands on {' and '.join(missing)}, which this host neither has nor gets: add it "
                    f"to ascend_components, or take the entry out of {self.chosen_by}."
                )
        return found

    def standing(self, site: Site, everything: bool) -> list[Standing]:
        before = journal(site.facts).get("before_last_run") or {}
        return [
            Standing(name, row.get("version"))
            for name, row in self._on(site.facts).items()
            if row.get("ours")
            and (everything or (declared.journal_name(name) in before and before[declared.journal_name(name)] is None))
        ]

    def files(self, stack: Stack, subject: Subject, catalog: Catalog) -> list[published.Want]:
        return [
            published.Want(
                wish["package"],
                "package",
                arch=wish.get("arch") or subject.get("arch"),
                sha256=published.checksum(catalog, wish["package"]),
                licence=published.VENDOR_LICENCE,
                component=self.name,
                version=wish["version"],
            )
            for wish in values.rows(stack.get(self.name), "packages")
        ]

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        wishes = {wish["name"]: wish for wish in values.rows(values.part(stack, self.name), "packages")}
        rows = [row for row in values.rows(facts, "extra_packages") if isinstance(row, dict)]
        told = [
            f"{row.get('name')} {row.get('version')}"
            for row in rows
            if row.get("version") and (row.get("name") in wishes or not wishes)
        ]
        return ", ".join(sorted(told)) or None

    def wanted(self, stack: Stack) -> str | None:
        rows = values.rows(values.part(stack, self.name), "packages")
        return ", ".join(sorted(f"{row['name']} {row['version']}" for row in rows)) or None

    def fingerprint(self, entry: dict[str, Any]) -> str | None:
        return None

    def _on(self, facts: Facts) -> dict[str, dict[str, Any]]:
        rows = values.rows(facts, "extra_packages")
        return {str(row["name"]): row for row in rows if isinstance(row, dict) and row.get("name")}


def _on_arch(row: dict[str, Any], arch: str) -> dict[str, Any]:
    """An entry for a host's architecture, under the keys of an entry of a stack."""
    placed = {key: value for key, value in row.items() if key != "file"}
    return {**placed, "package": row["file"].replace("{arch}", arch)}


def _moved(was: dict[str, str], base: dict[str, str]) -> str:
    other = [name for name in base if was.get(name) != base[name]]
    then = ", ".join(f"{name} {was.get(name) or 'of an unknown version'}" for name in other)
    return f"it was installed on top of {then}, now it is {', '.join(f'{name} {base[name]}' for name in other)}"


COMPONENT = Extra()

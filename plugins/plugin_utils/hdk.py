# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What driver and firmware have in common: both come with one HDK release, and take a reboot to become effective."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import defaults, ownership, versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import filenames, published, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice, Component, Site, Verdict
from ansible_collections.ascend.fleet.plugins.plugin_utils.removal import Standing, left_alone
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Facts, Stack, Step, Subject


class HdkComponent(Component):
    """Driver or firmware."""

    role = "npu_driver"
    reboots = True
    removable = True
    packaged = True
    can_be_taken_over = True
    declares = True
    per_chip = True

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version, driver = choice.get(self.name), choice.versions.get("driver")
        if not version:
            return None
        chip = choice.subject.get("chip")
        row = release(choice.catalog, driver, chip) if driver else None
        return {
            "version": version,
            "hdk": row["hdk"] if row else None,
            "package": filenames.name_or_none(
                self.name,
                version,
                chip,
                choice.subject["arch"],
                choice.catalog["filenames"],
                _variant(choice.subject),
            ),
        }

    def place(
        self, entry: dict[str, Any], stack: Stack, subject: Subject, catalog: Catalog
    ) -> tuple[str | None, dict[str, str], published.Want | None]:
        row, chip, arch = self._release(entry, stack, subject, catalog), subject.get("chip"), subject.get("arch")
        if row is None:  # the folder has the release's name
            return None, {}, None
        grammar, folder = catalog["filenames"], row.get("obs_dir")
        url, headers = published.address(catalog, self.name, row["hdk"], entry["package"], folder)
        name = filenames.name_or_none("hdk", row["driver"], chip, arch, grammar, _variant(subject))
        if name is None:
            return url, headers, None
        zip_url, zip_headers = published.address(catalog, "hdk", row["hdk"], name, folder)
        sha256 = published.checksum(catalog, name)
        return url, headers, published.Want(name, "archive", url=zip_url, headers=zip_headers, sha256=sha256)

    def _release(
        self, entry: dict[str, Any], stack: Stack, subject: Subject, catalog: Catalog
    ) -> dict[str, Any] | None:
        """The HDK release a package is from: the one whose version it has, the driver's where that is not recorded."""
        driver, chip = (stack.get("driver") or {}).get("version"), subject.get("chip")
        rows = [row for row in catalog["hdk"] if row[self.name] and versions.same(row[self.name], entry["version"])]
        if not rows:
            rows = [row for row in catalog["hdk"] if row["hdk"] == entry["hdk"] and row[self.name] is None]

        def fits(row: dict[str, Any]) -> tuple[bool, bool]:
            return chip in row["chips"], versions.same(row["driver"], driver)

        return max(rows, key=fits, default=None)

    def installed(self, site: Site, stack: Stack) -> str | None:
        return site.facts[self.name]["installed"]

    def damage(self, site: Site, stack: Stack) -> str | None:
        return site.facts[self.name].get("damaged")

    def theirs(self, site: Site, step: Step) -> Verdict | None:
        state = site.facts[self.name]
        version = state["installed"]
        if version is None and not state.get("damaged"):
            return None
        path = ownership.hdk_place(site.facts, self.name)
        if ownership.find(site.held, self.name, path, version, state.get("damaged")):
            return None
        where = path or defaults.INSTALL_PATH
        keep = f'keep it with {self.variable}: "{version}" (the rest then follows from it)' if version else None
        return self.refused(site, step, f"{where}/{self.name}/script/uninstall.sh", where, keep)

    def standing(self, site: Site, everything: bool) -> list[Standing]:
        version = site.facts[self.name]["installed"]
        if not version:
            return []
        path = ownership.hdk_place(site.facts, self.name)
        return [
            Standing(self.name, version, left_alone(ownership.find(site.held, self.name, path, version), everything))
        ]

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        return values.text(values.part(facts, self.name).get("installed"))


def _variant(subject: Subject) -> str | None:
    """What file names say of the host: a 310b that is a computer of its own has packages of its own."""
    return "soc" if subject.get("variant") == "soc" else None


def release(catalog: Catalog, driver: str, chip: str | None) -> dict[str, Any] | None:
    """The HDK row that ships driver for chip, any row of the driver when none names the chip, or None."""
    rows = [row for row in catalog["hdk"] if versions.same(row["driver"], driver)]
    return next((row for row in rows if chip in row["chips"]), rows[0] if rows else None)


def keep_newer(found: list[str], present: str | None, best: str | None) -> list[str | None]:
    """Candidates with what is installed in front where that is newer than the best one: auto never goes back."""
    if present and (best is None or versions.compare(present, best) > 0):
        return [present, *(item for item in found if not versions.same(item, present))]
    return list(found)

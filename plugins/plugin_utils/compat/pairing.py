# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does CANN run on this driver: the one verdict, at the desk as on a host, for rules, resolver and doctor.

A pair is acceptable when the driver lists CANN's code, or CANN lists the driver's, or the catalog pairs them. It is
refused when somebody says that it does not work, or when everything that is known leaves it out. That a list is
silent where another one speaks is no refusal: a driver cannot list codes that came after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import codes
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import cited, pattern_holds, release_rows
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

ON_HOST = "driver/version.info compatible_version on this host"
CANN_ON_HOST = "compatible_version of the CANN on this host"
Status = Literal["published", "reported", "listed", "refused", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """What is known of one CANN on one driver.

    status: published (the catalog pairs them), reported (users do), listed (the driver lists CANN's code, or CANN the
    driver's), refused, or unknown. text: why. against: what leaves the pair out although it is acceptable. doubt: what
    is known not to work with an older CANN.
    """

    status: Status
    text: str = ""
    source: str = ""
    against: tuple[str, ...] = field(default=())
    doubt: str = ""

    @property
    def acceptable(self) -> bool:
        """Whether somebody says that it goes together, and nobody that it does not work."""
        return self.status in ("published", "reported", "listed")


def driver_and_cann(
    catalog: Catalog,
    driver: str | None,
    cann: str | None,
    host: dict[str, Any] | None = None,
    installed: dict[str, Any] | None = None,
) -> Verdict:
    """The verdict on CANN `cann` on driver `driver`, versions as text.

    Args:
        catalog: plugin_utils.catalog.load().
        host: chip and the like, as compat.judge takes it; may be None.
        installed: driver (installed, innerversion, compatible_cann) and cann (rows of host_facts), as compat.judge
            takes them; what they declare of these very versions counts, of others not.

    Returns:
        The verdict; its source is written out. Never raises for what it does not know: that is status unknown.
    """
    found = verdict(Case(catalog, {"driver": driver, "cann": cann}, host or {}, installed))
    return Verdict(found.status, found.text, cited(catalog, found.source), found.against, found.doubt)


def verdict(case: Case) -> Verdict:
    """The verdict on the driver and the CANN of a case."""
    driver, cann = case.get("driver"), case.get("cann")
    if not driver or not cann:
        return Verdict("unknown")
    row, rows = case.row("cann") or {}, case.hdk_rows()
    said = [one for one in (_by_driver(case), _by_cann(case, row)) if one]
    against = tuple(one.text for one in said if one.status == "refused")
    if row and listed(row, rows):
        user = row["confidence"] == "user"
        text = "a pair users report; no document of Huawei was found" if user else "published as a pair"
        return Verdict("reported" if user else "published", text, row["source"], against)
    seen = next((one for one in row.get("user_drivers") or [] if versions.same(one["driver"], driver)), None)
    if seen:
        pair = ", ".join(row["hdk"]) or "not recorded"
        return Verdict(
            "reported", f"users report that it works; Huawei's own pair is HDK {pair}", seen["source"], against
        )
    known = _known_not_to_work(case, row)
    if known and known[0]:
        return known[1]
    for one in said:
        if one.acceptable:
            return Verdict(one.status, one.text, one.source, against, known[1].text if known else "")
    if known:
        return known[1]
    if said:
        return Verdict("refused", " and ".join(one.text for one in said), said[0].source)
    return Verdict("unknown")


def listed(row: dict[str, Any], hdk_rows: list[dict[str, Any]]) -> bool:
    """Whether a CANN row names one of these HDK rows, by release or by line (25.5.X)."""
    wanted = [*row["hdk"], *(row.get("hdk_compatible") or [])]
    return any(pattern_holds(item, name) for item in hdk_rows for name in wanted)


def _by_driver(case: Case) -> Verdict | None:
    """What the driver's own list says of CANN's code; None when one of them is not known."""
    driver, cann, code = case.get("driver"), case.get("cann"), case.cann_code()
    if code is None:
        return None
    entries, source, complete = case.declared("driver").get("compatible_cann"), ON_HOST, True
    who = "the installed driver"
    if not entries:
        row = next((item for item in release_rows(case.catalog, driver) if item.get("codes")), {})
        entries, source, complete = row.get("codes"), row.get("source", ""), row.get("codes_complete", True)
        who = "the driver's version.info"
    if not entries:
        return None
    if codes.listed_by_driver(code, entries, driver):
        return Verdict("listed", f"{who} lists {code.name}", source)
    return (
        Verdict("refused", f"{who} accepts {codes.names(entries)}, CANN {cann} is {code.name}", source)
        if complete
        else None
    )


def _by_cann(case: Case, row: dict[str, Any]) -> Verdict | None:
    """What CANN's own list says of the driver's code; None when one of them is not known, or the driver came later."""
    cann, code = case.get("cann"), case.driver_code()
    entries, source = case.installed_cann().get("compatible_version"), CANN_ON_HOST
    if not entries:
        entries, source = row.get("compatible_codes"), row.get("source", "")
    if not entries:
        return None
    if code is None:
        return _older_than_listed(case, entries, source)
    if codes.listed_by_cann(code, entries, cann):
        return Verdict("listed", f"CANN's compatible_version lists the driver's code {code.name}", source)
    if code > codes.newest_of_cann(entries, cann):
        return None
    text = f"CANN {cann} accepts drivers of {codes.names(entries)}, the driver is {code.name}"
    return Verdict("refused", text, source)


def _older_than_listed(case: Case, entries: list[str], source: str) -> Verdict | None:
    """Refused when the driver belongs to a CANN that is older than every one in CANN's own list."""
    rows = case.catalog["cann"]
    driver = [item["hdk"] for item in case.hdk_rows()]
    mine = [item["cann"] for item in rows if any(versions.same(name, one) for name in item["hdk"] for one in driver)]
    oldest = codes.oldest_cann(entries, rows)
    if not mine or oldest is None:
        return None
    newest = max(mine, key=versions.key)
    if versions.compare(newest, oldest) >= 0:
        return None
    text = f"CANN {case.get('cann')} accepts drivers of CANN {oldest} and newer, this one is of CANN {newest}"
    return Verdict("refused", text, source)


def _known_not_to_work(case: Case, row: dict[str, Any]) -> tuple[bool, Verdict] | None:
    """Somebody says that this CANN (True), or an older one (False), does not run on this driver, or on a newer one."""
    driver, cann = case.get("driver"), row.get("cann") or case.get("cann")
    for item in sorted(case.catalog["cann"], key=lambda one: versions.key(one["cann"]), reverse=True):
        own = versions.same(item["cann"], cann)
        for refused in item.get("hdk_refused") or [] if versions.compare(item["cann"], cann) <= 0 else []:
            line = refused["hdk"]
            same = versions.satisfies(driver, line)
            if same or versions.series(driver) < versions.series(line):
                older = "" if same else f", and {driver} is older"
                newer = "" if own else f", and CANN {cann} is newer"
                text = f"CANN {item['cann']} does not run on driver {line}{older}{newer}"
                return own, Verdict("refused", text, refused["source"])
    return None


_ACCEPTABLE: dict[
    tuple[Any, ...], tuple[Any, list[str]]
] = {}  # the catalog's rows, CANN, chip -> the rows, the drivers


def drivers_for(case: Case, limit: int = 4) -> list[str]:
    """The drivers of the catalog on which the case's CANN is acceptable for its chip, the newest `limit`, oldest first.

    Never the driver that the case is about.
    """
    rows, cann = case.catalog["hdk"], case.get("cann")
    key = (id(rows), id(case.catalog["cann"]), cann, case.chip)
    kept = _ACCEPTABLE.get(key)
    if kept is None or kept[0] is not rows:
        drivers = {item["driver"] for item in rows if case.chip in (None, *item["chips"])}
        found = [
            driver
            for driver in sorted(drivers, key=versions.key)
            if verdict(Case(case.catalog, {"cann": cann, "driver": driver}, {"chip": case.chip})).acceptable
        ]
        if len(_ACCEPTABLE) > 1024:
            _ACCEPTABLE.clear()
        kept = _ACCEPTABLE[key] = (rows, found)
    return [driver for driver in kept[1] if not versions.same(driver, case.get("driver"))][-limit:]

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a vendor package on a host is, told from the journal of our own changes.

Pure. A package is ours when the last change the journal knows of it was ours and left that version under that path, or
when a change of ours was begun and never ended well: what lies there then is ours to repair. Everything else that is
installed is somebody else's: it is used when it is what is wanted, and it is never replaced or removed.

A holding is what the journal says we have: {"component", "install_path", "version" (None: whatever is there, after a
change of ours that broke), "replaced" (the version of somebody else's that it took the place of, or None), "open"
(bool: the change has not come to a good end)}.
"""

import posixpath

from ansible_collections.ascend.fleet.plugins.module_utils import defaults, journal, versions
from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import BASES, HDK, KERNELS


def component_of(product):
    """The plan's component of a package in the journal."""
    if product in BASES:
        return "cann"
    return "kernels" if product in KERNELS else product


def same_product(one, other):
    """Whether two names stand for the same package: kernels are called ops from CANN 8.5 on."""
    return one == other or (one in KERNELS and other in KERNELS)


def holdings(entries):
    """What the journal says we have on the host, as a list of holdings.

    Args:
        entries: of journal.parse(), oldest first.
    """
    held = []
    ends = {entry["id"]: entry for entry in entries if entry["event"] == "end"}
    for entry in entries:
        # An environment carries its own record.
        if entry["event"] == "start" and entry["component"] != journal.ENVIRONMENT:
            last = ends.get(entry["id"])
            if last is None or last.get("result") != "refused":
                held = _after(held, entry, last)
    return held


def _after(held, started, ended):
    """The holdings after one change; ended: its end entry, None for one that never ended."""
    well = ended is not None and ended.get("result") == "ok"
    path = _clean((ended or started).get("install_path") or defaults.INSTALL_PATH)
    component, before = started["component"], started.get("from")
    here = [row for row in held if _is(row, component, path)]
    if started.get("action") == "uninstall" and well:
        gone = here if component in HDK else [row for row in here if _same(row["version"], before)]
        return [row for row in held if row not in gone]
    replaced = _replaced(here, started)
    if component in HDK:
        version = ended.get("to") if well else None
        return [row for row in held if row not in here] + [_holding(component, path, version, replaced, not well)]
    if well:
        # A good end settles what broke before.
        found = [ended.get("to")]
        gone = [row for row in here if row["open"]]
    else:
        # What it was to bring, and what was read back instead; what was there before is not ours for that.
        found, gone = [started.get("to") or before], []
        if ended is not None and not _same(ended.get("to"), before):
            found.append(ended.get("to"))
    gone += [row for row in here if any(_same(row["version"], version) for version in found)]
    return [row for row in held if row not in gone] + [
        _holding(component, path, version, replaced, not well) for version in found if version is not None
    ]


def _replaced(here, entry):
    """The version of somebody else's that the change took the place of, or None."""
    if entry.get("took_over"):
        return entry["took_over"]
    before = entry.get("from")
    if before is None or entry.get("action") == "install":
        # Installed anew, or beside what was there: unless it repeats a change that had taken something over.
        return next((row["replaced"] for row in here if row["open"]), None)
    for row in here:
        if row["version"] is None or _same(row["version"], before):
            return row["replaced"]
    # Of a component that the journal did not know: written before ownership was asked for.
    return before


def _holding(component, path, version, replaced, is_open=False):
    return {"component": component, "install_path": path, "version": version, "replaced": replaced, "open": is_open}


def of_facts(facts):
    """The holdings of an observed host: what host_facts summed up, else from the entries that it returned."""
    record = facts.get("journal") or {}
    held = record.get("held")
    if held is None:
        return holdings([entry for entry in record.get("entries") or [] if "event" in entry])
    # A host's answer is data: a row that is none says nothing.
    return [
        row
        for row in held
        if isinstance(row, dict)
        and isinstance(row.get("component"), str)
        and isinstance(row.get("install_path"), str)
        and {"version", "replaced", "open"} <= set(row)
    ]


def find(held, component, install_path, version, damaged=None):
    """The holding that says that what is installed is ours, or None: then it is somebody else's.

    Args:
        held: of holdings().
        component: as the journal spells it: driver, firmware or a CANN product.
        install_path: the path it was found under; None where nothing tells.
        version: the version its own file states, None when it states none.
        damaged: what is wrong with it; a damaged driver or firmware without a version is judged by its path.
    """
    path = _clean(install_path or defaults.INSTALL_PATH)
    for row in held:
        if not _is(row, component, path):
            continue
        # Of driver and firmware there is one: what a broken change of ours left is ours whatever it states, and so is
        # ours when it is damaged and states nothing any more.
        anything = component in HDK and (row["open"] or (version is None and damaged))
        if anything or _same(row["version"], version):
            return row
    return None


def place(row):
    """(install path, version) of a row of facts["cann"]: a release without a version file is named by its folder."""
    version = row.get("version")
    if version is None and row.get("path"):
        name = posixpath.basename(row["path"])
        version = name[len("cann-") :] if name.startswith("cann-") else name
    return row.get("install_path"), version  # of a row without a path: where the vendor's packages go by default


def hdk_place(facts, component):
    """The install path of driver or firmware: where it is, else where the vendor's record says, else None."""
    state = facts.get(component) or {}
    if state.get("path"):
        return posixpath.dirname(state["path"])
    record = (facts.get("driver") or {}).get("install_info") or {}
    return record.get("%s_Install_Path_Param" % component.capitalize()) or None


def find_cann(held, row):
    """The holding of a row of facts["cann"], or None."""
    path, version = place(row)
    return find(held, row["product"], path, version, row.get("damaged"))


def tenants(held, rows, release):
    """What somebody else put into one of our CANN releases: its removal would take that along.

    Args:
        held: of holdings().
        rows: facts["cann"].
        release: the row of the release that is to be removed.
    """
    return [
        row
        for row in rows
        if row is not release
        and row.get("path")
        and row.get("path") == release.get("path")
        and row["product"] not in BASES
        and find_cann(held, row) is None
    ]


def _is(row, component, path):
    return same_product(row["component"], component) and row["install_path"] == path


def _same(one, other):
    return one is not None and other is not None and versions.same(one, other)


def _clean(path):
    return posixpath.normpath(path)

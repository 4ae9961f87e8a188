# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What driver, firmware and CANN packages a host has, told from the vendor's own files.

Pure, given a host_view.HostView (or anything with its methods). A version is only reported when the
component's own file states it; an installation that left traces but no statement has version None
and ``damaged`` says what is wrong. That way "the version is there" always means "it was read".
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files
from ansible_collections.ascend.fleet.plugins.module_utils.vendor.installed_cann import cann

INSTALL_RECORD = "/etc/ascend_install.info"


def driver(view, install_path):
    """The installed driver, as facts["driver"] without ``loaded``."""
    record = vendor_files.parse_key_values(view.read(INSTALL_RECORD))
    path, info, damaged = _hdk_component(view, install_path, "driver", record)
    return {
        "installed": info["package_version"] or info["version"],
        "path": path,
        "package_version": info["package_version"],
        # In the newest builds Version= is a number of its own beside package_version.
        "build_version": info["version"],
        "innerversion": info["innerversion"],
        "compatible_cann": info["compatible_cann"],
        "compatible_firmware": info["compatible_firmware"],
        "install_info": record,
        "recorded": _recorded(view, record),
        "ascendhal_version": info["ascendhal_version"],
        "modules_loaded": _modules_loaded(view),
        "damaged": damaged,
    }


def _recorded(view, record):
    """Whether the install record names the driver; None when this user cannot know."""
    if view.denied(INSTALL_RECORD) or (view.exists(INSTALL_RECORD) and view.read(INSTALL_RECORD) is None):
        return None
    return bool(record.get("Driver_Install_Path_Param"))


def firmware(view, install_path):
    """The installed firmware package, as facts["firmware"] without ``loaded``."""
    record = vendor_files.parse_key_values(view.read(INSTALL_RECORD))
    path, info, damaged = _hdk_component(view, install_path, "firmware", record)
    return {
        "installed": info["version"],
        "package_version": info["package_version"],
        "compatible_driver": info["compatible_driver"],
        "path": path,
        "damaged": damaged,
    }


def _hdk_component(view, install_path, name, record):
    """(path or None, parsed version.info, damage or None) of driver or firmware."""
    title = name.capitalize()
    recorded = (record.get(title + "_Install_Path_Param") or "").rstrip("/") or None
    roots = [root for root in (recorded, install_path.rstrip("/")) if root]
    for root in roots:
        path = root + "/" + name
        if not view.exists(path + "/version.info"):
            continue
        text = view.read(path + "/version.info")
        info = vendor_files.parse_version_info(text)
        damaged = None
        if text is None:
            damaged = "%s/version.info is not readable" % path
        elif not info["version"]:
            damaged = "%s/version.info names no version; the installation is incomplete" % path
        elif record.get(title + "_Install_Status", "complete") != "complete":
            damaged = "%s says %s_Install_Status=%s; the installation is incomplete" % (
                INSTALL_RECORD,
                title,
                record[title + "_Install_Status"],
            )
        return path, info, damaged
    damaged = None
    if recorded and not view.denied("%s/%s/version.info" % (recorded, name)):
        damaged = "%s records an installation in %s, but %s/%s/version.info is missing" % (
            INSTALL_RECORD,
            recorded,
            recorded,
            name,
        )
    return None, vendor_files.parse_version_info(None), damaged


def _modules_loaded(view):
    """Whether a kernel module of the driver is loaded; None when the list cannot be read.

    910b and A3 load drv_pcie_host, asdrv_svm and others, a sliced VM drv_vpcie.
    """
    text = view.read("/proc/modules")
    if text is None:
        return None
    return any(line.startswith(("drv_", "asdrv_")) for line in text.splitlines())


def component(view, name, install_path, chip=None, version=None):
    """The state of one component: {"version", "damaged", "path", "uninstall", ...}; version None if absent.

    ``name``: driver, firmware or a CANN product (kernels and ops are the same thing under two names).
    Of several CANN releases side by side it is ``version`` if that is there, else the one that
    ``latest`` names, else the newest. ``chip`` narrows kernels to one chip family.
    """
    if name in ("driver", "firmware"):
        state = driver(view, install_path) if name == "driver" else firmware(view, install_path)
        state["version"] = state["installed"]
        state["uninstall"] = _hdk_uninstaller(view, name, install_path, state["path"])
        return state
    wanted = vendor_files.KERNELS if name in vendor_files.KERNELS else (name,)
    rows = [
        row
        for row in cann(view, install_path)
        if row["product"] in wanted and (chip is None or row["chip"] in (None, chip))
    ]
    if not rows:
        return {"version": None, "damaged": None, "path": None, "uninstall": None}
    rows.sort(
        key=lambda row: (row["version"] == version if version else False, row["latest"], _natural(row["version"] or ""))
    )
    return rows[-1]


def _hdk_uninstaller(view, name, install_path, path):
    """The uninstall script of driver or firmware, or None.

    It is looked for with or without a version.info: the installer writes its record first and that file last, so
    what every failed installation leaves has a script and no version (hicann/driver, run_driver_install.sh).
    """
    recorded = vendor_files.parse_key_values(view.read(INSTALL_RECORD)).get(name.capitalize() + "_Install_Path_Param")
    folders = [path] + ["%s/%s" % (root.rstrip("/"), name) for root in (recorded, install_path) if root]
    scripts = [folder + "/script/uninstall.sh" for folder in folders if folder]
    return next((script for script in scripts if view.exists(script)), None)


def _natural(text):
    """Sort key that puts 8.10 after 8.9 and 8.1.RC1 before 8.1.0."""
    return [
        (1, int(part), "") if part.isdecimal() else (0, 0, part.lower()) for part in re.findall(r"\d+|[A-Za-z]+", text)
    ]

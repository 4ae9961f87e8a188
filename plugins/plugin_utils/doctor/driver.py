# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about driver and firmware as they are installed. See rules.py for what a rule is.

Sources: the vendor's open driver scripts (hicann/driver), its installer's FAQ, and transcripts of users.
"""

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.rule import HIDDEN, rule

_SCRIPTS = "hicann/driver scripts/package"


def _damaged(component):
    return lambda facts: facts[component]["damaged"]


def _firmware_on_guest(facts):
    if facts["host_kind"] in ("vm", "container") and facts["firmware"]["installed"] and facts["accelerators"]["count"]:
        return "firmware {} is installed on a {} ({})".format(
            facts["firmware"]["installed"], facts["host_kind"], facts["host_kind_evidence"]
        )
    return None


def _firmware_alone(facts):
    if facts["firmware"]["installed"] and not facts["driver"]["installed"] and not facts["driver"]["damaged"]:
        return "firmware {}, no driver".format(facts["firmware"]["installed"])
    return None


def _firmware_step(facts):
    now = facts["firmware"]["loaded"] or facts["firmware"]["installed"] or ""
    parts = now.split(".")
    return f"firmware {now}" if facts["accelerators"]["family"] == "910b" and parts[1:2] == ["11"] else None


def _flash_newer(facts):
    installed, loaded = facts["firmware"]["installed"], facts["firmware"]["loaded"]
    if installed and loaded and "," not in loaded and versions.compare(loaded, installed) > 0:
        return f"firmware {loaded} is running, the installed package is {installed}"
    return None


def _firmware_differs(facts):
    loaded = facts["firmware"]["loaded"] or ""
    return f"the chips run firmware {loaded}" if "," in loaded else None


def _pair(facts):
    driver, firmware = facts["driver"], facts["firmware"]
    if not driver["installed"] or not firmware["installed"]:
        return None
    verdicts = [
        any(versions.in_range(version, low, high) for low, high in ranges)
        for version, ranges in (
            (firmware["installed"], driver["compatible_firmware"]),
            (driver["installed"], firmware["compatible_driver"]),
        )
        if ranges
    ]
    if verdicts and not any(verdicts):
        return "driver {} takes firmware {}; firmware {} takes driver {}".format(
            driver["installed"], driver["compatible_firmware"], firmware["installed"], firmware["compatible_driver"]
        )
    return None


def _reboot(facts):
    return "; ".join(facts["reboot_reasons"])


def _unfinished(facts):
    entry = facts["journal"]["unfinished"]
    if not entry:
        return None
    return "{} of {}, begun at {}, did not end well".format(
        entry.get("action"), entry.get("component"), entry.get("time")
    )


RULES = (
    rule(
        "driver-damaged",
        "error",
        _damaged("driver"),
        "The driver's installation is incomplete.",
        "Install it again with --full --quiet, or run driver/script/uninstall.sh first; rm fails, version.info is "
        "immutable.",
        _SCRIPTS + " install.sh",
        HIDDEN,
    ),
    rule(
        "firmware-damaged",
        "error",
        _damaged("firmware"),
        "The firmware's installation is incomplete.",
        "Install it again with --full --quiet.",
        "user transcripts",
        HIDDEN,
    ),
    rule(
        "firmware-on-guest",
        "warning",
        _firmware_on_guest,
        "Firmware does not belong on a guest.",
        "Leave it out here (host kind vm or container does) and flash it on the physical host.",
        "article; user transcripts",
        HIDDEN,
    ),
    rule(
        "firmware-without-driver",
        "error",
        _firmware_alone,
        "There is firmware, but no driver.",
        "Install the driver; on a clean host it goes first.",
        "ascend-deployer task_firmware",
        HIDDEN,
    ),
    rule(
        "firmware-step",
        "error",
        _firmware_step,
        "This firmware is too old for a direct upgrade.",
        "Install driver 23.0.RC1 first, then the target version.",
        _SCRIPTS + " env_check.sh",
        HIDDEN,
    ),
    rule(
        "firmware-flash-newer",
        "warning",
        _flash_newer,
        "The chips run newer firmware than the installed package.",
        "Reboot. If it stays, install the newer package: the driver refuses to go below the flash.",
        _SCRIPTS + " (is_flash_version_check)",
        HIDDEN,
    ),
    rule(
        "firmware-differs",
        "error",
        _firmware_differs,
        "The chips run different firmware.",
        "Install the firmware again and reboot; a chip that stays behind needs a cold start.",
        "user transcripts",
        HIDDEN,
    ),
    rule(
        "driver-firmware-mismatch",
        "error",
        _pair,
        "Driver and firmware do not accept each other.",
        "Install both from one HDK release.",
        "driver/version.info and firmware/version.info on this host",
        HIDDEN,
    ),
    rule(
        "reboot-pending",
        "warning",
        _reboot,
        "This host needs a reboot.",
        "Run ascend.fleet.site (it reboots what needs it), or reboot by hand.",
        "installed against loaded versions",
        HIDDEN,
    ),
    rule(
        "change-unfinished",
        "error",
        _unfinished,
        "An earlier change did not come to its end.",
        "Run ascend.fleet.site: it makes that change again.",
        "journal of this host",
    ),
)

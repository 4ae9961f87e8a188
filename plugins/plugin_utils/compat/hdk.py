# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for what Huawei ships as one HDK release: driver with firmware, driver with CANN, release with chip.

Order of belief: one HDK release ships together, whatever a range says; then what the vendor's files on this host
declare; then official rows; then what the packages are known to declare; then pairs users report.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import pairing
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import joins
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import is_listed, stands_for

FLASH_SOURCE = "driver_src is_flash_version_check: 'is earlier than the device flash hardware version'"
STEP_SOURCE = "driver_src env_check.sh check_pkg_firmware_version"


def _shipped(rows):
    return ", ".join(sorted({row["firmware"] or "not recorded" for row in rows}))


@joins("driver", "firmware")
def driver_firmware(case):
    """driver-firmware-pair: both of one HDK release, or inside the range one of them declares."""
    driver, firmware = case.get("driver"), case.get("firmware")
    if not driver or not firmware:
        return
    rows = case.hdk_rows()
    together = [row for row in rows if versions.same(row["firmware"], firmware)]
    here = [row for row in together if case.chip in (None, *row["chips"])]
    pair = f"driver {driver} with firmware {firmware}"
    if here:
        case.confirm(
            "driver-firmware-pair", "{}: shipped together in HDK {}".format(pair, here[0]["hdk"]), here[0]["source"]
        )
        _contradicted(case, pair)
        return
    chip_rows = [row for row in rows if case.chip in row["chips"]]
    if together:
        known = [row for row in chip_rows if row["firmware"]]
        say = (
            f"for chip {case.chip} it ships {_shipped(known)}"
            if known
            else (f"the catalog has no firmware of that release for chip {case.chip}")
        )
        case.warn(
            "driver-firmware-pair",
            "{}: HDK {} ships this firmware for chip {}; {}. Set ascend_firmware_version "
            "to the number of the firmware package for chip "
            "{}.".format(pair, together[0]["hdk"], ", ".join(together[0]["chips"]), say, case.chip),
            together[0]["source"],
            "firmware",
        )
        return
    verdict, source = _ranges(case, rows)
    line = stands_for(case.catalog, "firmware", firmware)
    if line and rows and verdict is not False and not case.declared("firmware"):
        same = any(versions.release(row["firmware"]) == versions.release(firmware) for row in rows if row["firmware"])
        if same:
            case.warn(
                "driver-firmware-pair",
                f"{pair}: the release ships {_shipped(chip_rows or rows)}, and this is another build of it. "
                f"{_pair_fix(driver, chip_rows or rows)}",
                rows[0]["source"],
                "firmware",
            )
            return
    if verdict is None and not (rows and is_listed(case.catalog, "firmware", firmware)):
        case.open = True  # nothing is known of one of them: unknown-version says so
        return
    if verdict is True:
        case.warn(
            "driver-firmware-pair",
            f"{pair}: of different HDK releases; the vendor's declared range accepts the "
            f"pair, Huawei tests them as one release. {_pair_fix(driver, chip_rows or rows)}",
            source,
            "firmware",
        )
    elif verdict is None and _above_minimum(case, chip_rows or rows, firmware):
        case.info(
            "driver-firmware-pair",
            "{}: the firmware of HDK {} is not recorded, {} is not below the least one the vendor names ({})".format(
                pair, rows[0]["hdk"], firmware, _minimum(chip_rows or rows)
            ),
            rows[0]["source"],
        )
    elif (
        verdict is None
        and rows
        and not any(row["firmware"] for row in chip_rows or rows)
        and not _belongs(case, firmware)
    ):
        case.warn(
            "driver-firmware-pair",
            "{}: not documented, the catalog does not know the firmware of HDK {}".format(pair, rows[0]["hdk"]),
            rows[0]["source"],
            "firmware",
        )
    else:
        belongs = _belongs(case, firmware)
        home = ", which ships with driver {}".format(belongs["driver"]) if belongs else ""
        case.error(
            "driver-firmware-pair",
            "{}{}: not of one HDK release{}. {}".format(
                pair,
                home,
                ", and outside the declared range" if verdict is False else "",
                _pair_fix(driver, chip_rows or rows),
            ),
            source or (rows[0]["source"] if rows else "catalog"),
            "firmware",
        )


def _contradicted(case, pair):
    """What shipped together, and the files on this host leave out: the verdict stands, the contradiction is said."""
    verdict, source = _ranges(case, [])
    declared = case.declared("driver").get("compatible_firmware") or case.declared("firmware").get("compatible_driver")
    if verdict is False and declared:
        ranges = ", ".join(" to ".join(pair_of) for pair_of in declared)
        case.info(
            "driver-firmware-pair",
            f"{pair}: shipped together, but the declared range ({ranges}) leaves it out. Where inter-process memory or "
            "device names fail, take a newer driver",
            source,
        )


def _pair_fix(driver, rows):
    shipped = sorted({row["firmware"] for row in rows if row["firmware"]})
    if shipped:
        return "Set ascend_firmware_version to {} (what driver {} ships with) or to auto.".format(
            " or ".join(shipped),
            driver,
        )
    return "Take driver and firmware from one HDK release, or leave ascend_firmware_version on auto."


def _belongs(case, firmware):
    return next((row for row in case.catalog["hdk"] if versions.same(row["firmware"], firmware)), None)


def _minimum(rows):
    return next((row["firmware_minimum"] for row in rows if row.get("firmware_minimum")), None)


def _above_minimum(case, rows, firmware):
    least = _minimum(rows)
    return (
        bool(least) and versions.series(firmware) == versions.series(least) and versions.compare(firmware, least) >= 0
    )


def _ranges(case, rows):
    """(True, source) when a declared range accepts the pair, (False, source) when all that are known refuse it."""
    driver, firmware = case.get("driver"), case.get("firmware")
    verdicts = []
    on_host = case.declared("driver").get("compatible_firmware")
    if on_host:
        verdicts.append((_inside(firmware, on_host), "driver/version.info compatible_version_fw on this host"))
    else:
        verdicts += [
            (_inside(firmware, row["firmware_ranges"]), row["source"]) for row in rows if row.get("firmware_ranges")
        ]
    on_host = case.declared("firmware").get("compatible_driver")
    if on_host:
        verdicts.append((_inside(driver, on_host), "firmware/version.info compatible_version_drv on this host"))
    else:
        verdicts += [
            (_inside(driver, row["driver_ranges"]), row["source"])
            for row in case.catalog["hdk"]
            if row.get("driver_ranges") and versions.same(row["firmware"], firmware)
        ]
    if not verdicts:
        return None, None
    return next(((True, source) for fits, source in verdicts if fits), (False, verdicts[0][1]))


def _inside(version, ranges):
    return any(versions.in_range(version, low, high) for low, high in ranges)


def hdk_chip(case):
    """hdk-chip: the HDK release has a package for this chip, as far as anyone wrote down."""
    rows = case.hdk_rows()
    if not rows or not case.chip or any(case.chip in row["chips"] for row in rows):
        return
    chips = sorted({chip for row in rows for chip in row["chips"]})
    case.warn(
        "hdk-chip",
        "driver {}: a package for chip {} is not documented (known for {}). If you have the file, go "
        "on; otherwise choose a driver of another HDK release.".format(case.get("driver"), case.chip, ", ".join(chips)),
        rows[0]["source"],
        "driver",
    )


@joins("cann", "driver")
def cann_driver(case):
    """cann-driver: the driver accepts this CANN release, see pairing."""
    cann, driver = case.get("cann"), case.get("driver")
    row, rows = case.row("cann"), case.hdk_rows()
    if not cann or not driver or row is None or not (rows or case.declared("driver")):
        return
    pair, found = f"CANN {cann} on driver {driver}", pairing.verdict(case)
    if found.status == "refused":
        case.error("cann-driver", f"{pair}: {found.text}. {_driver_fix(case)}", found.source, "driver")
    elif found.acceptable:
        _acceptable(case, pair, rows, found)
    else:
        _undocumented(case, pair, row)


def _acceptable(case, pair, rows, found):
    elsewhere = rows and not any(case.chip in (None, *item["chips"]) for item in rows)
    if elsewhere:
        chips = ", ".join(sorted({chip for item in rows for chip in item["chips"]}))
        case.unknown(
            "cann-driver", f"{pair}: {found.text}, for chip {chips}; of chip {case.chip} nothing", found.source
        )
    elif found.status == "reported":
        case.info("cann-driver", f"{pair}: {found.text}", found.source)
    elif not (found.status == "listed" and found.against):
        case.confirm("cann-driver", f"{pair}: {found.text}", found.source)
    on_host = case.declared("driver").get("compatible_cann") or case.installed_cann()
    if found.doubt:
        case.warn(
            "cann-driver",
            f"{pair}: acceptable ({found.text}), but {found.doubt}. Try it on one host first. {_driver_fix(case)}",
            found.source,
            "driver",
        )
    elif found.against and (on_host or found.status == "listed"):
        text = f"{pair}: acceptable ({found.text}), although {' and '.join(found.against)}"
        case.info("cann-driver", text, found.source)


def _undocumented(case, pair, row):
    """Nothing is known of the pair: what Huawei's own pair would be, and whether the driver is older than it."""
    named = [*row["hdk"], *(row.get("hdk_compatible") or [])]
    listed = [item for item in case.catalog["hdk"] if pairing.listed(row, [item])]
    partners = [item["driver"] for item in listed if case.chip in (None, *item["chips"])]
    partners = partners or [item["driver"] for item in listed]
    if not partners:
        case.unknown(
            "cann-driver", f"{pair}: not documented, no source names the HDK of CANN {row['cann']}", row["source"]
        )
        return
    oldest = min(partners, key=versions.key)
    if versions.compare(case.get("driver"), oldest) < 0:
        why = (
            f"the driver is older than every one CANN {row['cann']} is published with ({oldest} and newer). It may not "
            "run: try it on one host first."
        )
    else:
        why = (
            f"Huawei's pair is HDK {', '.join(named)}. A newer driver usually accepts an older CANN; the driver's own "
            "version.info says so once it is installed."
        )
    case.warn("cann-driver", f"{pair}: not documented; {why} {_driver_fix(case)}", row["source"], "driver")


def _driver_fix(case):
    names = pairing.drivers_for(case)
    if names:
        return "Set ascend_driver_version to {} or to auto.".format(" or ".join(names))
    return "Choose the CANN release of the driver's HDK, or ask Huawei for the pair and add it to your catalog overlay."


def firmware_history(case):
    """firmware-flash and firmware-step: what the firmware on the chips allows next."""
    part = case.installed_part("firmware")
    now = part.get("loaded") or part.get("installed")
    if not now:
        return
    wanted, driver = case.get("firmware"), case.get("driver")
    if wanted and versions.compare(wanted, now) < 0:
        case.error(
            "firmware-flash",
            f"firmware {wanted} is older than the {now} on the chips: the installer refuses to go below "
            f"the flash version. Set ascend_firmware_version to {now} or newer, or to auto.",
            FLASH_SOURCE,
            "firmware",
        )
    step = "23.0.rc1"
    if case.chip == "910b" and re.match(r"\d+\.11(\.|$)", now) and driver and versions.compare(driver, step) > 0:
        case.error(
            "firmware-step",
            f"firmware {now} on chip 910b cannot go to driver {driver} in one step: the installer asks "
            f'for driver {step} first. Set ascend_driver_version to "{step}", run, then raise it.',
            STEP_SOURCE,
            "driver",
        )

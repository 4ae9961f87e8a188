# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for what a host is: virtual or not, which chip, which operating system, and which package files fit it."""

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import filenames
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import systems
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import joins
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.framework import minor
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import public

GUEST_SOURCE = "article ('containers and virtual machines do not support the firmware package'); host (Huawei VM guide)"
TRAINING_SOURCE = "article ('inference servers do not support training'); torchnpu hardware tables"


def host_kind(case):
    """firmware-host-kind and driver-host-kind: no firmware in a guest, no driver in a container."""
    kind = case.host.get("host_kind")
    if kind in ("vm", "container") and case.get("firmware"):
        case.error(
            "firmware-host-kind",
            "firmware {} on a {}: firmware is flashed on the physical host only. Leave "
            "ascend_firmware_version on auto for guests, or set ascend_host_kind to physical if this is "
            "none.".format(case.get("firmware"), "virtual machine" if kind == "vm" else kind),
            GUEST_SOURCE,
            "firmware",
        )
    if kind == "container" and case.get("driver"):
        case.info(
            "driver-host-kind",
            "driver {}: a container uses the driver of its host, so it is judged and not installed".format(
                case.get("driver")
            ),
            GUEST_SOURCE,
        )


def training_on_inference_chip(case):
    """training-on-inference-chip: 310-family hosts get no MindSpore and no MindFormers."""
    chip = case.chip_row()
    parts = [name for name in ("mindspore", "mindformers") if case.get(name)]
    if chip is None or chip["role"] != "inference" or not parts:
        return
    names = " and ".join(
        "{} {}".format({"mindspore": "MindSpore", "mindformers": "MindFormers"}[name], case.get(name)) for name in parts
    )
    case.error(
        "training-on-inference-chip",
        f"{names} on chip {case.chip}: this family only infers, with models converted to OM. "
        "Take mindspore and mindformers out of ascend_components for these hosts (auto "
        "does).",
        TRAINING_SOURCE,
        "mindspore",
    )


@joins("cann")
def cann_chip(case):
    """cann-chip: the chips a CANN release is for, as families and as SoCs."""
    row, chip = case.row("cann"), case.chip_row()
    if row is None or chip is None:
        return
    cann = case.get("cann")
    first = chip.get("cann_from")
    if first and versions.compare(row["cann"], first["cann"]) < 0 and not _build_of(row["cann"], first["cann"]):
        case.error(
            "cann-chip",
            f"CANN {cann} does not know chip {case.chip}, which is supported from CANN {first['cann']} on. Set "
            f"ascend_cann_version to {first['cann']} or newer.",
            first["source"],
            "cann",
        )
    elif row.get("chips") and case.chip not in row["chips"]:
        named = ", ".join(row["chips"])
        case.warn(
            "cann-chip",
            f"CANN {cann} is published for chip {named}; {case.chip} is not named. Choose a release that names it, "
            f"or try "
            "it on one host first.",
            row["source"],
            "cann",
        )
    soc = case.host.get("soc")
    for item in chip.get("soc_from") or []:
        if item["soc"] != soc or versions.compare(row["cann"], item["from"]) >= 0:
            continue
        text = f"CANN {cann}: the first release that is known to support {soc} is {item['from']}"
        if versions.compare(row["cann"], item["until"]) <= 0:
            case.error(
                "cann-chip",
                f"{text}, and {item['until']} is known not to (its runtime finds no SoC name). Set "
                f"ascend_cann_version to "
                f"{item['from']} or newer.",
                item["source"],
                "cann",
            )
        else:
            case.warn("cann-chip", f"{text}. Set ascend_cann_version to it or a newer one.", item["source"], "cann")


def _build_of(cann, release):
    return versions.same(versions.community_base(cann), release)


def glibc(case):
    """glibc: torch_npu wheels from 2.7.1 on are manylinux_2_28."""
    torch = case.get("torch") or case.get("torch_npu")
    if not torch:
        return
    torch = public(torch)
    row = next(
        (
            item
            for item in case.catalog["torch"]
            if item.get("glibc") and versions.release(item["torch"]) == versions.release(torch)
        ),
        None,
    )
    present = case.host.get("glibc")
    if not present and case.host.get("os"):
        names, version, _pack = systems.os_of(case)
        known = (systems.row_of(case, names) or {}).get("glibc") or {}
        present = next((value for prefix, value in known.items() if version.split(".")[0] == prefix), None)
    newest = max(
        (item for item in case.catalog["torch"] if item.get("glibc")), key=lambda item: versions.key(item["torch"])
    )
    if row is None and versions.compare(torch, newest["torch"]) > 0:
        row = newest
    if row is not None and present and versions.compare(present, row["glibc"]) < 0:
        case.error(
            "glibc",
            "torch_npu for torch {} needs glibc {}, this host has {}: pip will find no wheel. Use "
            "torch 2.6.0 or older, or a newer operating system.".format(torch, row["glibc"], present),
            row["source"],
        )


def packages(case):
    """package-chip, package-arch, package-python, package-version: the files fit the host and the versions asked "
    "for."""
    grammar = case.catalog["filenames"]
    names = list(case.get("packages") or [])
    if case.get("mindspore_wheel"):
        names.append(case.get("mindspore_wheel"))
    for name in names:
        found = filenames.parse_package(name, grammar)
        if found is None:
            case.warn(
                "package-name",
                f"{name} is not named like a package of the vendor, so nothing can be said about it.",
                "catalog/filenames.yml",
                "ascend_artifacts",
            )
            continue
        source = next(row["source"] for row in grammar if row["id"] == found["row"])
        _package(case, name, found, source)


def _package(case, name, found, source):
    variant = case.host.get("variant")
    if found["chip"] and case.chip and found["chip"] != case.chip:
        case.error(
            "package-chip",
            "{} is for chip {}, this host has {}: the installer stops with 'package and "
            "environment is not match'. Stage the package for chip "
            "{}.".format(name, found["chip"], case.chip, case.chip),
            source,
            "ascend_artifacts",
        )
    elif found["chip"] == "310b" and variant and (found["variant"] or "ep") != variant:
        case.error(
            "package-chip",
            "{} is for a 310b used as {}, this host is {}: the -soc packages are for boards "
            "whose chip is the host itself. Stage the other one.".format(name, found["variant"] or "ep", variant),
            source,
            "ascend_artifacts",
        )
    arch = found["arch"]
    if found["component"] == "mindspore" and arch is None:
        arch = "aarch64"  # the "none-any" wheels of MindSpore hold aarch64 machine code
    if arch and case.host.get("arch") and arch != case.host["arch"]:
        case.error(
            "package-arch",
            "{} is for {}, this host is {}. Stage the {} file.".format(
                name, arch, case.host["arch"], case.host["arch"]
            ),
            source,
            "ascend_artifacts",
        )
    python = case.get("python")
    if found["python"] and python and found["python"] != "cp" + minor(python).replace(".", ""):
        case.error(
            "package-python",
            "{} is for {}, Python {} is wanted: pip says 'is not a supported wheel on this "
            "platform'. Take the wheel of Python {}.".format(name, found["python"], python, minor(python)),
            source,
            "python",
        )
    component = {"ops": "cann", "kernels": "cann", "toolkit": "cann", "nnae": "cann", "nnrt": "cann"}.get(
        found["component"], found["component"]
    )
    wanted = case.get(component) if component else None
    if wanted and isinstance(wanted, str) and not versions.same(found["version"], wanted):
        case.error(
            "package-version",
            "{} is version {}, {} {} is wanted. Stage the right file or change the version.".format(
                name, found["version"], component, wanted
            ),
            source,
            component,
        )

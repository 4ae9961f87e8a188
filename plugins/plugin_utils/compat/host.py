# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for what a host is: virtual or not, which chip, which operating system, and which package files fit it."""

import re

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import filenames
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.framework import minor

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


def _os(case):
    """(names, version): what the system may be called in lower case, and its version, "" when not said."""
    value = case.host.get("os")
    if isinstance(value, dict):
        return [(value.get("id") or "").lower()], value.get("version") or ""
    match = re.match(r"\s*([A-Za-z][^\d(]*?)[\s_-]*(?:\b[Vv]?(?=\d)|(?<=[A-Za-z])(?=\d))(\d[\w.]*)", value)
    name, version = (match.group(1), match.group(2)) if match else (value, "")
    words = re.split(r"[\s/_-]+", name.strip().lower())
    return ["".join(words), words[0]], version


def _os_row(case, names):
    return next(
        (
            row
            for row in case.catalog["os_support"]
            for name in names
            if name in [row["os"], *list(row.get("aliases") or [])]
        ),
        None,
    )


def os_support(case):
    """os-support and os-minimum-hdk: the operating systems Huawei's installer names."""
    if not case.host.get("os"):
        return
    names, version = _os(case)
    row = _os_row(case, names)
    if row is None:
        near = ", ".join(item["name"] for item in case.catalog["os_support"])
        case.error(
            "os-support",
            "{} is none of the systems Huawei names for Ascend ({}). Use one of them, or accept "
            "this finding: the driver then builds its modules from source, if at "
            "all.".format(_os_words(case.host["os"]), near),
            case.catalog["os_support"][0]["source"],
            "ascend_accept_findings",
        )
        return
    _os_minimum(case, row, version)
    arch = case.host.get("arch")
    listed = sorted({name for names in row["versions"].values() for name in names}, key=versions.key)
    here = (
        sorted(set(row["versions"].get(arch, []) + row["versions"].get("any", [])), key=versions.key)
        if arch
        else listed
    )
    if not version or any(_same_os(version, known) for known in here):
        if not here:
            case.warn("os-support", "{} on {} is not documented.".format(row["name"], arch), row["source"])
        return
    if _older_than_all(version, listed):
        case.error(
            "os-support",
            "{} {} is older than every one Huawei names ({}). Upgrade the system, or accept this finding.".format(
                row["name"], version, ", ".join(listed)
            ),
            row["source"],
            "ascend_accept_findings",
        )
    else:
        case.warn(
            "os-support",
            "{} {} is not documented{} (known: {}); the driver will need the kernel headers to build its "
            "modules.".format(row["name"], version, " on " + arch if arch else "", ", ".join(here) or "none"),
            row["source"],
        )


def _older_than_all(version, listed):
    numbers = [known for known in listed if versions.is_version(known)]
    return bool(numbers) and versions.is_version(version) and versions.compare(version, numbers[0]) < 0


def _os_words(value):
    return (
        " ".join(part for part in (value.get("id"), value.get("version")) if part) if isinstance(value, dict) else value
    )


def _same_os(version, known):
    """22.03 covers 22.03.1 and 22.03LTS; V10 covers v10 and 10."""
    found, wanted = version.lower().lstrip("v"), known.lower().lstrip("v")
    return found == wanted or re.match(re.escape(wanted) + r"(?![0-9])", found) is not None


def _os_minimum(case, os_row, version):
    driver, product = case.get("driver"), case.host.get("product")
    if not driver or not product or not version:
        return
    for row in case.catalog["os_minimum"]:
        if row["os"] != os_row["os"] or not any(_same_os(version, known) for known in row["versions"]):
            continue
        if case.chip not in (None, row.get("chip")) or case.host.get("arch") not in [None] + row["arch"]:
            continue
        if not any(name.lower() in product.lower() for name in row["products"]):
            continue
        if versions.compare(driver, row["driver"]) < 0:
            case.error(
                "os-minimum-hdk",
                "{} on {} {} needs driver {} or newer, not {}. Raise ascend_driver_version or leave it on auto.".format(
                    product, os_row["name"], version, row["driver"], driver
                ),
                row["source"],
                "driver",
            )


def glibc(case):
    """glibc: torch_npu wheels from 2.7.1 on are manylinux_2_28."""
    torch = case.get("torch") or case.get("torch_npu")
    if not torch:
        return
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
        names, version = _os(case)
        known = (_os_row(case, names) or {}).get("glibc") or {}
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

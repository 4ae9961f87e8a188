# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for the operating system of a host: what it is called, which version and service pack Huawei names, how old."""

import re

from ansible_collections.ascend.fleet.plugins.module_utils import versions

# "24.03 (LTS-SP3)", "24.03 LTS SP3", "24.03-LTS_SP3", "V10 SP1"
_PACK = re.compile(r"(?<![A-Za-z])SP[\s_-]?(\d+)(?![A-Za-z\d])", re.IGNORECASE)


def os_of(case):
    """(names, version, service pack) of the host's system.

    names: what it may be called, in lower case. version: "" when not said. service pack: its number, None when not
    said.
    """
    value = case.host.get("os")
    if isinstance(value, dict):
        names, text = [(value.get("id") or "").lower()], value.get("version") or ""
        version = re.split(r"[\s(_-]", text.strip(), maxsplit=1)[0]
    else:
        text = value
        match = re.match(r"\s*([A-Za-z][^\d(]*?)[\s_-]*(?:\b[Vv]?(?=\d)|(?<=[A-Za-z])(?=\d))(\d[\w.]*)", text)
        name, version = (match.group(1), match.group(2)) if match else (text, "")
        words = re.split(r"[\s/_-]+", name.strip().lower())
        names = ["".join(words), words[0]]
    found = _PACK.search(text)
    pack = int(found.group(1)) if found else None
    row = row_of(case, names)
    if row is not None and row.get("pack_is_minor") and pack is not None:  # EulerOS 2.0 (SP8) is EulerOS 2.8
        return names, "{}.{}".format(version.split(".")[0], pack), None
    return names, version, pack


def row_of(case, names):
    """The row of a system by one of its names, or None."""
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
    names, version, pack = os_of(case)
    row = row_of(case, names)
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
    if not version or any(_same_os(version, known) or _less_said(version, known) for known in here):
        if not here:
            case.warn("os-support", "{} on {} is not documented.".format(row["name"], arch), row["source"])
        _service_pack(case, row, version, pack)
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


def _service_pack(case, row, version, pack):
    """A warning for a service pack that no source names; where none is said, as in VERSION_ID, nothing is known."""
    listed = row.get("service_packs") or {}
    arch = case.host.get("arch")
    known = [
        (release, packs)
        for name, releases in listed.items()
        if arch in (None, name)
        for release, packs in releases.items()
        if _same_os(version, release)
    ]
    packs = sorted({one for _release, found in known for one in found})
    if pack is None or not known or pack in packs:
        return
    told = [item for item in row.get("trouble") or [] if _same_os(version, item["version"]) and item["pack"] == pack]
    release = known[0][0]
    named = ", ".join(f"SP{one}" if one else "the one without a service pack" for one in packs)
    words = "; {}".format(told[0]["words"]) if told else ""
    case.warn(
        "os-support",
        "{} {} SP{} is not documented{} (known: {}){}. Try the driver on one host first, or use one of those.".format(
            row["name"], release, pack, " on " + arch if arch else "", named, words
        ),
        "; ".join([row["source"], *(item["source"] for item in told)]),
        "ascend_accept_findings",
    )


def _less_said(version, known):
    """CentOS 7 may be 7.6: what was not said is not held against it."""
    return known.lower().lstrip("v").startswith(version.lower().lstrip("v") + ".")


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

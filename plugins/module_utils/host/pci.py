# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which accelerators are in a host, by their PCI ids, before any driver exists.

Pure, given a host_view.HostView and the catalog's rows of ids. The vendor's driver counts the same way:
virtual functions do not count (they have ``physfn``), and some devices hold two chips (hicann/driver common.sh).
"""

PCI = "/sys/bus/pci/devices"
VENDOR = "19e5"  # Huawei
_CLASS = "0x1200"  # processing accelerators
# Compression and crypto engines inside Kunpeng processors share vendor and class, and are no NPUs
# (Linux, drivers/crypto/hisilicon: zip a250/a251, sec a255/a256, hpre a258/a259).
# Drivers of the kernel that a device is bound to in order to give it to a virtual machine or to user space
# (Linux, Documentation/driver-api/vfio.rst; Xen's pciback).
_GIVEN_AWAY = ("vfio-pci", "pci-stub", "pciback", "xen-pciback", "uio_pci_generic", "igb_uio")
_ENGINES = ("a250", "a251", "a255", "a256", "a258", "a259")


# The rows of ids that the module takes.
_TEXT = {"type": "str"}
_NEEDED = {"type": "str", "required": True}
_ONE = {"type": "int", "default": 1}
PCI_ID = {
    "vendor": _NEEDED,
    "device": _NEEDED,
    "subsystem_vendor": _TEXT,
    "subsystem_device": _TEXT,
    "family": _NEEDED,
    "chips": _ONE,
    "devices_per_card": _ONE,
    "product": _TEXT,
    "role": _TEXT,
    "variant": _TEXT,
}


def accelerators(view, rows):
    """facts["accelerators"].

    ``rows``: [{"vendor", "device", "subsystem_vendor", "subsystem_device", "family", "chips", "devices_per_card",
    "product", "role", "variant"}], ids in hexadecimal without 0x.
    """
    devices, unknown, given = [], [], []
    matches, others = [], []
    for address in view.listdir(PCI):
        device = _device(view, address)
        if device is None:
            continue
        match = _match(device, rows)
        if match is None:
            if device.pop("class") == _CLASS and device["device"] not in _ENGINES:
                unknown.append(dict(device, family=None, chips=1))
            continue
        device.pop("class")
        driver = (view.readlink("%s/%s/driver" % (PCI, address)) or "").rsplit("/", 1)[-1]
        if driver in _GIVEN_AWAY:
            given.append({"address": address, "driver": driver})
            others.append(match)
            continue
        matches.append(match)
        devices.append(dict(device, family=match["family"], chips=match["chips"]))
    # A host that keeps no card for itself is still a host of that kind.
    kinds = matches or others
    families = _distinct(match["family"] for match in kinds)
    products = _distinct(match["product"] for match in kinds)
    roles = _distinct(match["role"] for match in kinds)
    variants = _distinct(match["variant"] for match in kinds)
    return {
        "family": families[0] if len(families) == 1 else None,
        "count": sum(device["chips"] for device in devices),
        "cards": _cards(matches),
        "product": products[0] if len(products) == 1 else None,
        "role": roles[0] if len(roles) == 1 else None,
        "variant": variants[0] if len(variants) == 1 else None,
        "devices": devices,
        "unknown": unknown,
        "unknown_names": [],
        "passed_through": given,
        "mixed": len(families) > 1,
    }


def from_npu_smi(found, chips, names):
    """Complete ``found`` from npu-smi's chips where the host shows no PCI tree (some containers, SoC boards).

    ``names``: {name as npu-smi prints it: family}. A name that settles the family makes ids that are not known
    a matter of course; a name that is not known is said.
    """
    if found["count"] or not chips:
        return found
    families = _distinct(names.get(chip.get("name")) for chip in chips)
    known = [family for family in families if family]
    return dict(
        found,
        unknown=[] if len(known) == len(families) == 1 else found["unknown"],
        unknown_names=_distinct(chip["name"] for chip in chips if chip.get("name") and chip["name"] not in names),
        family=known[0] if len(known) == 1 else None,
        count=len(chips),
        cards=len(_distinct(chip.get("npu_id") for chip in chips)),
        mixed=len(known) > 1,
    )


def _device(view, address):
    base = PCI + "/" + address + "/"
    if _id(view, base + "vendor") != VENDOR or view.exists(base + "physfn"):
        return None
    return {
        "address": address,
        "vendor": VENDOR,
        "device": _id(view, base + "device"),
        "subsystem_vendor": _id(view, base + "subsystem_vendor"),
        "subsystem_device": _id(view, base + "subsystem_device"),
        "class": (view.read(base + "class") or "").strip()[:6],
    }


def _id(view, path):
    """ "0x19e5\\n" -> "19e5"; None when the file is not there."""
    text = (view.read(path) or "").strip().lower()
    return (text[2:] if text.startswith("0x") else text).rjust(4, "0") if text else None


def _match(device, rows):
    """The row of exactly this card; else what all rows of its device id agree upon; else None."""
    same = [row for row in rows if row["vendor"] == device["vendor"] and row["device"] == device["device"]]
    subsystem = (device["subsystem_vendor"], device["subsystem_device"])
    for row in same:
        if (row["subsystem_vendor"], row["subsystem_device"]) == subsystem:
            return {
                "family": row["family"],
                "chips": row.get("chips") or 1,
                "product": row.get("product"),
                "devices_per_card": row.get("devices_per_card") or 1,
                "role": row.get("role"),
                "variant": row.get("variant"),
            }
    if not same:
        return None
    families = _distinct(row["family"] for row in same)
    roles = _distinct(row.get("role") for row in same)
    return {
        "family": families[0] if len(families) == 1 else None,
        "chips": 1,
        "product": None,
        "devices_per_card": same[0].get("devices_per_card") or 1,
        "role": roles[0] if len(roles) == 1 else None,
        "variant": None,
    }


def _cards(matches):
    """Cards as npu-smi numbers them: a device each, but for chips whose dies are devices of their own (A3)."""
    shares = [match["devices_per_card"] for match in matches]
    # A virtual machine may have been given one die of a card.
    return sum(-(-shares.count(share) // share) for share in set(shares))


def _distinct(values):
    return list(dict.fromkeys(values))

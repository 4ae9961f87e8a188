# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hardware of one simulated server, written as files that the container mounts."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

from .base import SIMULATOR, write_if_changed
from .description import KINDS, Host, chips

VENDOR = "19e5"
# Bus numbers in the order real eight-card servers enumerate them (npu id 0 is not the lowest bus).
_BUSES = (0xC1, 0x81, 0x41, 0x01, 0xC2, 0x82, 0x42, 0x02, 0xC3, 0x83, 0x43, 0x03, 0xC4, 0x84, 0x44, 0x04)


def cards(host: Host) -> list[dict]:
    """The accelerators of a host as the PCI bus shows them: address, node, and the chips on each.

    A card with two chips is one device (310P Duo), or two (A3, whose dies answer on a bus each).
    """
    if host.chip is None:
        return []
    model = chips()[host.chip]
    result, logic = [], 0
    for number in range(host.cards):
        address = f"0000:{_BUSES[number % 16]:02x}:{number // 16:02x}.0"
        node = number * 2 // max(host.cards, 2)
        on_card = []
        for chip_id in range(model["chips_per_card"]):
            on_card.append({"npu": model["first_npu"] + number, "chip": chip_id, "logic": logic})
            logic += 1
        if model.get("device_per_chip"):
            # Recorded: the first NPU's dies at 9D and 9F, the next's at 99 and 9B, and so on downwards.
            for chip in on_card:
                bus = (0x9D - 4 * number + 2 * chip["chip"]) % 256
                result.append({"address": f"0000:{bus:02x}:00.0", "chips": [chip], "node": node})
        else:
            result.append({"address": address, "chips": on_card, "node": node})
    return result


def write_pci_tree(host: Host, folder: Path) -> None:
    """A folder to mount over /sys/bus/pci/devices: a host bridge, a network card, the accelerators."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    _device(folder, "0000:00:00.0", "8086", "1237", ("0000", "0000"), 0x060000, 0)
    _device(folder, "0000:00:03.0", "1af4", "1041", ("1af4", "1100"), 0x020000, 0)
    if host.chip is None:
        return
    model = chips()[host.chip]
    for card in cards(host):
        _device(folder, card["address"], VENDOR, model["device"], tuple(model["subsystem"]), 0x120000, card["node"])


def _device(folder: Path, address: str, vendor: str, device: str, subsystem: tuple, pci_class: int, node: int) -> None:
    place = folder / address
    place.mkdir()
    texts = {
        "vendor": f"0x{vendor}",
        "device": f"0x{device}",
        "subsystem_vendor": f"0x{subsystem[0]}",
        "subsystem_device": f"0x{subsystem[1]}",
        "class": f"0x{pci_class:06x}",
        "revision": "0x20",
        "numa_node": str(node),
        "irq": "0",
        "enable": "1",
        "resource": "\n".join(["0x0000000000000000 0x0000000000000000 0x0000000000000000"] * 13),
        "uevent": f"PCI_CLASS={pci_class:X}\nPCI_ID={vendor.upper()}:{device.upper()}\nPCI_SLOT_NAME={address}",
    }
    for name, text in texts.items():
        (place / name).write_text(text + "\n")
    # The configuration space, which is what lspci reads.
    header = struct.pack(
        "<HHHHBBBBBBBB",
        int(vendor, 16),
        int(device, 16),
        0x0006,
        0x0010,
        0x20,
        pci_class & 0xFF,
        pci_class >> 8 & 0xFF,
        pci_class >> 16,
        0,
        0,
        0,
        0,
    )
    header += bytes(28) + struct.pack("<HH", int(subsystem[0], 16), int(subsystem[1], 16))
    (place / "config").write_bytes(header.ljust(256, b"\0"))


def mounted_driver(host: Host, folder: Path) -> list[tuple[Path, str]]:
    """What a container gets of its host's driver (setting ``mounted_driver``: a version), as (source, target).

    The paths that the vendor's container guide maps: the driver's libraries and version file, dcmi, npu-smi and the
    record of the installation. The device nodes are made by ``host/hardware``.
    """
    version = host.settings.get("MOUNTED_DRIVER")
    if not version:
        return []
    info = {"Version": version, "ascendhal_version": "7.35.23", "Innerversion": "", "package_version": version}
    record = {
        "UserName": "HwHiAiUser",
        "UserGroup": "HwHiAiUser",
        "Driver_Install_Type": "full",
        "Driver_Install_Path_Param": "/usr/local/Ascend",
        "Driver_Install_For_All": "yes",
        "Driver_Install_Mode": "normal",
        "Driver_Install_Status": "complete",
    }
    npu_smi = (SIMULATOR / "vendor" / "npu-smi").read_text().replace("@TOOL_VERSION@", version)
    write_if_changed(folder / "version.info", _lines(info))
    write_if_changed(folder / "ascend_install.info", _lines(record))
    write_if_changed(folder / "npu-smi", npu_smi, 0o755)
    for path in ("lib64/common/libascend_hal.so", "lib64/driver/libdcmi.so", "dcmi/libdcmi.so"):
        write_if_changed(folder / path, f"simulated driver {version}\n")
    return [
        (folder / "lib64", "/usr/local/Ascend/driver/lib64:ro"),
        (folder / "version.info", "/usr/local/Ascend/driver/version.info:ro"),
        (folder / "dcmi", "/usr/local/dcmi:ro"),
        (folder / "npu-smi", "/usr/local/bin/npu-smi:ro"),
        (folder / "ascend_install.info", "/etc/ascend_install.info:ro"),
    ]


def _lines(values: dict[str, str]) -> str:
    return "".join(f"{key}={text}\n" for key, text in values.items() if text)


def write_state(host: Host, folder: Path) -> None:
    """A fresh /var/lib/npu-sim: what the hardware is, factory firmware, nothing loaded, no faults."""
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "faults").mkdir(parents=True)
    (folder / "kernel").mkdir()
    (folder / "kernel" / "modules").touch()
    model = chips()[host.chip] if host.chip else {"family": "", "layout": "", "factory_firmware": "0"}
    settings = {
        "CHIP": model["family"],
        "LAYOUT": model["layout"],
        "KIND": host.kind,
        "VIRT": KINDS[host.kind],
        "CARDS": str(host.cards),
        "INSTALLER_SECONDS": "1",
        "DRIVER_TYPE": "Direct",
        "FIRST_INSTALL": "hot",
        **host.settings,
    }
    write_if_changed(folder / "hardware.conf", "".join(f"{key}='{value}'\n" for key, value in settings.items()))
    write_if_changed(folder / "chips.tsv", chip_table(host))
    for name in ("firmware.flash", "firmware.running"):
        write_if_changed(folder / name, model["factory_firmware"] + "\n")
    write_if_changed(
        folder / "processes",
        "".join(
            f"{row['npu']} {row.get('chip', 0)} {row['pid']} {row.get('memory', 0)} {row['name']}\n"
            for row in host.processes
        ),
    )
    write_if_changed(
        folder / "health", "".join(f"{row['npu']} {row.get('chip', 0)} {row['health']}\n" for row in host.health)
    )


def chip_table(host: Host) -> str:
    """One line per chip: npu, chip, logic id, bus, name, DDR used and total, HBM used and total, power, temperature."""
    if host.chip is None:
        return ""
    model = chips()[host.chip]
    lines = []
    for card in cards(host):
        for chip in card["chips"]:
            power = "NA" if model["power"] is None else f"{model['power'] + chip['npu'] % 4:.1f}"
            if model["layout"] == "L3" and chip["chip"]:
                power = "-"
            hbm = model["hbm"] or [0, 0]
            lines.append(
                "\t".join(
                    str(value)
                    for value in (
                        chip["npu"],
                        chip["chip"],
                        chip["logic"],
                        card["address"].upper(),
                        model.get("name", host.chip),
                        *model["ddr"],
                        *hbm,
                        power,
                        model["temperature"] + chip["npu"] % 3,
                    )
                )
            )
    return "\n".join(lines) + "\n"

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about the NPUs as npu-smi, device nodes and the kernel show them. See rules.py for what a rule is.

Sources: the vendor's open driver scripts (hicann/driver), its installer's FAQ, and transcripts of users.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.host import busy, deeper
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.rule import HIDDEN, rule

_SCRIPTS = "hicann/driver scripts/package"


_MANAGERS = ("/dev/davinci_manager", "/dev/devmm_svm", "/dev/hisi_hdc")
_RUNTIME = "start it with the Ascend Docker runtime, or with --device and -v for each"
# Families whose boards are known to show Alarm at rest, and to work (npu-smi of Orange Pi AIpro and others: 80E3A203).
_ALARM_AT_REST = ("310b",)
_BOARD_UNREADABLE = -9005  # npu-smi's own: it could not read a board; the driver's are -8xxx


def _contained(facts: dict[str, Any]) -> bool:
    return facts["host_kind"] == "container"


def _kernel(facts: dict[str, Any], says: Any) -> str:
    """The last line of the kernel's log of this kind, as an addition to other evidence."""
    lines = [line for line in (facts.get("probe") or {}).get("kernel_log", ()) if says(line)]
    return f"; kernel: {lines[-1]}" if lines else ""


def _has_node(facts: dict[str, Any]) -> bool:
    names = [row["path"] for row in facts["devices"]]
    return any(name.startswith("/dev/davinci") and name[12:].isdigit() for name in names)


def _all_given_away(facts: dict[str, Any]) -> bool:
    found = facts["accelerators"]
    return bool(found.get("passed_through")) and not found["count"]


def _half_seen(facts: dict[str, Any]) -> bool:
    """Whether npu-smi only could not read every board, in a container that has cards."""
    return _contained(facts) and facts["npu"]["code"] == _BOARD_UNREADABLE and _has_node(facts)


def _npu_failed(kinds: tuple[str, ...]) -> Any:
    def when(facts: dict[str, Any]) -> str | None:
        npu = facts["npu"]
        if npu["kind"] not in kinds or _half_seen(facts) or _all_given_away(facts):
            return None
        if not (facts["driver"]["installed"] or facts["devices"]):
            return None
        return "npu-smi: {}{}".format(npu["message"], _kernel(facts, deeper.device_lost))

    return when


def _taken(facts: dict[str, Any]) -> str | None:
    evidence = _npu_failed(("device_busy",))(facts)
    if not evidence:
        return None
    holders = [row for row in facts["busy"] if row.get("source") == "namespace"] or facts["busy"]
    held = f"; held by {'; '.join(map(busy.describe, holders[:4]))}" if holders else ""
    return evidence + held + _kernel(facts, deeper.device_wanted_twice)


def _taken_fix(facts: dict[str, Any]) -> str:
    names = [row["container"] for row in facts["busy"] if row.get("source") == "namespace" and row.get("container")]
    if names:
        return "End {}, or give each container NPUs of its own: whoever has them in a namespace has them alone.".format(
            ", ".join(dict.fromkeys(names))
        )
    return _npu_fix(facts)


def _npu_fix(facts: dict[str, Any]) -> str:
    return facts["npu"]["fix"] or "Look at dmesg and /var/log/npu."


def _half(facts: dict[str, Any]) -> str | None:
    if not _half_seen(facts):
        return None
    cards = [row["path"] for row in facts["devices"] if row["path"][12:].isdigit()]
    return "npu-smi: {}; this container has {}".format(facts["npu"]["message"], ", ".join(cards))


def _passed_through(facts: dict[str, Any]) -> str | None:
    rows = facts["accelerators"].get("passed_through") or []
    return ", ".join(f"{row['address']} is bound to {row['driver']}" for row in rows) or None


def _unknown_name(facts: dict[str, Any]) -> str | None:
    return ", ".join(f"npu-smi says {name}" for name in facts["accelerators"].get("unknown_names") or []) or None


def _chips_missing(facts: dict[str, Any]) -> str | None:
    seen, built = len(facts["npu"]["chips"]), facts["accelerators"]["count"]
    if facts["npu"]["available"] and not _contained(facts) and seen < built:
        return f"{built} chips on the PCI bus, npu-smi shows {seen}{_kernel(facts, deeper.device_lost)}"
    return None


def _at_rest(facts: dict[str, Any], chip: dict[str, Any]) -> bool:
    return facts["accelerators"]["family"] in _ALARM_AT_REST and chip.get("health") == "Alarm"


def _health(facts: dict[str, Any], at_rest: bool) -> str:
    rows = [
        chip
        for chip in facts["npu"]["chips"]
        if chip.get("health") not in (None, "OK") and _at_rest(facts, chip) is at_rest
    ]
    return ", ".join("NPU {} chip {}: {}".format(row.get("npu_id"), row.get("chip_id"), row["health"]) for row in rows)


def _tool_version(facts: dict[str, Any]) -> str | None:
    npu = facts["npu"]
    tool, driver = npu["npu_smi_version"], npu["driver_version"]
    return f"npu-smi {tool}, driver {driver}" if tool and driver and not versions.same(tool, driver) else None


def _busy(facts: dict[str, Any]) -> str:
    rows = facts["busy"]
    text = ", ".join("pid {} ({})".format(row["pid"], row["container"] or row["command"]) for row in rows[:8])
    return text + (f" and {len(rows) - 8} more" if len(rows) > 8 else "")


def _guest_devices(facts: dict[str, Any]) -> str | None:
    if not _contained(facts) or not (facts["accelerators"]["count"] or facts["devices"]):
        return None
    if not _has_node(facts):
        return "no /dev/davinci device"
    names = [row["path"] for row in facts["devices"]]
    missing = [name for name in _MANAGERS if name not in names]
    return "missing: " + ", ".join(missing) if missing else None


def _mounts(facts: dict[str, Any]) -> str | None:
    missing = facts.get("missing_mounts") or []
    if facts["npu"]["available"] or not missing or not (facts["devices"] or facts["driver"]["installed"]):
        return None
    return "not there: " + ", ".join(missing)


def _closed_devices(facts: dict[str, Any]) -> str | None:
    if facts["driver"]["install_info"].get("Driver_Install_For_All") == "yes":
        return None
    group = facts["driver"]["install_info"].get("UserGroup") or facts["user"]["group"] or facts["user"]["name"]
    owners = sorted({row["owner"] for row in facts["environments"]} - {"root", facts["user"]["name"], None})
    if not facts["driver"]["installed"] or not owners:
        return None
    return "environments of {}; the driver was installed for group {}, not for all users".format(
        ", ".join(owners), group
    )


RULES = (
    rule(
        "driver-not-loaded",
        "error",
        _npu_failed(("driver_not_loaded",)),
        "The driver does not answer.",
        _npu_fix,
        "vllm-project/vllm-ascend#2698; hicann/driver",
        "Give the container the device nodes and the driver's files (the Ascend Docker runtime does, or --device and "
        "-v); when it has them, look at npu-smi on its host.",
    ),
    rule(
        "npu-taken",
        "error",
        _taken,
        "Another container or virtual machine holds the NPUs.",
        _taken_fix,
        "Ascend/cann-container-image#46; Project-HAMi/ascend-device-plugin#23",
        "Give each container NPUs of its own, and the mounts that container-mounts names; on the host, "
        "ascend.fleet.doctor says who holds them.",
    ),
    rule(
        "npu-smi-hangs",
        "error",
        _npu_failed(("timeout",)),
        "npu-smi hangs.",
        _npu_fix,
        "hicann/driver",
        "Look at npu-smi on the container's host: the driver is stuck there, or another container is at it.",
    ),
    rule(
        "npu-smi-fails",
        "warning",
        _npu_failed(
            ("permission_denied", "no_device", "missing_library", "not_found", "not_supported", "unrecognised")
        ),
        "npu-smi does not show the NPUs.",
        _npu_fix,
        "hicann/driver",
        "Give the container npu-smi and the driver's files of its host (the Ascend Docker runtime does, or -v), "
        "LD_LIBRARY_PATH with driver/lib64/common and driver/lib64/driver, and a user in the device nodes' group.",
    ),
    rule(
        "chips-missing",
        "error",
        _chips_missing,
        "Not every chip is up.",
        "Wait a minute and reboot; if a card stays away, install firmware, then driver again; if lspci misses it as "
        "well, it is the hardware.",
        _SCRIPTS + " (chips not ready)",
        HIDDEN,
    ),
    rule(
        "chips-unhealthy",
        "error",
        lambda facts: _health(facts, at_rest=False),
        "A chip is not healthy.",
        "npu-smi info -t health -i <npu> names the fault codes; dmesg and /var/log/npu say more. Where a reset may "
        "help: ansible-playbook ascend.fleet.reset_chip -e reset_host=<host> -e reset_chip=<npu>/<chip>.",
        "npu-smi",
        "On the container's host, npu-smi info -t health -i <npu> names the fault codes.",
    ),
    rule(
        "chips-alarm-at-rest",
        "warning",
        lambda facts: _health(facts, at_rest=True),
        "A board of the 310B shows Alarm, as many do at rest.",
        "npu-smi info -t health -i <npu> -c <chip> names the code: with 80E3A203 alone such boards work; others are "
        "faults.",
        "npu-smi of Orange Pi AIpro and Atlas 200I DK A2 boards",
    ),
    rule(
        "chip-name-unknown",
        "warning",
        _unknown_name,
        "The catalog does not know the chips by this name.",
        "Set ascend_chip to their family, or add the name to npu_smi_names in chips.yml of the folder that "
        "ascend_catalog_overlay names.",
        "catalog/chips.yml",
    ),
    rule(
        "chips-passed-through",
        "info",
        _passed_through,
        "Cards were given to virtual machines; this host does not count them.",
        "Nothing, if that is meant. To take one back: end the virtual machine, clear its driver_override, unbind it "
        "and let /sys/bus/pci/drivers_probe bind it again.",
        "Linux, Documentation/driver-api/vfio.rst",
        HIDDEN,
    ),
    rule(
        "npu-smi-version",
        "info",
        _tool_version,
        "npu-smi and the loaded driver are of different releases.",
        "Reboot after an upgrade; otherwise another npu-smi stands earlier in PATH.",
        "npu-smi",
        "The image has an npu-smi of its own: mount that of the host in its place.",
    ),
    rule(
        "container-devices",
        "error",
        _guest_devices,
        "The container lacks device nodes.",
        "Start it with --device for each /dev/davinciN it needs, /dev/davinci_manager, /dev/devmm_svm and "
        "/dev/hisi_hdc, or with the Ascend Docker runtime.",
        "vllm-ascend installation guide",
    ),
    rule(
        "container-mounts",
        "warning",
        _mounts,
        "The container lacks files of its host's driver.",
        lambda facts: f"For these, {_RUNTIME}; lib64 is enough of the driver's folder, not the whole.",
        "vllm-ascend installation guide; users' reports of -8020 without /usr/local/dcmi",
    ),
    rule(
        "container-npu-smi",
        "warning",
        _half,
        "npu-smi does not see every board of the host: with some of the cards that is no proof of a fault.",
        "Ask the framework how many it sees: torch.npu.device_count() with torch_npu, or acl.rt.get_device_count(). If "
        "it fails as well, compare the container's devices and mounts with those above.",
        "five independent reports (vllm-ascend, MindCluster)",
    ),
    rule(
        "npu-in-use",
        "info",
        _busy,
        "Processes use the NPUs; the driver cannot be changed while they do.",
        "Stop them and the containers first, or let ascend_busy_policy: wait wait for them.",
        _SCRIPTS + " install.sh",
        HIDDEN,
    ),
    rule(
        "users-not-in-group",
        "warning",
        _closed_devices,
        "Users of these environments may not use the NPUs.",
        lambda facts: (
            "usermod -aG %s <user>, or install the driver with --install-for-all."
            % (facts["driver"]["install_info"].get("UserGroup") or facts["user"]["name"])
        ),
        "CANN 8.1 install.sh",
        "Start the container with --group-add and the number of the group that the device nodes have.",
    ),
)

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the operating system that Ascend's documents ask for, as they are now.

Pure, given a host_view.HostView (or anything with its methods). What a host does not have is None.
"""

import re

CPUS = "/sys/devices/system/cpu"
THP = "/sys/kernel/mm/transparent_hugepage/enabled"
PCI = "/sys/bus/pci/devices"
_HUAWEI, _ACCELERATOR = "0x19e5", "0x12"  # a processing accelerator by its PCI class

# Where the kernel keeps a setting of ascend_host_tuning that sysctl.d(5) can keep over a reboot.
SYSCTL = {
    "swappiness": "vm.swappiness",
    "numa_balancing": "kernel.numa_balancing",
    "hugepages": "vm.nr_hugepages",
    "reserved_ports": "net.ipv4.ip_local_reserved_ports",
}
# The limits of a session, by their names in limits.conf(5) and in /proc/<pid>/limits.
LIMITS = {
    "open_files": ("nofile", "Max open files"),
    "locked_memory": ("memlock", "Max locked memory"),
    "processes": ("nproc", "Max processes"),
}
UNLIMITED = "unlimited"


def sysctl_path(name):
    """Where the kernel shows a setting of sysctl's."""
    return "/proc/sys/" + name.replace(".", "/")


def observed(view):
    """doctor_probe["tuning"], and what the change of it goes by."""
    return {
        "governors": governors(view),
        "transparent_hugepages": chosen(view.read(THP, 4096)),
        "sysctl": {name: _value(view.read(sysctl_path(name), 65536)) for name in sorted(SYSCTL.values())},
        "port_range": _value(view.read(sysctl_path("net.ipv4.ip_local_port_range"), 4096)),
        "limits": limits(view.read("/proc/self/limits", 65536)),
        "numa_nodes": len([name for name in view.listdir("/sys/devices/system/node") if re.match(r"node\d+$", name)]),
        "accelerators": accelerators(view),
    }


def governor_files(view):
    """The files that say, and take, what governs each CPU's frequency; [] where nothing does."""
    names = [name for name in view.listdir(CPUS) if re.match(r"cpu\d+$", name)]
    paths = ["%s/%s/cpufreq/scaling_governor" % (CPUS, name) for name in names]
    return [path for path in paths if view.isfile(path)]


def is_governor_file(path):
    """Whether a path is that of a CPU's governor."""
    return bool(re.match(r"%s/cpu\d+/cpufreq/scaling_governor\Z" % CPUS, path))


def governors(view):
    """{governor: CPUs that have it}; {} where the kernel does not scale frequencies, as in most virtual machines."""
    found = {}
    for path in governor_files(view):
        name = _value(view.read(path, 4096))
        if name:
            found[name] = found.get(name, 0) + 1
    return found


def chosen(text):
    """The word in brackets of a file such as C(always [madvise] never)."""
    match = re.search(r"\[(\w+)\]", text or "")
    return match.group(1) if match else _value(text)


def limits(text):
    """{"nofile": {"soft", "hard"}, ...} of /proc/<pid>/limits: numbers, or "unlimited"."""
    found = {}
    for name, words in LIMITS.values():
        match = re.search(r"^%s\s+(\w+)\s+(\w+)" % re.escape(words), text or "", re.MULTILINE)
        if match:
            found[name] = {"soft": _number(match.group(1)), "hard": _number(match.group(2))}
    return found


def accelerators(view):
    """[{"address", "numa_node", "iommu"}] of the accelerators on the PCI bus.

    numa_node is None where the firmware does not tell it, iommu the kind of the device's domain (identity, DMA, ...) or
    None without one.
    """
    rows = []
    for address in view.listdir(PCI):
        folder = "%s/%s/" % (PCI, address)
        if _value(view.read(folder + "vendor", 64)) != _HUAWEI:
            continue
        if not (view.read(folder + "class", 64) or "").startswith(_ACCELERATOR):
            continue
        node = _value(view.read(folder + "numa_node", 64))
        known = bool(node) and node.isdigit()
        domain = _value(view.read(folder + "iommu_group/type", 64))
        rows.append({"address": address, "numa_node": int(node) if known else None, "iommu": domain})
    return rows


def ports(text):
    """The ports of a list such as C(60000-60031,8080), as pairs of first and last. Raises ValueError."""
    found = []
    for part in (text or "").split(","):
        if not part.strip():
            continue
        first, dash, last = part.strip().partition("-")
        pair = (int(first), int(last) if dash else int(first))
        if not 0 < pair[0] <= pair[1] < 65536:
            raise ValueError(part)
        found.append(pair)
    return found


def _value(text):
    """A file's value in one line with single spaces; None without one."""
    return None if text is None else " ".join(text.split())


def _number(word):
    return int(word) if word.isdigit() else word

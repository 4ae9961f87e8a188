# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operating system of a host is: distribution, kernel, host kind, boot, users, disks, device nodes.

Pure, given a host_view.HostView (or anything with its methods). What cannot be told is None.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils.host import busy

DETECT_VIRT = ("/usr/bin/systemd-detect-virt", "/bin/systemd-detect-virt")

# systemd-detect-virt(1): what it calls a container; every other answer but "none" is a virtual machine.
_CONTAINERS = (
    "openvz",
    "lxc",
    "lxc-libvirt",
    "systemd-nspawn",
    "docker",
    "podman",
    "rkt",
    "wsl",
    "proot",
    "pouch",
    "container-other",
    "isulad",
)
_DMI = re.compile(
    r"KVM|QEMU|VMware|VirtualBox|Bochs|Xen|Virtual Machine|OpenStack|HVM domU|Parallels|BHYVE|oVirt|"
    r"RHEV|Alibaba Cloud ECS|Google Compute Engine",
    re.IGNORECASE,
)
_APT = ("debian", "ubuntu")
_ARCH = {"arm64": "aarch64", "amd64": "x86_64"}


def architecture(view):
    """The machine's name as the vendor's packages spell it: "aarch64" or "x86_64" (or whatever else it is)."""
    machine = view.uname()["machine"]
    return _ARCH.get(machine, machine)


def operating_system(view):
    """facts["os"]: os-release, and the package manager that is there."""
    text = view.read("/etc/os-release") or view.read("/usr/lib/os-release") or ""
    release = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            release[key] = value.strip().strip("\"'")
    identifier = (release.get("ID") or "").lower() or None
    like = release.get("ID_LIKE", "").lower().split()
    tools = [name for name in ("dnf", "yum", "apt-get") if which(view, name)]
    manager = _package_manager([identifier] + like, tools)
    return {
        "id": identifier,
        "id_like": like,
        "version": release.get("VERSION_ID") or None,
        "name": release.get("PRETTY_NAME") or release.get("NAME") or None,
        "family": {"apt-get": "apt", "dnf": "dnf", "yum": "dnf"}.get(manager),
        "package_manager": manager,
    }


def _package_manager(words, tools):
    """The tool that fits the distribution; Kylin and UOS exist in both families, so the tool that is there decides."""
    if any(word in _APT for word in words) and "apt-get" in tools:
        return "apt-get"
    rpm = [tool for tool in tools if tool != "apt-get"]
    return rpm[0] if rpm else tools[0] if tools else None


def which(view, name):
    """The path of a command, or None. A non-root PATH often lacks the sbin folders, so they are always looked at."""
    for folder in ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        if view.executable(folder + "/" + name):
            return folder + "/" + name
    return None


def kernel(view):
    """facts["kernel"]; headers are there when the build folder that DKMS uses leads somewhere."""
    release = view.uname()["release"]
    return {"release": release, "headers": view.isdir("/lib/modules/%s/build" % release)}


def glibc_version(view):
    """ "2.36", or None where the C library is another one."""
    name, _space, version = (view.glibc() or "").partition(" ")
    return version or None if name == "glibc" else None


def host_kind(view):
    """(kind, evidence): "physical", "vm" or "container", and how it was told."""
    for path in DETECT_VIRT:
        if view.executable(path):
            # The tool ends with 1 when it finds nothing, so only its word counts.
            answer = (view.run([path], timeout=5) or (None, ""))[1].strip()
            if answer:
                return _kind_of(answer), "systemd-detect-virt: %s" % answer
    name = (view.read("/run/systemd/container") or "").strip()
    if name:
        return "container", "/run/systemd/container: %s" % name
    for path in ("/run/.containerenv", "/.dockerenv"):
        if view.exists(path):
            return "container", "%s exists" % path
    match = re.search(r"(?:^|\0)container=([^\0]+)", view.read("/proc/1/environ") or "")
    if match:
        return "container", "pid 1 has container=%s" % match.group(1)
    for name in ("product_name", "sys_vendor", "board_vendor", "bios_vendor"):
        value = (view.read("/sys/class/dmi/id/" + name) or "").strip()
        if _DMI.search(value):
            return "vm", "DMI %s: %s" % (name, value)
    hypervisor = (view.read("/sys/hypervisor/type") or "").strip()
    if hypervisor:
        return "vm", "/sys/hypervisor/type: %s" % hypervisor
    if re.search(r"^flags\s*:.*\bhypervisor\b", view.read("/proc/cpuinfo", 8192) or "", re.MULTILINE):
        return "vm", "/proc/cpuinfo has the hypervisor flag"
    return "physical", "no sign of a virtual machine or a container"


def _kind_of(answer):
    if answer == "none":
        return "physical"
    return "container" if answer in _CONTAINERS else "vm"


# A user with a number of its own, as somebody asks for it.
ACCOUNT = {
    "name": {"type": "str", "required": True},
    "group": {"type": "str", "required": True},
    "number": {"type": "int", "required": True},
}


def accounts(view, wanted):
    """facts["accounts"]: who has the names and the numbers of users that somebody wants.

    Args:
        wanted: [{"name", "group", "number"}].
    """
    rows = []
    for one in wanted:
        holder = view.id_holder(one["number"])
        rows.append(
            {
                "name": one["name"],
                "uid": (view.account(one["name"]) or {}).get("uid"),
                "gid": view.group_id(one["group"]),
                "user_of_id": holder["user"],
                "group_of_id": holder["group"],
            }
        )
    return rows


def user(view, name):
    """facts["user"] of the driver's run user."""
    entry = view.account(name) or {}
    return {
        "name": name,
        "exists": bool(entry),
        "uid": entry.get("uid"),
        "group": entry.get("group"),
        "groups": entry.get("groups") or [],
        "shell": entry.get("shell"),
        "home": entry.get("home"),
        "makes_group": not entry and view.group_id(name) is None and _user_groups(view),
    }


def _user_groups(view):
    """Whether useradd makes a group of a new user's name (USERGROUPS_ENAB, which is off where login.defs lacks it)."""
    found = re.findall(r"^[ \t]*USERGROUPS_ENAB[ \t]+(\S+)", view.read("/etc/login.defs") or "", re.MULTILINE)
    return bool(found) and found[-1].strip('"').lower() == "yes"


def devices(view):
    """facts["devices"]: the driver's nodes under /dev with owner, group and mode."""
    rows = []
    for name in view.listdir("/dev"):
        if busy.DEVICE.match("/dev/" + name):
            status = view.stat_owner("/dev/" + name) or {}
            rows.append(
                {
                    "path": "/dev/" + name,
                    "owner": status.get("owner"),
                    "group": status.get("group"),
                    "mode": status.get("mode"),
                }
            )
    rows.sort(key=lambda row: [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", row["path"])])
    return rows


def disks(view, paths):
    """facts["disk"]: free and total MiB and the file system's type where each path is, or would be.

    ``owner`` and ``mode`` are the path's own, None while it does not exist: the vendor's installers refuse
    folders that are not root's, or closed to others.
    """
    mounts = _mounts(view)
    result = {}
    for path in paths:
        place = path
        while place != "/" and not view.exists(place):
            place = place.rsplit("/", 1)[0] or "/"
        space = view.space(place) or {}
        status = (view.stat_owner(path) if place == path else None) or {}
        result[path] = {
            "free_mb": space.get("free_mb"),
            "total_mb": space.get("total_mb"),
            "filesystem": _filesystem(mounts, view.realpath(place)),
            "owner": status.get("owner"),
            "mode": status.get("mode"),
        }
    return result


def _mounts(view):
    """[(mount point, type)] in mount order."""
    mounts = []
    for line in (view.read("/proc/self/mountinfo") or "").splitlines():
        left, dash, right = line.partition(" - ")
        fields, kinds = left.split(), right.split()
        if dash and len(fields) > 4 and kinds:
            point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), fields[4])
            mounts.append((point, kinds[0]))
    return mounts


def _filesystem(mounts, path):
    """The type of the last mount on the longest mount point that leads to ``path``."""
    best, kind = -1, None
    for point, name in mounts:
        if (path == point or path.startswith(point.rstrip("/") + "/")) and len(point) >= best:
            best, kind = len(point), name
    return kind

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor wants to know of a sick host beyond the facts: things too dear, or too rare, to look at every time.

Pure, given a host_view.HostView (or anything with its methods). Reads only; the commands that may run are ldd and
dmesg. What cannot be told is None or empty.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils.environment.wanted import MARKER, normalize, parse_dist_info
from ansible_collections.ascend.fleet.plugins.module_utils.host import busy, tuning
from ansible_collections.ascend.fleet.plugins.module_utils.host.system import which
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import (
    complaints as vendor_errors,
)
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import (
    files as vendor_files,
)
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import hccl_errors

DKMS = "/var/lib/dkms/davinci_ascend"
LOGS = "/var/log/ascend_seclog"
# Asked for by CANN's prereq_check.bash; numpy, sympy and protobuf are among the facts already.
COMPILER_PACKAGES = ("attrs", "cffi", "decorator", "psutil", "scipy")
_TAIL = 65536  # bytes of a log that are looked at
_LOGIN_FILES = (
    "/etc/profile",
    "/etc/bashrc",
    "/etc/bash.bashrc",
    "/etc/environment",
    "/root/.bashrc",
    "/root/.bash_profile",
    "/root/.profile",
)
_UMASK_FILES = ("/etc/profile", "/etc/bashrc", "/etc/bash.bashrc")
_KERNEL_GCC = re.compile(r"\bgcc(?:-\d+)? (?:version |\([^)]*\) )(\d+(?:\.\d+)*)")
_SUCCESS = re.compile(r"installed successfully|install success|upgraded? success", re.IGNORECASE)
_COMPLAINT = re.compile(r"\[ERROR\]|ERR_NO:", re.IGNORECASE)
# A vendor package, or the shell script that makeself unpacked it to.
_INSTALLER = re.compile(
    r"(?:Ascend-(?:hdk|cann)|A\w+-npu|Atlas-A3)[^\0]*\.run\b|run_driver_install\.sh|"
    r"run_firmware_install\.sh"
)
_SWITCHES = (
    "--full",
    "--run",
    "--install",
    "--upgrade",
    "--uninstall",
    "--check",
    "--quiet",
    "--force",
    "--install-for-all",
)
_TICKS = 100  # a second; USER_HZ, the same on every architecture the vendor supports
_OUR_MODULES = re.compile(r"drv_|davinci|ascend|devdrv|devmm|hisi_hdc", re.IGNORECASE)
# A device that fell off the bus, or does not answer (hicann/driver; transcripts of users).
_LOST = re.compile(
    r"device is abnormal|unsuccessful\. \(ret=-19|heart ?beat[^\n]*(?:lost|stop|timeout)|device[^\n]*(?:lost|offline)"
    r"|link[^\n]*\bdown\b|AER:[^\n]*(?:fatal|uncorrect)",
    re.IGNORECASE,
)
# Two that want the same devices for themselves.
_CONFLICT = re.compile(r"uda_occupy_dev_by_ns|conflict open udevid|already in use", re.IGNORECASE)
_LINES = 5  # of each kind
# Homes that are looked into, the newest logs of jobs in each, errors that are told.
_HOMES, _JOB_LOGS, _HCCL_ROWS = 64, 8, 50
_REFUSED = re.compile(
    r"Unknown symbol|version magic|disagrees about version of symbol|Key was rejected|"
    r"Required key not available|Loading of (?:unsigned|module)[^\n]*rejected"
)


def collect(view, params, now):
    """Everything the doctor's rules about the system look at.

    Args:
        view: the host.
        params: install_path, env_root and controller_time (seconds since 1970 on the control node, or None).
        now: seconds since 1970 on the host.

    Returns:
        dict: the documented value C(doctor_probe) of the module.
    """
    controller = params["controller_time"]
    places = [env for env in _environments(view, params["env_root"].rstrip("/")) if env[2]]
    return {
        "time": now,
        "clock_offset": None if controller is None else now - controller,
        "pam_su_rootok": pam_su_rootok(view),
        "kernel_compiler": kernel_compiler(view),
        "umask": umask(view),
        "umask_files": umask_files(view),
        "sshd": sshd(view),
        "dkms": dkms(view),
        "logs": complaints(view),
        "hccl": hccl(view),
        "kernel_log": kernel_log(view),
        "tuning": tuning.observed(view),
        "installers": installers(view),
        "install_path": params["install_path"].rstrip("/") or "/",
        "parents": parents(view, params["install_path"]),
        "cann_record": vendor_files.install_paths(view.read("/etc/Ascend/ascend_cann_install.info") or ""),
        "login_files": login_files(view),
        "compiler_packages": _filled({name: _lacking(view, site) for name, _path, site in places}),
        "libraries": _filled({name: _libraries(view, site) for name, _path, site in places}),
        "closed": [path for name, path, _site in places if _closed(view.stat_owner(path))],
        "mindspore_arch": _filled({name: _mindspore_arch(view, site) for name, _path, site in places}),
    }


def pam_su_rootok(view):
    """Whether su lets root through without a password, which the installers rely on; None without a PAM file."""
    text = view.read("/etc/pam.d/su")
    if text is None:
        return None
    return (
        re.search(r"^\s*auth\s+(?:sufficient|\[success=\S+[^\]]*\])\s+pam_rootok\.so", text, re.MULTILINE) is not None
    )


def kernel_compiler(view):
    """The version of gcc the running kernel was built with, or None (no /proc/version, or another compiler)."""
    match = _KERNEL_GCC.search(view.read("/proc/version", 4096) or "")
    return match.group(1) if match else None


def umask(view):
    """The umask of the session Ansible works in, as "0022"; None on kernels before 4.7, which do not tell."""
    match = re.search(r"^Umask:\s*(\d+)", view.read("/proc/self/status", 65536) or "", re.MULTILINE)
    return match.group(1) if match else None


def umask_files(view):
    """[{"path", "umask"}] of the login files that set one which shuts others out."""
    rows = []
    for path in _UMASK_FILES:
        for value in re.findall(r"^\s*umask\s+(0?[0-7]{3})\s*$", view.read(path) or "", re.MULTILINE):
            if int(value, 8) & 0o005:
                rows.append({"path": path, "umask": value})
    return rows


def sshd(view):
    """{"client_alive_interval" (seconds), "client_alive_count_max"} as configured; None where nothing is set."""
    result = {"client_alive_interval": None, "client_alive_count_max": None}
    names = {"clientaliveinterval": "client_alive_interval", "clientalivecountmax": "client_alive_count_max"}
    for key, value in _sshd_lines(view, "/etc/ssh/sshd_config", 0):
        # The first value counts; what stands below a Match holds for some sessions only.
        if key == "match":
            break
        name = names.get(key)
        if name and result[name] is None:
            result[name] = _seconds(value)
    return result


def _sshd_lines(view, path, depth):
    for line in (view.read(path) or "").splitlines():
        match = re.match(r"\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*?)\s*$", line)
        if not match:
            continue
        key, value = match.group(1).lower(), match.group(2)
        if key != "include" or depth > 2:
            yield key, value
            continue
        for pattern in value.split():
            folder, _slash, name = (pattern if pattern.startswith("/") else "/etc/ssh/" + pattern).rpartition("/")
            start, _star, end = name.partition("*")
            for found in view.listdir(folder):
                if found == name or ("*" in name and found.startswith(start) and found.endswith(end)):
                    yield from _sshd_lines(view, folder + "/" + found, depth + 1)


def _seconds(value):
    match = re.match(r"(\d+)([smh]?)$", value.lower())
    return int(match.group(1)) * {"": 1, "s": 1, "m": 60, "h": 3600}[match.group(2)] if match else None


def dkms(view):
    """{"versions", "kernels"} of the driver's sources DKMS knows and the kernels it built them for; None without any.

    DKMS keeps /var/lib/dkms/<name>/<version>/<kernel>/<arch>; its own folders there are "source" and "build".
    """
    if not view.isdir(DKMS):
        return None
    releases = [name for name in view.listdir(DKMS) if not name.startswith("kernel-")]
    kernels = {
        kernel
        for release in releases
        for kernel in view.listdir(DKMS + "/" + release)
        if kernel not in ("source", "build") and view.isdir("%s/%s/%s" % (DKMS, release, kernel))
    }
    return {"versions": releases, "kernels": sorted(kernels)}


def complaints(view):
    """[{"file", "line", "cause", "fix"}]: what each vendor log complains about since its last success."""
    rows = []
    for name in view.listdir(LOGS):
        if not name.endswith("_install.log"):
            continue
        lines = (view.read(LOGS + "/" + name, _TAIL, tail=True) or "").splitlines()
        done = max([number for number, line in enumerate(lines) if _SUCCESS.search(line)] or [-1])
        errors = [line.strip() for line in lines[done + 1 :] if _COMPLAINT.search(line)]
        if errors:
            known = vendor_errors.explain("\n".join(errors))
            rows.append(
                {
                    "file": LOGS + "/" + name,
                    "line": (known[0]["line"] if known else errors[-1])[:300],
                    "cause": known[0]["cause"] if known else None,
                    "fix": known[0]["fix"] if known else None,
                }
            )
    return rows


def hccl(view):
    """[{"file", "code", "line"}] of HCCL's errors in the newest logs of jobs, root's and users'."""
    rows = []
    homes = ["/root"] + ["/home/" + name for name in view.listdir("/home")[:_HOMES]]
    for home in homes:
        for kind in ("debug", "run"):
            folder = "ascend/log/%s/plog" % kind
            # plog-<pid>_<time>.log: by the time in the name, the newest last.
            names = [
                name for name in view.listdir(home + "/" + folder) if name.startswith("plog-") and name.endswith(".log")
            ]
            for name in sorted(names, key=lambda name: name.partition("_")[2])[-_JOB_LOGS:]:
                name = folder + "/" + name
                text = view.read_inside(home, name, _TAIL, tail=True)
                rows += [dict(row, file=home + "/" + name) for row in hccl_errors.codes(text)]
    return rows[-_HCCL_ROWS:]


def kernel_refuses(line):
    """Whether the kernel says in this line that it does not take a module of the driver."""
    return bool(_REFUSED.search(line))


def device_lost(line):
    """Whether a line of the kernel's log says that an NPU does not answer."""
    return bool(_LOST.search(line))


def device_wanted_twice(line):
    """Whether a line of the kernel's log says that somebody else has an NPU for itself."""
    return bool(_CONFLICT.search(line))


def kernel_log(view):
    """The last lines of the kernel's log about modules that it refuses and devices that are lost or taken.

    At most five of each kind, in their order.
    """
    tool = which(view, "dmesg")
    answer = view.run([tool], timeout=5) if tool else None
    lines = (answer[1] if answer and answer[0] == 0 else "").splitlines()
    ours = [(number, line.strip()[:300]) for number, line in enumerate(lines) if _OUR_MODULES.search(line)]
    told = [
        [row for row in ours if says(row[1])][-_LINES:] for says in (kernel_refuses, device_lost, device_wanted_twice)
    ]
    return [line for _number, line in sorted({row for rows in told for row in rows})]


def installers(view):
    """[{"pid", "command", "minutes"}] of the vendor's installers that are running; minutes is None if not known."""
    uptime = (view.read("/proc/uptime", 100) or "").split(" ")[0]
    rows = []
    for pid in view.listdir("/proc"):
        words = (view.read("/proc/%s/cmdline" % pid, 4096) or "").split("\0") if pid.isdigit() else []
        # Only what a shell was told to run, not an editor or a copy that has the file's name among its words.
        if not any(_INSTALLER.search(word) for word in words[:2]) or words[0].endswith(("scp", "sftp-server", "vi")):
            continue
        # The name of the process is in brackets and may hold anything, so count from the last bracket (proc(5)).
        fields = (view.read("/proc/%s/stat" % pid, 4096) or "").rpartition(")")[2].split()
        known = len(fields) > 19 and re.match(r"\d+(\.\d+)?$", uptime)
        minutes = int((float(uptime) - int(fields[19]) / _TICKS) // 60) if known else None
        rows.append({"pid": int(pid), "command": _installer_command(words), "minutes": minutes})
    return rows


def _installer_command(words):
    """What was started, with the vendor's own switches; values of options are nobody's business."""
    # Up to the installer's name: a process may write anything behind it into its title.
    said = [word[: _INSTALLER.search(word).end()] for word in words[:2] if _INSTALLER.search(word)]
    said = said[:1] if _INSTALLER.search(words[0]) else [busy.command_of(words[0])] + said
    return " ".join(said + [word for word in words[1:] if word in _SWITCHES])[:200]


def parents(view, path):
    """[{"path", "owner", "mode"}] of the folders above a path, as far as they exist; the root is left out."""
    rows = []
    path = path.rstrip("/").rpartition("/")[0]
    while path:
        status = view.stat_owner(path)
        if status:
            rows.append({"path": path, "owner": status["owner"], "mode": status["mode"]})
        path = path.rpartition("/")[0]
    return rows


def login_files(view):
    """The files read at login that load CANN's set_env.sh, or an environment of ours that does."""
    files = list(_LOGIN_FILES) + ["/etc/profile.d/" + name for name in view.listdir("/etc/profile.d")]
    return [path for path in files if re.search(r"set_env\.sh|ascend-env\.sh", view.read(path) or "")]


def _environments(view, env_root):
    """(name, path, site-packages or None) of the environments that carry our marker."""
    for name in view.listdir(env_root):
        path = env_root + "/" + name
        if view.isfile(path + "/" + MARKER):
            sites = [
                "%s/lib/%s/site-packages" % (path, entry)
                for entry in view.listdir(path + "/lib")
                if entry.startswith("python3")
            ]
            yield name, path, next((site for site in sites if view.isdir(site)), None)


def _closed(status):
    """Whether a folder of root's shuts other users out, as one made under a strict umask does."""
    return status is not None and status["owner"] == "root" and int(status["mode"], 8) & 0o005 != 0o005


def _lacking(view, site):
    """Packages that CANN's operator compiler (te) imports and this environment has not."""
    found = set()
    for entry in view.listdir(site):
        parsed = parse_dist_info(entry) if entry.endswith(".dist-info") else None
        found.add(parsed[0] if parsed else normalize(entry.partition("-")[0]))
    return [name for name in COMPILER_PACKAGES if name not in found] if "te" in found else []


def _libraries(view, site):
    """Libraries that torch is linked with and the dynamic loader does not find."""
    library, ldd = site + "/torch/lib/libtorch_cpu.so", which(view, "ldd")
    if not ldd or not view.isfile(library):
        return []
    # ldd may execute what it looks at, so root looks as whoever can write there.
    writer = next(
        (path for path in (site.rpartition("/lib/")[0], site, library) if (view.stat_owner(path) or {}).get("uid")),
        None,
    )
    answer = view.run([ldd, library], timeout=20, **({"owner_of": writer} if writer else {}))
    return sorted(set(re.findall(r"^\s*(\S+) => not found", answer[1] if answer else "", re.MULTILINE)))


def _mindspore_arch(view, site):
    """The machine MindSpore's own library is built for, or None."""
    names = [name for name in view.listdir(site + "/mindspore") if re.match(r"_c_expression.*\.so$", name)]
    header = view.read(site + "/mindspore/" + names[0], 64) if names else None
    if not header or not header.startswith("\x7fELF") or len(header) < 19:
        return None
    # e_machine is at byte 18 (elf(5)): 62 is x86_64; 183 is aarch64, which is no text and was replaced when decoded.
    return {">": "x86_64", "\ufffd": "aarch64"}.get(header[18])


def _filled(rows):
    return {name: value for name, value in rows.items() if value}

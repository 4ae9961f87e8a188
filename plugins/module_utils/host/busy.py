# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses the NPUs of this host: processes npu-smi names, and processes that hold a device file open.

npu-smi alone is not enough: it misses monitors and containers that only hold the manager device, and the
driver's installer refuses for exactly those ("The davinci nodes are occupied by some processes").
"""

import functools
import os
import re

from ansible_collections.ascend.fleet.plugins.module_utils import host_view, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.host import containers

# The character devices the driver makes (hicann/driver; vllm-ascend's list of devices to map).
DEVICE = re.compile(r"^/dev/(davinci\d+|davinci_manager(_docker)?|devmm_svm(_agent)?|hisi_hdc|dvpp_cmdlist)$")
_HOST_NAMESPACE = 128
# Programs whose first argument says what they run, and the options in front of it that have an argument of their own.
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*$")
_PYTHON_VALUES = ("-W", "-X", "--check-hash-based-pycs")
_INTERPRETER = re.compile(r"(?:ba|da|z|k|a)?sh$|(?:perl|ruby|node|nodejs|php|Rscript)[\d.]*$")
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$")
_SCRIPT = re.compile(r"\w[\w.+-]*$")


_read = functools.partial(whole_file.read, limit=65536)
# What an engine says of its containers: longer, and where an ordinary user keeps it, whatever that user made of it.
_read_state = host_view.HostView().read


def _user_name(uid):
    """The name of a user id, or the number as text when the host does not know it."""
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return str(uid)


def _home(uid):
    """The home folder of a user id; "" when the host does not know it."""
    try:
        import pwd

        return pwd.getpwuid(uid).pw_dir
    except (ImportError, KeyError):
        return ""


def command_of(cmdline, comm=""):
    """The program of a command line, and the name of the script or module it was given; nothing after it.

    Whatever else stands there may be a secret of another user's: a password, a token, a whole program after -c.

    Args:
        cmdline: content of /proc/PID/cmdline, or a command line in one piece.
        comm: what to say when there is none.
    """
    words = cmdline.rstrip("\0").split("\0")
    # A process that rewrites its title leaves one piece.
    words = words[0].split() if len(words) == 1 else [(words[0].split() or [""])[0]] + words[1:]
    if not words or not words[0]:
        return comm.strip()
    name = os.path.basename(words[0])
    said = [words[0]]
    if _PYTHON.match(name):
        said += _python_runs(words[1:])
    elif _INTERPRETER.match(name):
        said += _script(words[1:2])
    return " ".join(said)[:120]


def _python_runs(words):
    """["-m", module], [script], or [] of an interpreter's arguments."""
    words = list(words)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in _PYTHON_VALUES:
            words = words[1:]
        elif option == "-m":
            return ["-m"] + [word for word in words[:1] if _MODULE.match(word)]
        elif option == "-" or not re.match(r"-(?:[WX].|[bBdEhiIOPqRsSuvVx?]+$)", option):
            # A program after -c, or an option nobody knows.
            return []
    return _script(words[:1])


def _script(words):
    names = [os.path.basename(word) for word in words if not word.startswith("-")]
    return [name for name in names if _SCRIPT.match(name)]


def _details(proc_root, pid, read, user_name, own_container, read_state):
    base = "%s/%d/" % (proc_root, pid)
    found = re.search(r"^Uid:\s+(\d+)", read(base + "status"), re.MULTILINE)
    container = containers.find(read(base + "cgroup"))
    # On a host that is itself a container every process carries the same hint: it says nothing then.
    container = container if container != own_container else None
    if container:
        home = _home(int(found.group(1))) if found else ""
        container = containers.describe(*(container + (containers.name_of(*(container + (read_state, home))),)))
    return {
        "pid": pid,
        "user": user_name(int(found.group(1))) if found else None,
        "command": command_of(read(base + "cmdline"), read(base + "comm")),
        "container": container,
    }


def _open_device(proc_root, pid, listdir, readlink):
    """The first NPU device the process holds open, or None."""
    folder = "%s/%d/fd" % (proc_root, pid)
    try:
        names = listdir(folder)
    except OSError:
        return None
    found = []
    for name in names:
        try:
            target = readlink(folder + "/" + name)
        except OSError:
            continue
        if DEVICE.match(target):
            found.append(target)
    return min(found) if found else None


def namespaces(text):
    """[(pid, device ids)] of the containers that hold NPUs for themselves, by /proc/uda/namespace_node.

    Only root may read it. A namespace below 128 with devices holds them exclusively, whether a process in it has one
    open or not; the host's own has a number from 128 on (hicann/driver, uda_proc_fs.c).
    """
    rows = []
    for block in re.split(r"^(?=ns_id )", text, flags=re.MULTILINE):
        head = re.match(r"ns_id (\d+) [^\n]*?root_tgid (\d+) dev_num (\d+)", block)
        if head and int(head.group(1)) < _HOST_NAMESPACE and int(head.group(3)):
            found = re.findall(r"^\s*\d+\s+(\d+)\s*$", block, re.MULTILINE)
            rows.append((int(head.group(2)), [int(device) for device in found]))
    return rows


def users(
    proc_root="/proc",
    npu_processes=(),
    listdir=os.listdir,
    readlink=os.readlink,
    read=_read,
    user_name=_user_name,
    own_pid=None,
    read_state=_read_state,
):
    """Processes that use an NPU, one row per process, ordered by pid.

    Args:
        proc_root: where procfs is.
        npu_processes: the "processes" of npu_smi.parse_info(); each names a pid, and maybe a name.
        listdir, readlink, read, user_name, read_state: the outside world, replaceable in tests.
        own_pid: the process to leave out (default: the caller).

    Returns:
        [{"pid", "user", "command", "source": "npu-smi"|"open device"|"namespace", "device", "container"}]; of a
        namespace the process that made it, and the first of its devices.
    """
    own_pid = os.getpid() if own_pid is None else own_pid
    own_container = containers.find(read(proc_root + "/1/cgroup"))
    rows = {}
    try:
        pids = [int(name) for name in listdir(proc_root) if name.isdigit()]
    except OSError:
        pids = []
    for pid in pids:
        if pid == own_pid:
            continue
        device = _open_device(proc_root, pid, listdir, readlink)
        if device is None:
            continue
        row = _details(proc_root, pid, read, user_name, own_container, read_state)
        # A monitor's npu-smi holds the manager for a second; waiting for it to end is the installer's own job.
        if os.path.basename(row["command"].split(" ")[0]) == "npu-smi":
            continue
        rows[pid] = dict(row, source="open device", device=device)
    for process in npu_processes or ():
        pid = process.get("pid")
        if not pid or pid == own_pid:
            continue
        row = rows.get(pid) or dict(_details(proc_root, pid, read, user_name, own_container, read_state), device=None)
        rows[pid] = dict(row, source="npu-smi", command=row["command"] or command_of(process.get("name") or ""))
    for pid, found in namespaces(read(proc_root + "/uda/namespace_node")):
        if pid != own_pid and pid not in rows:
            device = "/dev/davinci%d" % min(found) if found else None
            details = _details(proc_root, pid, read, user_name, own_container, read_state)
            rows[pid] = dict(details, source="namespace", device=device)
    return [rows[pid] for pid in sorted(rows)]


def describe(row):
    """One row for people: 'pid 4242 (alice, docker trainer (0123456789ab)): python train.py, /dev/davinci0'."""
    who = ", ".join(part for part in (row.get("user"), row.get("container")) if part)
    tail = ", " + row["device"] if row.get("device") else ""
    return "pid %s%s: %s%s" % (row["pid"], " (%s)" % who if who else "", row.get("command") or "?", tail)

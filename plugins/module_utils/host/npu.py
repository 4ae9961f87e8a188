# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs npu-smi on this host: one at a time, with a time limit, in the C locale.

One of the few files in module_utils that touches the host (it starts a process and takes a lock);
what the tool prints is read by the pure parsers in npu_smi.py and npu_smi_details.py.
"""

import errno
import fcntl
import os
import stat
import time

from ansible_collections.ascend.fleet.plugins.module_utils import defaults, npu_smi
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded

INSTALL_INFO = "/etc/ascend_install.info"
# /run/lock is writable for everyone on Debian and its relatives, for root only elsewhere.
LOCK_FOLDERS = ("/run/lock", defaults.STATE_DIR, "/tmp")
LOCK_NAME = "ascend-fleet-npu-smi.lock"
# Root has a lock of its own besides, where nobody else can make, open or hold one.
ROOT_LOCK_FOLDERS = ("/run", defaults.STATE_DIR)
ROOT_LOCK_NAME = "ascend-fleet-npu-smi.root.lock"
# Seconds that root waits for the lock that every user may hold, for an npu-smi that takes its time.
SHARED_WAIT = 5.0
MESSAGE_LIMIT = 500

FIXES = {
    "not_found": "Install the NPU driver (role ascend.fleet.npu_driver), or name the tool's place with `path`. In a "
    "container, mount npu-smi and the driver folder from the host.",
    "driver_not_loaded": "Reboot if driver or firmware was installed or upgraded since the last boot; otherwise "
    "load the driver (look at dmesg), run as root or as a member of the driver's group "
    "(HwHiAiUser), and in a container map /dev/davinci*, /dev/davinci_manager, "
    "/dev/devmm_svm and /dev/hisi_hdc.",
    "device_busy": "Another container or virtual machine holds the NPU. Stop it, or give each unprivileged container "
    "NPUs of its own.",
    "permission_denied": "Run with become: true, or add the user to the driver's group (HwHiAiUser) and log in again.",
    "no_device": "Compare `lspci -d 19e5:` with the cards built in. A card that is missing there needs a cold start "
    "or a look at the hardware; otherwise reinstall firmware, then driver, and reboot.",
    "missing_library": "Load the driver's environment (source /usr/local/Ascend/driver/bin/setenv.bash), run ldconfig, "
    "or reinstall the driver if the library is gone. In a container, mount the driver folder "
    "and set LD_LIBRARY_PATH to its lib64.",
    "not_supported": "This product or driver version does not answer that query; use a newer driver.",
    "timeout": "The driver does not answer. Look at dmesg and at processes in state D, stop what uses the NPU, and "
    "reboot the host if npu-smi still hangs.",
    "unrecognised": "Run npu-smi by hand and look at what it prints; /var/log/npu and dmesg say more.",
}
# Somebody holds the lock: that says nothing about the driver.
_LOCKED_FIX = (
    "Look who holds it: `fuser -v {}`, and what `ps -o pid,user,stat,etime,args -C npu-smi` shows. Wait "
    "for that process or end it, and run again."
)
_ENDLESS_FIX = (
    "Run {} by hand and look at what it prints: it may be another program of that name. Name the right "
    "one with `path`, or install the driver again."
)


def run(paths=None, timeout=30, args=("info",)):
    """Run npu-smi once and read what it prints.

    Args:
        paths: list of places to look for the tool, the first that exists is used; None for where the driver
            puts it, then PATH.
        timeout: seconds to wait for another npu-smi on this host, and again for this one, before giving up.
        args: the tool's arguments; ("info",) gives parse_info's value, a sub-command its own reader's value, and
            anything else {"text": what was printed}.

    Returns:
        {"available": bool, "kind": None | str, "code": None | int, "message": None | str, "fix": None | str,
        "npu_smi": None | parsed value, "rc": None | int, "path": None | str}. `kind` is one of NpuSmiError's, or
        "timeout". Nothing that the tool does raises.
    """
    path = find(paths)
    if path is None:
        return _failure("not_found", "npu-smi is not in {}.".format(", ".join(paths or _default_paths() + ["PATH"])))
    deadline = time.monotonic() + timeout
    locks, held = _locks(deadline)
    try:
        if held is not None:
            message = "Another npu-smi has been running on this host for {} s: {} is held.".format(timeout, held)
            return _failure("timeout", message, path=path, fix=_LOCKED_FIX.format(held))
        # The child keeps the locks open: one that not even SIGKILL ends (state D) still keeps the next one away.
        done = bounded.run([path] + list(args), timeout, env=_environment(), pass_fds=locks)
    except OSError as exc:
        return _failure(_start_failure(exc), "{} cannot be started: {}.".format(path, exc.strerror), path=path)
    finally:
        for lock in locks:
            os.close(lock)
    if done.ended is not None:
        message = "npu-smi {}.".format(bounded.words(done, timeout))
        if done.ended == bounded.TIMEOUT:
            return _failure("timeout", message, path=path)
        return _failure("unrecognised", message, path=path, fix=_ENDLESS_FIX.format(path))
    output, errors = [text.decode("utf-8", "replace") for text in (done.stdout, done.stderr)]
    # Standard error goes last: a table is read from the top, and its noise is no part of it.
    return read(output + "\n" + errors, args, done.rc, path)


def read(text, args=("info",), rc=None, path=None):
    """Give collected output the shape of run()'s return value.

    Args:
        text: what npu-smi printed.
        args: the arguments it was started with.
        rc: its return code; None if unknown.
        path: where it was; None if unknown.
    """
    try:
        return {
            "available": True,
            "kind": None,
            "code": None,
            "message": None,
            "fix": None,
            "npu_smi": _reader(args)(text),
            "rc": rc,
            "path": path,
        }
    except npu_smi.NpuSmiError as exc:
        message = exc.message
        if rc is not None and rc < 0:
            message = "npu-smi was ended by signal {}. {}".format(-rc, message)
        return _failure(exc.kind, message, exc.code, rc, path)


def find(paths=None):
    """Return the place of npu-smi on this host, or None.

    Args:
        paths: places to look at instead of the driver's own and PATH.
    """
    for path in paths or _default_paths():
        if os.path.isfile(path):
            return path
    if not paths:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            path = os.path.join(folder, "npu-smi")
            if folder and os.path.isfile(path) and os.access(path, os.X_OK):
                return path
    return None


def _failure(kind, message, code=None, rc=None, path=None, fix=None):
    return {
        "available": False,
        "kind": kind,
        "code": code,
        "message": message[:MESSAGE_LIMIT],
        "fix": fix or FIXES.get(kind, FIXES["unrecognised"]),
        "npu_smi": None,
        "rc": rc,
        "path": path,
    }


def _start_failure(exc):
    if exc.errno in (errno.EACCES, errno.EPERM):
        return "permission_denied"
    return "not_found" if exc.errno == errno.ENOENT else "unrecognised"


def _reader(args):
    args = tuple(args)
    if args == ("info",):
        return npu_smi.parse_info
    from ansible_collections.ascend.fleet.plugins.module_utils import npu_smi_details

    return npu_smi_details.reader(args)


def _driver_folder():
    """The driver's folder by its own record, or where it is by default."""
    try:
        with open(INSTALL_INFO, encoding="utf-8", errors="replace") as handle:
            for line in handle:
                key, _sep, value = line.partition("=")
                if key.strip() == "Driver_Install_Path_Param" and value.strip():
                    return os.path.join(value.strip(), "driver")
    except (IOError, OSError):
        pass
    return os.path.join(defaults.INSTALL_PATH, "driver")


def _default_paths():
    return ["/usr/local/sbin/npu-smi", "/usr/local/bin/npu-smi", os.path.join(_driver_folder(), "tools", "npu-smi")]


def _environment():
    """C locale, and the driver's libraries: a shell of Ansible reads no profile that would set them."""
    env = dict(os.environ, LC_ALL="C", LANG="C", LANGUAGE="C")
    lib64 = os.path.join(_driver_folder(), "lib64")
    folders = [lib64, os.path.join(lib64, "common"), os.path.join(lib64, "driver")]
    present = [folder for folder in folders if os.path.isdir(folder)]
    known = [folder for folder in env.get("LD_LIBRARY_PATH", "").split(":") if folder]
    if present:
        env["LD_LIBRARY_PATH"] = ":".join(known + [folder for folder in present if folder not in known])
    return env


def _locks(deadline):
    """(descriptors of the locks taken, path of the one that stayed held when the time was over, or None).

    Ordinary users keep each other away by the lock that all share, and root keeps root away by its own. Of the shared
    one root takes notice, but whoever holds it for long does not stop root.
    """
    taken = []
    root = os.geteuid() == 0
    for opened, until, needed in (
        (_open_root_lock() if root else None, deadline, True),
        (_open_lock(), min(deadline, time.monotonic() + SHARED_WAIT) if root else deadline, not root),
    ):
        if opened is None:
            continue
        handle, path = opened
        locked = _take(handle, until)
        if locked:
            taken.append(handle)
            continue
        os.close(handle)
        if locked is False and needed:
            return taken, path
    return taken, None


def _take(handle, deadline):
    """Lock a descriptor: True, False when the time is over, None when it takes no lock."""
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except (IOError, OSError) as exc:
            if exc.errno not in (errno.EAGAIN, errno.EACCES, errno.EINTR):
                return None
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.1)


def _open_lock():
    """(descriptor, path) of the lock that every user may hold, or None when no place has room for it."""
    for folder in LOCK_FOLDERS:
        path = os.path.join(folder, LOCK_NAME)
        # Reading is enough for flock, and all that an unprivileged user may do with a file of root's. It is tried
        # again after creating failed: someone else may just have made the file, and everyone must lock the same one.
        for flags in (os.O_RDONLY, os.O_RDONLY | os.O_CREAT | os.O_EXCL, os.O_RDONLY):
            try:
                return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644), path
            except (IOError, OSError):
                continue
    return None


def _open_root_lock():
    """(descriptor, path) of root's own lock, or None when no folder is root's alone."""
    for folder in ROOT_LOCK_FOLDERS:
        path = os.path.join(folder, ROOT_LOCK_NAME)
        try:
            if not _is_roots(os.stat(folder), 0o022):
                continue
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        except (IOError, OSError):
            continue
        status = os.fstat(handle)
        if _is_roots(status, 0o077) and stat.S_ISREG(status.st_mode):
            return handle, path
        os.close(handle)
    return None


def _is_roots(status, forbidden):
    return status.st_uid == 0 and not stat.S_IMODE(status.st_mode) & forbidden

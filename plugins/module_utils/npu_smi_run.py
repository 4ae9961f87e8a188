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
import signal
import subprocess
import time

from . import npu_smi

INSTALL_INFO = "/etc/ascend_install.info"
INSTALL_PATH = "/usr/local/Ascend"
# /run/lock is writable for everyone on Debian and its relatives, for root only elsewhere.
LOCK_FOLDERS = ("/run/lock", "/var/lib/ascend-fleet", "/tmp")
LOCK_NAME = "ascend-fleet-npu-smi.lock"
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
    lock = _lock(deadline)
    if lock is False:
        return _failure("timeout", "Another npu-smi has been running on this host for {} s.".format(timeout), path=path)
    try:
        rc, output, errors = _execute([path] + list(args), timeout, lock)
    except OSError as exc:
        return _failure(_start_failure(exc), "{} cannot be started: {}.".format(path, exc.strerror), path=path)
    finally:
        if lock is not None:
            os.close(lock)
    if rc is None:
        return _failure("timeout", "npu-smi gave no answer within {} s and was killed.".format(timeout), path=path)
    # Standard error goes last: a table is read from the top, and its noise is no part of it.
    return read(output + "\n" + errors, args, rc, path)


def read(text, args=("info",), rc=None, path=None):
    """Give collected output the shape of run()'s return value.

    Args:
        text: what npu-smi printed.
        args: the arguments it was started with.
        rc: its return code; None if unknown.
        path: where it was; None if unknown.
    """
    try:
        return {"available": True, "kind": None, "code": None, "message": None, "fix": None,
                "npu_smi": _reader(args)(text), "rc": rc, "path": path}
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


def _failure(kind, message, code=None, rc=None, path=None):
    return {"available": False, "kind": kind, "code": code, "message": message[:MESSAGE_LIMIT],
            "fix": FIXES.get(kind, FIXES["unrecognised"]), "npu_smi": None, "rc": rc, "path": path}


def _start_failure(exc):
    if exc.errno in (errno.EACCES, errno.EPERM):
        return "permission_denied"
    return "not_found" if exc.errno == errno.ENOENT else "unrecognised"


def _reader(args):
    args = tuple(args)
    if args == ("info",):
        return npu_smi.parse_info
    from . import npu_smi_details  # only here: host_facts needs the plain table alone
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
    return os.path.join(INSTALL_PATH, "driver")


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


def _lock(deadline):
    """Take the host-wide lock. Returns its descriptor, False when the time is over, None if no place takes a lock."""
    handle = _open_lock()
    if handle is None:
        return None
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except (IOError, OSError) as exc:
            if exc.errno not in (errno.EAGAIN, errno.EACCES, errno.EINTR):
                os.close(handle)
                return None
        if time.monotonic() >= deadline:
            os.close(handle)
            return False
        time.sleep(0.1)


def _open_lock():
    for folder in LOCK_FOLDERS:
        path = os.path.join(folder, LOCK_NAME)
        # Reading is enough for flock, and all that an unprivileged user may do with a file of root's. It is tried
        # again after creating failed: someone else may just have made the file, and everyone must lock the same one.
        for flags in (os.O_RDONLY, os.O_RDONLY | os.O_CREAT | os.O_EXCL, os.O_RDONLY):
            try:
                return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
            except (IOError, OSError):
                continue
    return None


def _execute(command, timeout, lock):
    """Returns (rc, stdout, stderr); rc is None when the time limit ended it."""
    # The child keeps the lock open: one that not even SIGKILL ends (state D) still keeps the next one away.
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
        env=_environment(), start_new_session=True, pass_fds=() if lock is None else (lock,))
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _kill_group(process)
        return None, "", ""
    return process.returncode, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace")


def _kill_group(process):
    """End the process and all it started, and do not wait for what cannot be ended."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (IOError, OSError):
        pass
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        pass
    for pipe in (process.stdout, process.stderr):
        pipe.close()

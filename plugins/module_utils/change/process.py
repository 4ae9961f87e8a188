# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a vendor program so that nothing can make it wait for ever, and so that it can be found again.

The program runs in a session of its own without a terminal (a prompt on /dev/tty fails instead of waiting), with
an empty standard input, its output in a file. It outlives the process that started it: who comes later finds in
the run's folder which process it is (process.json), what it said (output.log) and, once it has ended, its exit
code (rc).
"""

import json
import os
import re
import signal
import subprocess
import threading
import time

from ansible_collections.ascend.fleet.plugins.module_utils import boot, whole_file

LOG, PROCESS, RC = "output.log", "process.json", "rc"
# A program that asks again and again without end would fill the disk long before its time is up.
LOG_LIMIT = 64 * 1024 * 1024
# Seconds without output after which the last line is looked at.
SILENCE = 10
# Bytes at the end of the output that a listener is given whenever there is more.
_HEARD = 16 * 1024
_TICK = 0.2
# Seconds between two looks at what a program says; its end needs none of them.
_LOOK = 1
_KILL_GRACE = 10
# $0 is the file for the exit code. The code is there as soon as the program ended, whoever still watches.
_WRAPPER = '"$@"; rc=$?; echo "$rc" >"$0.new" && mv -f "$0.new" "$0"; exit "$rc"'

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_UNSET = re.compile(
    # The installers call the first python3 and pip3 they find, and older CANN libraries must not shadow theirs.
    r"^(PYTHON.*|VIRTUAL_ENV.*|CONDA.*|_CE_.*|PIP_TARGET|PIP_PREFIX|PIP_USER|LD_LIBRARY_PATH|LD_PRELOAD"
    # set_env.sh of an installed CANN exports these.
    r"|ASCEND_(TOOLKIT_HOME|HOME_PATH|OPP_PATH|AICPU_PATH)|TOOLCHAIN_HOME"
    # makeself opens an xterm when it sees a display; shells read the others before their first command.
    r"|DISPLAY|XAUTHORITY|BASH_ENV|ENV|CDPATH|GLOBIGNORE|SHELLOPTS|BASHOPTS|BASH_FUNC_.*|POSIXLY_CORRECT|TMOUT"
    r"|LANG|LANGUAGE|LC_.*)$"
)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Za-z0-9]|\x1b[=>]")


def clean_environment(environ, tmpdir=None):
    """The environment a vendor program needs, from the one there is.

    Args:
        environ: mapping to start from.
        tmpdir: folder the archive unpacks itself to, or None for its own choice.
    """
    result = {key: value for key, value in environ.items() if not _UNSET.match(key)}
    result.update(PATH=_PATH, LC_ALL="C", TERM="dumb")
    result.setdefault("HOME", "/root")
    if tmpdir:
        result["TMPDIR"] = tmpdir
    return result


def strip_ansi(text):
    """Text without colour codes, progress redraws turned into lines, control characters dropped."""
    text = _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in text if char in "\n\t" or char >= " ")


def read_output(path, offset=0, limit=1024 * 1024):
    """An output file from ``offset`` on, its last ``limit`` bytes at most, as plain text; "" when there is none."""
    try:
        with open(path, "rb") as handle:
            handle.seek(0, os.SEEK_END)
            handle.seek(max(offset or 0, handle.tell() - limit))
            return strip_ansi(handle.read().decode("utf-8", "replace"))
    except OSError:
        return ""


def tail(text, lines=30):
    """The last lines that say something."""
    return [row.rstrip()[:400] for row in text.split("\n") if row.strip()][-lines:]


def _stat_fields(pid, proc_root="/proc"):
    """[state, ppid, pgrp, session, ...] of /proc/PID/stat, or None. The name before may hold any character."""
    try:
        with open("%s/%d/stat" % (proc_root, pid), "rb") as handle:
            return handle.read().decode("utf-8", "replace").rpartition(")")[2].split()
    except (OSError, ValueError):
        return None


def start_time(pid, proc_root="/proc"):
    """When the process started, in clock ticks since the kernel's boot; None when it is not there."""
    fields = _stat_fields(pid, proc_root)
    return int(fields[19]) if fields and len(fields) > 19 and fields[0] not in ("Z", "X") else None


def boot_id(proc_root="/proc"):
    """Identity of the current boot."""
    return boot.identity(lambda path: whole_file.read(proc_root + path[len("/proc") :]))


def group_members(pgid, proc_root="/proc"):
    """Pids of the living processes of a process group."""
    members = []
    for name in os.listdir(proc_root):
        fields = _stat_fields(int(name), proc_root) if name.isdigit() else None
        if fields and len(fields) > 2 and fields[0] not in ("Z", "X") and fields[2] == str(pgid):
            members.append(int(name))
    return members


def still_running(record, proc_root="/proc"):
    """Pids of a recorded run that are still alive; [] when it is over.

    Args:
        record: content of process.json: {"pid", "start", "boot_id"}; the pid leads a process group.
    """
    if not record or record.get("boot_id") != boot_id(proc_root):
        return []
    pid = record.get("pid")
    if not isinstance(pid, int) or pid < 2:
        return []
    leader = start_time(pid, proc_root)
    if leader is not None and leader != record.get("start"):
        return []  # the number was given to another process, so the whole group is gone
    return group_members(pid, proc_root)


def kill_group(pgid, grace=_KILL_GRACE):
    """End a process group: politely, then for sure."""
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 5)):
        try:
            os.killpg(pgid, number)
        except OSError:
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not group_members(pgid):
                return
            time.sleep(_TICK)


def read_record(folder):
    """process.json of a run's folder as a dict, or None."""
    try:
        with open(os.path.join(folder, PROCESS)) as handle:
            record = json.load(handle)
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def read_rc(folder):
    """The exit code a run left, or None when it left none."""
    try:
        with open(os.path.join(folder, RC)) as handle:
            return int(handle.read().strip())
    except (OSError, ValueError):
        return None


def run(argv, folder, env, timeout, step="install", waits=None, heard=None, begs=None, said=""):
    """Run a program to its end, or to the end of its time.

    Args:
        argv: list of words, never a shell string.
        folder: existing folder for this run's process.json, output.log and rc.
        env: its environment.
        timeout: seconds; then its process group is killed.
        step: what this run is part of; kept in process.json for whoever finds it later.
        waits: told the last line, whether it is complete, and the seconds of silence since; true ends the program.
        heard: told the end of the output whenever there is more of it; must not raise.
        begs: told the same; true ends the program, as one that asks again and again.
        said: what it finds on its standard input, which then ends.

    Returns:
        {"rc": int or None, "timed_out", "flooded", "asked": bool, "seconds": float, "offset": int, "text": str}; rc is
        128 + n after signal n, offset is where this run's output begins in the log, text what it said.
    """
    # The process record of an earlier step stays until this one's replaces it: a run that has a record but no
    # exit code is one that died, and that must not look like one that never began.
    for name in (RC, RC + ".new"):
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    log_path = os.path.join(folder, LOG)
    this_boot = boot_id()

    def in_child():
        # Written by the program's own process before it becomes the program: there is no moment at which it
        # runs and nobody can find it.
        os.setsid()
        os.umask(0o022)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        record = {
            "pid": os.getpid(),
            "start": start_time(os.getpid()),
            "boot_id": this_boot,
            "argv": argv,
            "step": step,
            "offset": offset,
        }
        whole_file.put(os.path.join(folder, PROCESS), json.dumps(record))

    begun = time.monotonic()
    with _own_log(log_path) as log:
        log.write(("$ %s\n" % " ".join(argv)).encode("utf-8", "replace"))
        log.flush()
        offset = os.fstat(log.fileno()).st_size
        # The file itself and not its name: whoever removes the folder meanwhile does not end the watch.
        output = "/proc/self/fd/%d" % log.fileno()
        process = subprocess.Popen(
            ["/bin/sh", "-c", _WRAPPER, os.path.join(folder, RC)] + list(argv),
            stdin=subprocess.PIPE if said else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=env,
            cwd="/",
            close_fds=True,
            preexec_fn=in_child,
        )
        if said:
            _tell(process.stdin, said)
        timed_out = flooded = asked = False
        wait, size, changed, end = 0.01, offset, begun, _End(process)
        while _going_on(process, folder):
            end.wait(min(wait, max(begun + timeout - time.monotonic(), 0.01)))
            wait, now, before = min(wait * 2, _LOOK), time.monotonic(), size
            size = os.fstat(log.fileno()).st_size
            changed = now if size != before else changed
            fresh = read_output(output, offset, _HEARD) if size != before else ""
            if heard and fresh:
                heard(fresh)
            timed_out = now - begun > timeout
            flooded = size - offset > LOG_LIMIT
            asked = bool(waits) and now - changed > SILENCE and waits(*(_last_line(output) + (now - changed,)))
            asked = asked or bool(begs and fresh and begs(fresh))
            if timed_out or flooded or asked:
                kill_group(process.pid)
                process.wait()
                break
        text = read_output(output, offset)
    rc = process.returncode
    stopped = timed_out or flooded or asked
    return {
        "rc": None if stopped else (128 - rc if rc < 0 else rc),
        "timed_out": timed_out,
        "flooded": flooded,
        "asked": asked,
        "seconds": time.monotonic() - begun,
        "offset": offset,
        "text": text,
    }


class _End(threading.Thread):
    """The end of a program's first process: whoever waits for it is woken, and need not look again and again."""

    def __init__(self, process):
        threading.Thread.__init__(self)
        self.daemon = True
        self._process = process
        self.start()

    def run(self):
        self._process.wait()

    def wait(self, seconds):
        """Wait for it, so long at most; where it has come, others of the program still work."""
        if self.is_alive():
            self.join(seconds)
        else:
            time.sleep(min(seconds, _TICK))


def _tell(stream, text):
    """Write a short text, which fits into the pipe whether it is read or not, and end it."""
    try:
        with stream:
            stream.write(text.encode("utf-8"))
    except OSError:  # it ended without asking
        pass


def _own_log(path):
    """The log, open for more; for its owner only, since nobody knows what a vendor's program prints."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    os.fchmod(handle, 0o600)
    return os.fdopen(handle, "ab")


def _last_line(path):
    """The last line of a log that is not empty, and whether it is complete."""
    text = read_output(path, limit=2048)
    lines = [row for row in text.split("\n") if row.strip()]
    return (lines[-1] if lines else "", text.endswith("\n"))


def _going_on(process, folder):
    """Whether the program still works. Killing its first process does not end the ones that one started."""
    if process.poll() is None:
        return True
    # The shell hands on the exit code, so that it is known even when the folder is gone.
    return not (0 <= process.returncode <= 128 or ended(folder)) and bool(group_members(process.pid))


def ended(folder):
    """Whether a run came to its own end: it left an exit code, and not that of a signal.

    Services an installer started may live on in its process group; a run that ended itself is over regardless.
    """
    rc = read_rc(folder)
    return rc is not None and rc <= 128


def wait_for(record, timeout, folder, heard):
    """Wait for a run that somebody else started; kills what is left of it when its time is up.

    Args:
        record: content of its process.json.
        timeout: seconds.
        folder: the run's folder.
        heard: as for run.

    Returns:
        True when it ended by itself.
    """
    deadline, said = time.monotonic() + timeout, None
    while still_running(record):
        before, said = said, read_output(os.path.join(folder, LOG), record.get("offset", 0), _HEARD)
        if said != before:
            heard(said)
        if time.monotonic() > deadline:
            kill_group(record["pid"])
            return False
        time.sleep(_TICK)
    return True

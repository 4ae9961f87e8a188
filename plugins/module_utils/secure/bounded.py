# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program that is read from, with a limit on its time and on what it may print.

Every reader of a program's output goes through run(): communicate() keeps whatever comes, so that a tool that prints
without end takes the host's memory. Touches the host, unlike most of module_utils.
"""

import collections
import os
import selectors
import signal
import subprocess
import time

# Bytes of both outputs together; no answer that is read on a host is larger unless it is not what it should be.
LIMIT = 4 * 1024 * 1024
TIMEOUT, FLOODED = "timeout", "flooded"
_CHUNK = 65536
_FOREVER = 365 * 24 * 3600
# Seconds that a killed program may take to be gone. One in state D is not waited for.
_GRACE = 2.0

Outcome = collections.namedtuple("Outcome", ("rc", "stdout", "stderr", "ended"))


def run(
    argv,
    timeout,
    limit=LIMIT,
    env=None,
    cwd="/",
    stderr="apart",
    pass_fds=(),
    account=None,
    tail=None,
    tick=None,
    tick_seconds=2.0,
    sweep=False,
):
    """Run a program to its end, to the end of its time, or until it has printed too much.

    It runs in a session of its own with an empty standard input. At either limit everything in that session is killed.

    Args:
        argv: list of words, never a shell string.
        timeout: seconds, by a clock that nobody sets; None for no limit.
        limit: bytes of both outputs together.
        env: its environment; None for this process's own.
        cwd: the folder it starts in.
        stderr: "apart", "together" (with the standard output) or "nowhere".
        pass_fds: descriptors that it keeps open.
        account: run_as.Account to run as; None for this process's own.
        tail: keep only so many bytes at the end of each output; None for all up to the limit.
        tick: called with the program's pid every tick_seconds while it runs.
        sweep: kill what it left in other groups of its session too when it ended by itself; costs a look at /proc.

    Returns:
        Outcome: C(rc) (negative after a signal; None when a limit ended it), C(stdout) and C(stderr) as bytes, and
        C(ended): None, "timeout" or "flooded".

    Raises:
        OSError: it cannot be started, or this process may not become the account.
    """
    begun = time.monotonic()
    process = _start(argv, env, cwd, stderr, pass_fds, account)
    pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
    kept = {pipe: _Kept(tail) for pipe in pipes}
    ended = TIMEOUT
    try:
        ended = _read(process, kept, begun + (_FOREVER if timeout is None else timeout), limit, tick, tick_seconds)
    finally:
        # Whatever it started goes with it, and nobody waits for a pipe that a daemon keeps open.
        _kill_session(process.pid, sweep or ended)
        try:
            process.wait(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            pass
        for pipe in pipes:
            pipe.close()
    texts = [kept[pipe].content() for pipe in pipes] + [b""]
    return Outcome(None if ended else process.returncode, texts[0], texts[1], ended)


def words(outcome, timeout, limit=LIMIT):
    """What ended a program, for a sentence that begins with its name; None when it ended by itself.

    Args:
        timeout: seconds it had.
        limit: bytes it might print.
    """
    if outcome.ended == TIMEOUT:
        return "gave no answer within %s s and was killed" % timeout
    if outcome.ended == FLOODED:
        return "printed more than %d MB, as no answer of it does, and was killed" % (limit // 1048576)
    return None


def _kill_session(pid, sweep):
    """End a program that leads a session and has not been waited for, so that its number is nobody else's yet."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass
    deadline = time.monotonic() + _GRACE
    members = session_members(pid) if sweep else ()
    # Killed is not yet gone: a device is free for the next one only when its last holder is.
    while members and time.monotonic() < deadline:
        for member in members:
            try:
                os.kill(member, signal.SIGKILL)
            except OSError:
                pass
        time.sleep(0.01)
        members = session_members(pid)


def session_members(session, proc_root="/proc"):
    """Pids of the living processes of a session, by the kernel's own list."""
    found = set()
    for name in os.listdir(proc_root):
        if not name.isdigit():
            continue
        try:
            with open("%s/%s/stat" % (proc_root, name), "rb") as handle:
                # The name of the process is in brackets and may hold anything, so count from the last bracket.
                fields = handle.read(4096).rpartition(b")")[2].split()
        except OSError:
            continue
        if len(fields) > 3 and fields[0] not in (b"Z", b"X") and fields[3] == str(session).encode("ascii"):
            found.add(int(name))
    return found


class _Kept(object):
    """What is kept of one output: everything, or its end."""

    def __init__(self, tail):
        self.tail = tail
        self.data = bytearray()

    def add(self, chunk):
        self.data += chunk
        if self.tail is not None and len(self.data) > 2 * self.tail:
            del self.data[: -self.tail]

    def content(self):
        return bytes(self.data if self.tail is None else self.data[-self.tail :])


def _start(argv, env, cwd, stderr, pass_fds, account):
    errors = {"apart": subprocess.PIPE, "together": subprocess.STDOUT, "nowhere": subprocess.DEVNULL}[stderr]
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=cwd,
            env=env,
            start_new_session=True,
            pass_fds=pass_fds,
            preexec_fn=account.become if account else None,
        )
    except subprocess.SubprocessError:
        # All that Python tells of an exception in the child between fork and exec.
        raise OSError(1, "this process may not become the user %s" % account.name)


def _read(process, kept, deadline, limit, tick, tick_seconds):
    """Read until both outputs are closed and the program has ended. Returns what ended it, or None."""
    selector = selectors.DefaultSelector()
    for pipe in kept:
        selector.register(pipe, selectors.EVENT_READ)
    total, ticked, pause = 0, time.monotonic(), 0.01
    try:
        while True:
            now = time.monotonic()
            if now >= deadline:
                return TIMEOUT
            patience = min(deadline - now, max(0.0, ticked + tick_seconds - now) if tick else deadline - now)
            if selector.get_map():
                for key, _events in selector.select(patience):
                    chunk = os.read(key.fd, _CHUNK)
                    if not chunk:
                        selector.unregister(key.fileobj)
                        continue
                    kept[key.fileobj].add(chunk)
                    total += len(chunk)
                if total > limit:
                    return FLOODED
            elif _has_ended(process.pid):
                return None
            else:
                time.sleep(min(patience, pause))
                pause = min(pause * 2, 0.2)
            if tick and time.monotonic() - ticked >= tick_seconds:
                tick(process.pid)
                ticked = time.monotonic()
    finally:
        selector.close()


def _has_ended(pid):
    """Whether a child has ended; its exit code stays to be collected."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

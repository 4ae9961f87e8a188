"""Whatever a program prints or starts, reading from it ends, and so does everything it started."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.environment import commands as environment_commands
from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded, run_as

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def shell(body: str, timeout: float = 30, **options) -> bounded.Outcome:
    return bounded.run(["/bin/sh", "-c", body], timeout, **options)


def gone(pid: int) -> bool:
    for _attempt in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_both_outputs_and_the_exit_code():
    assert shell("echo out; echo err >&2; exit 3") == (3, b"out\n", b"err\n", None)
    assert shell("echo out; echo err >&2", stderr="together") == (0, b"out\nerr\n", b"", None)
    assert shell("echo out; echo err >&2", stderr="nowhere") == (0, b"out\n", b"", None)
    assert shell("kill -SEGV $$").rc == -11


def test_nothing_comes_in_and_it_starts_where_it_is_told(tmp_path):
    assert shell('read line; echo "$line|$(pwd)|$ONLY"', cwd=str(tmp_path), env={"ONLY": "x"}).stdout == (
        f"|{tmp_path}|x\n".encode()
    )


@pytest.mark.parametrize("body", ["yes", "yes >&2", "yes & wait", "trap '' TERM; yes"])
def test_output_without_end_is_ended(body):
    begun = time.monotonic()
    done = shell(body, limit=1_000_000)
    assert (done.rc, done.ended) == (None, bounded.FLOODED)
    assert 1_000_000 < len(done.stdout) + len(done.stderr) < 1_200_000
    assert time.monotonic() - begun < 10
    assert "printed more than" in bounded.words(done, 30)


def test_output_without_end_costs_no_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert shell("cat /dev/zero", tail=1000, limit=500_000_000).ended == bounded.FLOODED
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < 50_000  # KB


def test_the_end_of_a_long_output_is_kept():
    done = shell("head -c 3000000 /dev/zero | tr '\\0' x; echo END", tail=10)
    assert done == (0, b"xxxxxxEND\n", b"", None)


@pytest.mark.parametrize(
    "body",
    [
        "sleep 300 & echo $! $$; wait",
        "trap '' TERM HUP INT; sleep 300 & echo $! $$; while :; do sleep 1; done",
        # Closes its outputs and works on.
        "echo $$; exec >&- 2>&-; sleep 300",
    ],
)
def test_time_is_up_for_all_of_them(body):
    begun = time.monotonic()
    done = shell(body, 1)
    assert (done.rc, done.ended) == (None, bounded.TIMEOUT)
    assert time.monotonic() - begun < 8
    assert all(gone(int(pid)) for pid in done.stdout.split())
    assert "within 1 s" in bounded.words(done, 1)


def test_a_child_that_leaves_its_group_is_ended_too():
    """A job of an interactive shell, or os.setpgid: another group, the same session."""
    body = (
        "import os, time\nclosed = len(os.sys.argv) > 1\npid = os.fork()\nif not pid:\n    os.setpgid(0, 0)\n"
        "    if closed:\n        os.close(1)\n        os.close(2)\n    time.sleep(300)\nprint(pid, flush=True)\n"
    )
    done = bounded.run([sys.executable, "-c", body], 2)
    assert done.ended == bounded.TIMEOUT  # the child holds the output open
    assert gone(int(done.stdout))
    done = bounded.run([sys.executable, "-c", body, "closed"], 30, sweep=True)
    assert (done.ended, done.rc) == (None, 0)
    assert gone(int(done.stdout))


def test_a_daemon_that_keeps_the_output_is_not_waited_for():
    begun = time.monotonic()
    done = shell("setsid sleep 20 & echo half", 1)
    assert (done.stdout, done.ended) == (b"half\n", bounded.TIMEOUT)
    assert time.monotonic() - begun < 6


def test_a_clock_that_jumps_ends_nothing(monkeypatch):
    real, jumped = time.time, []
    monkeypatch.setattr(time, "time", lambda: jumped.append(1) or real() + len(jumped) * 3600)
    assert shell("sleep 0.5; echo done", 5).stdout == b"done\n"


def test_somebody_looks_on():
    seen = []
    done = shell("sleep 1; echo $$", tick=seen.append, tick_seconds=0.2)
    assert 3 <= len(seen) <= 5 and set(seen) == {int(done.stdout)}


def test_what_cannot_be_started(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        bounded.run([str(tmp_path / "none")], 5)


def test_no_descriptor_and_no_child_is_left():
    before = os.listdir("/proc/self/fd")
    for body in ("true", "yes", "sleep 60"):
        shell(body, 0.3, limit=100_000)
    assert os.listdir("/proc/self/fd") == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@root
def test_it_runs_as_somebody_else():
    done = shell("id -u; id -g; id -G; cat /proc/self/status", account=run_as.by_name("nobody").with_group(4242))
    lines = done.stdout.decode().splitlines()
    nobody = run_as.by_name("nobody")
    assert lines[:2] == [str(nobody.uid), str(nobody.gid)]
    assert set(lines[2].split()) == {str(nobody.gid), "4242"}
    assert [line.split()[1:] for line in lines if line.startswith("Uid:")] == [[str(nobody.uid)] * 4]


@root
def test_who_may_not_become_somebody_else_is_told():
    # What is needed is imported by root: the interpreter of the tests may lie where nobody may not look.
    code = (
        "import os, selectors\n"
        "from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded, run_as\n"
        "os.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\n"
        "try:\n    bounded.run(['/bin/true'], 5, account=run_as.Account('alice', 4242, 4242))\n"
        "except OSError as exc:\n    print(exc.strerror)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout == "this process may not become the user alice\n", done.stderr


def test_pip_and_conda_are_read_with_a_limit(monkeypatch):
    monkeypatch.setattr(bounded.run, "__defaults__", (100_000, *bounded.run.__defaults__[1:]))
    with pytest.raises(ProviderError, match="printed more than"):
        environment_commands.run(["yes"], 30)
    assert environment_commands.run(["/bin/sh", "-c", "echo out; echo err >&2"], 30) == (0, "out\nerr\n")
    assert environment_commands.run(["/bin/sh", "-c", "echo out; echo err >&2"], 30, separate=True) == (0, "out\n")
    assert environment_commands.run(["/bin/sh", "-c", "echo out; sleep 60"], 0.5) == (None, "out\n")


def test_the_lock_of_an_environment_waits_by_a_clock_that_nobody_sets(tmp_path, monkeypatch):
    path = str(tmp_path / "env")
    real = time.time
    with environment_commands.only_one(path, 5):
        monkeypatch.setattr(time, "time", lambda: real() + 86400 * time.monotonic())
        begun = time.monotonic()
        with pytest.raises(ProviderError, match="Another run"), environment_commands.only_one(path, 1):
            pytest.fail("two at once")
        assert time.monotonic() - begun >= 1

"""Hosts take cases from one queue; a late fault goes back into it, a signal leaves no row behind."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from tests.faults import box, results, run


class Host:
    """Plays what it is told to instead of breaking a container."""

    def __init__(self, *answers: object) -> None:
        self.answers, self.tried, self.killed = list(answers), [], threading.Event()
        self.box = SimpleNamespace(name="h", kill_processes=self.killed.set)

    def prepare(self, _states: set) -> None:
        pass

    def try_case(self, case: SimpleNamespace) -> dict:
        self.tried.append(case.name)
        answer = self.answers.pop(0) if self.answers else {}
        if callable(answer):
            answer = answer(self)
        if isinstance(answer, Exception):
            raise answer
        return {
            "name": case.name,
            "kind": "k",
            "component": "driver",
            "start": "done",
            "host": "h",
            "first_run": "",
            "second_run": "",
            "third_run": "",
            "converged": True,
            "injected": True,
            "false_ok": False,
            "note": "",
            "seconds": 1,
            **answer,
        }


@pytest.fixture(autouse=True)
def _not_stopped():
    box.STOP.clear()
    yield
    box.STOP.clear()


def go(tmp_path, host: Host, *names: str, until: float = 60) -> results.Results:
    todo: queue.Queue = queue.Queue()
    for name in names:
        todo.put(SimpleNamespace(name=name, kind="k", component="driver", start="done"))
    found = results.Results(tmp_path / "faults.json", names, "abc")
    assert run.run([host], set(), todo, found, time.monotonic() + until) == []
    return found


def test_a_late_fault_is_tried_again_after_the_others_and_not_for_ever(tmp_path):
    late = {"injected": False}
    host = Host(late, {}, late, late, late)
    found = go(tmp_path, host, "a", "b")
    assert host.tried == ["a", "b", "a", "a"]
    assert (found.summary()["injected"], found.summary()["not_injected"], found.summary()["complete"]) == (1, 1, True)


def test_a_case_that_cannot_be_run_does_not_stop_the_others(tmp_path):
    host = Host(RuntimeError("podman is away"), {}, RuntimeError("still"), RuntimeError("still"))
    found = go(tmp_path, host, "a", "b")
    assert host.tried == ["a", "b", "a", "a"]
    assert {row["name"]: row["converged"] for row in found.rows} == {"a": False, "b": True}
    assert "still" in next(row for row in found.rows if row["name"] == "a")["note"]


def test_after_its_time_no_case_is_begun(tmp_path):
    host = Host()
    assert go(tmp_path, host, "a", until=-1).rows == []
    assert host.tried == []


def test_a_signal_ends_what_is_at_work_and_leaves_no_row_of_it(tmp_path):
    def at_work(host: Host) -> Exception:
        box.STOP.set()
        assert host.killed.wait(10), "what ran on the host was not ended"
        return box.Stopped("h")

    host = Host({}, at_work)
    found = go(tmp_path, host, "a", "b", "c")
    assert [row["name"] for row in found.rows] == ["a"]
    assert host.tried == ["a", "b"]
    assert found.left("abc") == ["b", "c"]


def test_a_verdict_that_a_signal_falsified_is_no_verdict(tmp_path):
    def looks_bad(_host: Host) -> dict:
        box.STOP.set()
        return {"converged": False}

    assert go(tmp_path, Host(looks_bad), "a").rows == []


def test_nothing_is_started_once_a_run_is_to_end(tmp_path):
    host = box.Box("h", "910b", tmp_path)
    box.STOP.set()
    with pytest.raises(box.Stopped):
        host.sh("true")
    with pytest.raises(box.Stopped):
        host.start(tmp_path, {}, tmp_path / "log")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_taken(number):
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        run.stop_on_signals()
        os.kill(os.getpid(), number)
        assert box.STOP.wait(5)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def test_what_runs_is_killed_with_all_it_started(tmp_path):
    host = box.Box("h", "910b", tmp_path)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    host.processes.append(process)
    host.kill_processes()
    assert process.poll() == -signal.SIGKILL


def test_a_watch_that_says_nothing_does_not_hold_its_run():
    quiet = subprocess.Popen(["sleep", "60"], stdout=subprocess.PIPE)
    try:
        begun = time.monotonic()
        assert box.said(quiet, 0.1) == ""
        assert time.monotonic() - begun < 5
    finally:
        quiet.kill()
        quiet.wait()
        quiet.stdout.close()


def test_a_watch_is_heard_after_its_end():
    with subprocess.Popen(["echo", "STRUCK"], stdout=subprocess.PIPE) as watch:
        watch.wait()
        assert box.said(watch, 1) == "STRUCK\n"


def test_the_second_host_of_a_chip_takes_the_states_of_the_first():
    hosts = run.described("", False, "abc")
    assert [host.like is None for host in hosts] == [True] * 3 + [False] * 3
    assert all(host.like.box.chip == host.box.chip for host in hosts if host.like)
    assert len(run.described("", True, "abc")) == 3
    assert [host.like for host in run.described("910b-2", False, "abc")] == [None]

"""Who waits for a program of the vendor's is woken by its end, and hears of it on the way."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import process


@pytest.fixture
def no_sleep(monkeypatch):
    def sleep(seconds):
        raise AssertionError(f"slept {seconds} s")

    monkeypatch.setattr(process.time, "sleep", sleep)


def test_the_end_wakes_who_waits(no_sleep):
    program = subprocess.Popen(["sleep", "0.2"])
    end = process._End(program)
    end.wait(600)
    assert (end.is_alive(), program.returncode) == (False, 0)


def test_who_waits_goes_on_when_the_time_is_up(no_sleep):
    program = subprocess.Popen(["sleep", "60"])
    end = process._End(program)
    end.wait(0.01)
    assert program.poll() is None
    program.kill()
    end.wait(600)
    assert program.returncode == -9


def test_a_program_is_run_without_looking_again_and_again(tmp_path, monkeypatch, no_sleep):
    looks = []
    going_on = process._going_on
    monkeypatch.setattr(process, "_going_on", lambda *given: looks.append(1) or going_on(*given))
    heard = []
    ran = process.run(["bash", "-c", "echo 50%; sleep 1; exit 2"], str(tmp_path), {}, 60, heard=heard.append)
    assert (ran["rc"], ran["timed_out"], heard) == (2, False, ["50%\n"])
    assert len(looks) < 12


def test_one_that_is_not_done_in_time_is_ended(tmp_path):
    ran = process.run(["sleep", "60"], str(tmp_path), {"PATH": "/usr/bin:/bin"}, 0.3)
    assert (ran["rc"], ran["timed_out"]) == (None, True)


def test_of_a_program_that_was_killed_the_rest_is_waited_for(tmp_path):
    """Its first process is gone, and what that one started goes on in its group."""
    script = "(sleep 0.6; echo late) & kill -9 $$"
    ran = process.run(["bash", "-c", script], str(tmp_path), {"PATH": "/usr/bin:/bin"}, 60)
    assert "late" in ran["text"]

"""Rollouts that meet trouble: a bad package, a dead control node, failing and vanishing hosts, slices."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable

import pytest
from ansible_runner import run_async

from tests.rollout.pool import CANN, HERE, NEW, OUT, Pool, limit
from tests.support.playbook import Run, environment

WAVES = {"ascend_rollout": [1, 1, "100%"]}
FORWARD = ["firmware 7.8.0.2.212", "driver 25.3.rc1"]
BACK = ["driver 24.1.rc3", "firmware 7.5.0.1.129"]


@pytest.mark.quick
def test_bad_driver(hosts: Pool) -> None:
    """A bad driver package stops after the canary, which goes back to what it had; the others are not touched."""
    names = hosts.take(len(hosts.names), "old")
    for name in names:
        hosts.fault(name, "driver.die-at", "90 once")
    run = hosts.play("site", {**NEW, "ascend_rollback_on_failure": True})
    canary, *others = names
    assert not run.ok
    assert run.statuses() == {canary: "failed", **dict.fromkeys(others, "not_started")}, run.statuses()
    assert "rolled back to what it had before" in run.host(canary)["error"]["message"], run.host(canary)["error"]
    _is_old_and_healthy(hosts, canary)
    # Firmware first over an existing installation; the way back finds no driver left, and then the driver goes first.
    assert hosts.installs(canary) == [*FORWARD, *BACK], hosts.installs(canary)
    for name in others:
        assert hosts.calls(name) == [], f"{name} was touched"
        assert hosts.installed(name, "driver") == "24.1.rc3"
    hosts.leave(names, "old")


def test_sick_chip(hosts: Pool) -> None:
    """A driver that installs well and leaves a chip with an alarm counts as bad, too; the canary goes back."""
    canary, other = pair = hosts.take(2, "old")

    def suffer() -> None:
        hosts.health(canary, "0 0 Alarm")
        while "driver 24.1.rc3" not in hosts.installs(canary):
            time.sleep(0.3)
        hosts.health(canary, "")

    variables = {**NEW, "ascend_rollback_on_failure": True}
    run = play_and(suffer, lambda: "driver 25.3.rc1" in hosts.installs(canary), hosts, variables, *limit(pair))
    assert not run.ok and run.statuses() == {canary: "failed", other: "not_started"}
    assert "Alarm" in run.host(canary)["error"]["message"], run.host(canary)["error"]
    _is_old_and_healthy(hosts, canary)
    hosts.leave(pair, "old")


def _is_old_and_healthy(hosts: Pool, name: str) -> None:
    assert hosts.installed(name, "driver") == "24.1.rc3"
    assert hosts.installed(name, "firmware") == "7.5.0.1.129"
    table = hosts.run(name, "/usr/local/sbin/npu-smi", "info")
    assert "Version: 24.1.rc3" in table and table.count("| OK ") == 2, table


def test_killed_control_node(hosts: Pool) -> None:
    """The control node dies half way through four hosts; the next plain run finishes and repeats nothing."""
    names = first, second, *later = hosts.take(4, "old")
    site = hosts.start_site({**NEW, **WAVES}, *limit(names))
    while site.poll() is None and "driver 25.3.rc1" not in hosts.installs(second):
        time.sleep(0.3)
    site.kill()
    assert site.wait().code == -9, "the run ended before it was killed"
    assert [hosts.installs(name) for name in later] == [[], []]
    run = hosts.play("site", {**NEW, **WAVES}, *limit(names))
    assert run.ok and set(run.statuses().values()) == {"converged"}, run.text
    assert hosts.installs(first) == FORWARD, "a finished host was changed again"
    for name in (second, *later):
        assert hosts.installed(name, "driver") == "25.3.rc1"
        assert sorted(set(hosts.installs(name))) == sorted(FORWARD)
    hosts.leave(names, "new")


def test_slices(hosts: Pool) -> None:
    """Two disjoint slices at once, each by ansible-runner as AWX would start it."""
    *sliced, left_out = hosts.take(4, "old")
    started = [_slice(hosts, number, names) for number, names in enumerate((sliced[:2], sliced[2:]))]
    for thread, runner in started:
        thread.join()
        assert (runner.status, runner.rc) == ("successful", 0), runner.stdout.read()
    for name in sliced:
        assert hosts.installs(name) == FORWARD
    assert hosts.calls(left_out) == []
    hosts.leave(sliced, "new")
    hosts.leave([left_out], "old")


def _slice(hosts: Pool, number: int, names: list[str]):
    place = OUT / f"slice-{number}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return run_async(
        private_data_dir=str(place),
        playbook="ascend.fleet.site",
        limit=",".join(names),
        quiet=True,
        inventory=[str(hosts.inventory), str(HERE / "inventory")],
        envvars=environment(ANSIBLE_STDOUT_CALLBACK="ascend.fleet.progress"),
        extravars={**NEW, "ascend_report_dir": str(place / "report")},
    )


def test_failing_hosts(hosts: Pool) -> None:
    """One of the first two fails: with 0 percent the rollout stops, with 50 it goes on; a plain run resumes."""
    names = first, _second, third, _fourth = hosts.take(4, "new")
    wanted = {**NEW, **CANN, "ascend_rollout": [2, "100%"]}
    hosts.fault(first, "nnae.fail-at", "30")
    run = hosts.play("site", wanted, *limit(names))
    expected = dict(zip(names, ("failed", "converged", "not_started", "not_started"), strict=True))
    assert not run.ok and run.statuses() == expected, run.statuses()
    assert "too many failures" in run.host(third)["reason"]
    run = hosts.play("site", {**wanted, "ascend_max_fail_percentage": 50}, *limit(names))
    assert not run.ok and run.statuses() == {**dict.fromkeys(names, "converged"), first: "failed"}
    hosts.heal(first)
    run = hosts.play("site", wanted, *limit(names))
    assert run.ok and set(run.statuses().values()) == {"converged"}, run.text
    assert [hosts.installs(name).count("nnae 8.3.RC1") for name in names[1:]] == [1, 1, 1]
    hosts.leave(names, "cann")


def test_unreachable_hosts(hosts: Pool) -> None:
    """Hosts that do not answer, from the start or lost while they change, are named; the others finish."""
    away, lost, well = names = hosts.take(3, "new")
    wanted = {**NEW, **CANN, "ascend_max_fail_percentage": 100, "ascend_silence_timeout": 30}
    hosts.stop(away)
    hosts.fault(lost, "nnae.slow", "60")
    try:
        run = play_and(
            lambda: hosts.stop(lost), lambda: "nnae 8.3.RC1" in hosts.installs(lost), hosts, wanted, *limit(names)
        )
    finally:
        hosts.start(away)
        hosts.start(lost)
    assert not run.ok
    assert run.statuses() == {away: "unreachable", lost: "failed", well: "converged"}, run.statuses()
    assert "lost" in run.host(lost)["error"]["message"], run.host(lost)["error"]
    assert "has not answered for" in run.text
    assert run.text.count(f"unreachable at observe: {away}") == 1
    hosts.heal(lost)
    run = hosts.play("site", wanted, *limit(names))
    assert run.ok and set(run.statuses().values()) == {"converged"}, run.text
    hosts.leave(names, "cann")


def play_and(
    action: Callable[[], None], condition: Callable[[], bool], hosts: Pool, variables: dict, *words: str
) -> Run:
    """How site ended, with action() once condition() was true."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            if condition():
                action()
                return
            time.sleep(0.3)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        return hosts.play("site", variables, *words)
    finally:
        ended.set()
        watcher.join()

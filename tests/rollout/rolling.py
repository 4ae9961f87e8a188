"""Rollouts that meet trouble: a bad package, a dead control node, failing and vanishing hosts, slices."""

from __future__ import annotations

import shutil
import threading
import time

from hosts import Hosts
from plays import CANN, HERE, NEW, OUT, environment, kill_when, play

WAVES = {"ascend_rollout": [1, 1, "100%"]}


def bad_driver(hosts: Hosts) -> None:
    """A bad driver package stops after the canary, which goes back to what it had; seven hosts are not touched."""
    for name in hosts.names:
        hosts.fault(name, "driver.die-at", "90 once")
    run = play(hosts, "site", {**NEW, "ascend_rollback_on_failure": True})
    canary, *others = hosts.names
    assert run.code != 0
    assert run.statuses() == {canary: "failed", **dict.fromkeys(others, "not_started")}, run.statuses()
    assert "rolled back to what it had before" in run.host(canary)["error"]["message"], run.host(canary)["error"]
    _is_old_and_healthy(hosts, canary)
    # Firmware first over an existing installation; the way back finds no driver left, and then the driver goes first.
    assert hosts.installs(canary) == [
        "firmware 7.8.0.2.212",
        "driver 25.3.rc1",
        "driver 24.1.rc3",
        "firmware 7.5.0.1.129",
    ], hosts.installs(canary)
    for name in others:
        assert hosts.calls(name) == [], f"{name} was touched"
        assert hosts.installed(name, "driver") == "24.1.rc3"


def sick_chip(hosts: Hosts) -> None:
    """A driver that installs well and leaves a chip with an alarm counts as bad, too; the canary goes back."""
    canary = hosts.names[0]

    def suffer() -> None:
        hosts.health(canary, "0 0 Alarm")
        while "driver 24.1.rc3" not in hosts.installs(canary):
            time.sleep(0.3)
        hosts.health(canary, "")

    run = play_and(
        suffer,
        lambda: "driver 25.3.rc1" in hosts.installs(canary),
        hosts,
        {**NEW, "ascend_rollback_on_failure": True},
        "--limit",
        "npu-01,npu-02",
    )
    assert run.code != 0 and run.statuses() == {"npu-01": "failed", "npu-02": "not_started"}
    assert "Alarm" in run.host(canary)["error"]["message"], run.host(canary)["error"]
    _is_old_and_healthy(hosts, canary)


def _is_old_and_healthy(hosts: Hosts, name: str) -> None:
    assert hosts.installed(name, "driver") == "24.1.rc3"
    assert hosts.installed(name, "firmware") == "7.5.0.1.129"
    table = hosts.run(name, "/usr/local/sbin/npu-smi", "info")
    assert "Version: 24.1.rc3" in table and table.count("| OK ") == 2, table


def killed_control_node(hosts: Hosts) -> None:
    """The control node dies half way through four hosts; the next plain run finishes and repeats nothing."""
    limit = ("--limit", "npu-01,npu-02,npu-03,npu-04")
    code = kill_when(hosts, {**NEW, **WAVES}, lambda: "driver 25.3.rc1" in hosts.installs("npu-02"), *limit)
    assert code == -9, "the run ended before it was killed"
    assert hosts.installs("npu-03") == hosts.installs("npu-04") == []
    run = play(hosts, "site", {**NEW, **WAVES}, *limit)
    assert run.code == 0 and set(run.statuses().values()) == {"converged"}, run.text
    assert hosts.installs("npu-01") == ["firmware 7.8.0.2.212", "driver 25.3.rc1"], "a finished host was changed again"
    for name in ("npu-02", "npu-03", "npu-04"):
        assert hosts.installed(name, "driver") == "25.3.rc1"
        assert sorted(set(hosts.installs(name))) == ["driver 25.3.rc1", "firmware 7.8.0.2.212"]


def slices(hosts: Hosts) -> None:
    """Two disjoint slices at once, each by ansible-runner as AWX would start it."""
    from ansible_runner import run_async

    started = [_slice(hosts, run_async, number, limit) for number, limit in enumerate(("npu-05,npu-06", "npu-07"))]
    for thread, runner in started:
        thread.join()
        assert (runner.status, runner.rc) == ("successful", 0), runner.stdout.read()
    for name in ("npu-05", "npu-06", "npu-07"):
        assert hosts.installs(name) == ["firmware 7.8.0.2.212", "driver 25.3.rc1"]
    assert hosts.calls("npu-08") == []


def _slice(hosts: Hosts, run_async, number: int, limit: str):
    place = OUT / f"slice-{number}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return run_async(
        private_data_dir=str(place),
        playbook="ascend.fleet.site",
        limit=limit,
        quiet=True,
        inventory=[str(hosts.inventory), str(HERE / "inventory")],
        envvars=environment(),
        extravars={**NEW, "ascend_report_dir": str(place / "report")},
    )


def failing_hosts(hosts: Hosts) -> None:
    """One of the first two fails: with 0 percent the rollout stops, with 50 it goes on; a plain run resumes."""
    names = ["npu-01", "npu-02", "npu-03", "npu-04"]
    limit = ("--limit", ",".join(names))
    wanted = {**NEW, **CANN, "ascend_rollout": [2, "100%"]}
    hosts.fault("npu-01", "nnae.fail-at", "30")
    run = play(hosts, "site", wanted, *limit)
    expected = dict(zip(names, ("failed", "converged", "not_started", "not_started"), strict=True))
    assert run.code != 0 and run.statuses() == expected, run.statuses()
    assert "too many failures" in run.host("npu-03")["reason"]
    run = play(hosts, "site", {**wanted, "ascend_max_fail_percentage": 50}, *limit)
    assert run.code != 0 and run.statuses() == {**dict.fromkeys(names, "converged"), "npu-01": "failed"}
    hosts.mend()
    run = play(hosts, "site", wanted, *limit)
    assert run.code == 0 and set(run.statuses().values()) == {"converged"}, run.text
    assert [hosts.installs(name).count("nnae 8.3.RC1") for name in names[1:]] == [1, 1, 1]


def unreachable_hosts(hosts: Hosts) -> None:
    """Hosts that do not answer, from the start or lost while they change, are named; the others finish."""
    limit = ("--limit", "npu-03,npu-07,npu-08")
    wanted = {**NEW, **CANN, "ascend_max_fail_percentage": 100, "ascend_silence_timeout": 30}
    hosts.stop("npu-03")
    hosts.fault("npu-07", "nnae.slow", "60")
    try:
        run = play_and(
            lambda: hosts.stop("npu-07"), lambda: "nnae 8.3.RC1" in hosts.installs("npu-07"), hosts, wanted, *limit
        )
    finally:
        hosts.start("npu-03")
        hosts.start("npu-07")
    assert run.code != 0
    assert run.statuses() == {"npu-03": "unreachable", "npu-07": "failed", "npu-08": "converged"}, run.statuses()
    assert "lost" in run.host("npu-07")["error"]["message"], run.host("npu-07")["error"]
    assert "has not answered for" in run.text
    assert run.text.count("unreachable at observe: npu-03") == 1
    hosts.mend()
    run = play(hosts, "site", wanted, *limit)
    assert run.code == 0 and set(run.statuses().values()) == {"converged"}, run.text


def play_and(action, condition, hosts: Hosts, variables: dict, *arguments: str):
    """play() of site, with action() once condition() is true."""
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
        return play(hosts, "site", variables, *arguments)
    finally:
        ended.set()
        watcher.join()


SCENARIOS = [bad_driver, sick_chip, killed_control_node, slices, failing_hosts, unreachable_hosts]

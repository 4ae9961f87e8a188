"""Back to earlier versions, forward again, and away: rollback, tags, uninstall."""

from __future__ import annotations

import json

from hosts import Hosts
from plays import CANN, NEW, play

PAIR = ("--limit", "npu-05,npu-06")
MARKER = "/opt/ascend/envs/mindspore/ascend-fleet.json"


def rollback(hosts: Hosts) -> None:
    """rollback goes to the versions before the last change, in the vendor's order, and going back twice is once."""
    run = play(hosts, "rollback", NEW, *PAIR, ANSIBLE_FORKS="1")
    assert run.code == 0, run.text
    for name in ("npu-05", "npu-06"):
        assert hosts.installs(name) == ["firmware 7.5.0.1.129", "driver 24.1.rc3"], hosts.installs(name)
    hosts.forget_calls()
    run = play(hosts, "rollback", NEW, *PAIR)
    assert run.code == 0 and hosts.calls("npu-05") == [], "the second rollback did something"


def tags(hosts: Hosts) -> None:
    """Forward again: --tags npu_driver changes driver and firmware only; --skip-tags leaves out the check."""
    run = play(hosts, "site", {**NEW, **CANN}, *PAIR, "--tags", "npu_driver")
    assert run.code == 0, run.text
    for name in ("npu-05", "npu-06"):
        assert hosts.installs(name) == ["firmware 7.8.0.2.212", "driver 25.3.rc1"], hosts.installs(name)
    run = play(hosts, "site", {**NEW, **CANN}, *PAIR, "--skip-tags", "inference_check")
    assert run.code == 0 and set(run.statuses().values()) == {"converged"}, run.text


def strategy_free(hosts: Hosts) -> None:
    """With strategy free, rollback takes away what the last run brought first."""
    run = play(hosts, "rollback", {**NEW, **CANN}, *PAIR, ANSIBLE_STRATEGY="free")
    assert run.code == 0, run.text
    for name in ("npu-05", "npu-06"):
        assert run.host(name)["versions"]["cann"] is None and hosts.installed(name, "driver") == "25.3.rc1"


def uninstall_a_component(hosts: Hosts) -> None:
    """uninstall removes one component and leaves the others."""
    run = play(hosts, "uninstall", {**NEW, "ascend_components": ["cann", "kernels"]}, "--limit", "npu-07")
    assert run.code == 0, run.text
    assert run.host("npu-07")["versions"]["cann"] is None and run.host("npu-07")["versions"]["kernels"] is None
    assert hosts.installed("npu-07", "driver") == "25.3.rc1"


def uninstall_all(hosts: Hosts) -> None:
    """uninstall removes what we installed and our environment; a driver that was there before stays."""
    # As if somebody had installed everything on npu-08 by hand: our journal does not know it.
    hosts.run("npu-08", "rm", "-f", "/var/lib/ascend-fleet/journal.jsonl")
    for name, marker in (("npu-07", MARKER), ("npu-08", "/opt/ascend/envs/theirs/pyvenv.cfg")):
        hosts.run(name, "python3", "-m", "venv", "--without-pip", marker.rpartition("/")[0])
        if marker == MARKER:
            hosts.run(name, "sh", "-c", f"echo '{json.dumps(_marker())}' >{MARKER}")
    run = play(
        hosts,
        "uninstall",
        NEW | {"ascend_components": ["driver", "firmware", "cann", "kernels", "python"]},
        "--limit",
        "npu-07,npu-08",
    )
    assert run.code == 0, run.text
    assert hosts.installed("npu-07", "driver") is None and hosts.installed("npu-07", "firmware") is None
    assert hosts.run("npu-07", "ls", "/opt/ascend/envs").strip() == ""
    assert hosts.installed("npu-08", "driver") == "25.3.rc1" and hosts.calls("npu-08") == []
    assert "theirs" in hosts.run("npu-08", "ls", "/opt/ascend/envs")
    assert "left-alone" in run.text


def _marker() -> dict:
    return {"name": "mindspore", "path": MARKER.rpartition("/")[0], "provider": "venv", "owner": "root", "stack": {}}


SCENARIOS = [rollback, tags, strategy_free, uninstall_a_component, uninstall_all]

"""Back to earlier versions, forward again, and away: rollback, tags, uninstall."""

from __future__ import annotations

import json

import pytest

from tests.rollout.pool import CANN, NEW, OLD, Pool, limit

MARKER = "/opt/ascend/envs/mindspore/ascend-fleet.json"


@pytest.mark.quick
def test_rollback(hosts: Pool) -> None:
    """rollback goes to the versions before the last change, in the vendor's order, and going back twice is once."""
    pair = hosts.take(2, "new")
    run = hosts.play("rollback", NEW, *limit(pair), ANSIBLE_FORKS="1")
    assert run.ok, run.text
    for name in pair:
        assert hosts.installs(name) == ["firmware 7.5.0.1.129", "driver 24.1.rc3"], hosts.installs(name)
        hosts.forget_calls(name)
    run = hosts.play("rollback", NEW, *limit(pair))
    assert run.ok and [hosts.calls(name) for name in pair] == [[], []], "the second rollback did something"
    hosts.leave(pair, "old")


def test_tags(hosts: Pool) -> None:
    """Forward: --tags npu_driver changes driver and firmware only; --skip-tags leaves out the check."""
    pair = hosts.take(2, "old")
    run = hosts.play("site", {**NEW, **CANN}, *limit(pair), "--tags", "npu_driver")
    assert run.ok, run.text
    for name in pair:
        assert hosts.installs(name) == ["firmware 7.8.0.2.212", "driver 25.3.rc1"], hosts.installs(name)
    run = hosts.play("site", {**NEW, **CANN}, *limit(pair), "--skip-tags", "inference_check")
    assert run.ok and set(run.statuses().values()) == {"converged"}, run.text
    hosts.leave(pair, "twice")


def test_strategy_free(hosts: Pool) -> None:
    """With strategy free, rollback takes away what the last run brought, and only that."""
    pair = hosts.take(2, "twice")
    run = hosts.play("rollback", {**NEW, **CANN}, *limit(pair), ANSIBLE_STRATEGY="free")
    assert run.ok, run.text
    for name in pair:
        assert run.host(name)["versions"]["cann"] is None and hosts.installed(name, "driver") == "25.3.rc1"


def test_uninstall_a_component(hosts: Pool) -> None:
    """uninstall removes one component and leaves the others."""
    (name,) = hosts.take(1, "cann")
    run = hosts.play("uninstall", {**NEW, "ascend_components": ["cann", "kernels"]}, *limit([name]))
    assert run.ok, run.text
    assert run.host(name)["versions"]["cann"] is None and run.host(name)["versions"]["kernels"] is None
    assert hosts.installed(name, "driver") == "25.3.rc1"


@pytest.mark.quick
def test_uninstall_all(hosts: Pool) -> None:
    """uninstall removes what we installed and our environment; a driver that was there before stays."""
    ours, theirs = hosts.take(2, "old")
    # As if somebody had installed everything on the second one by hand: our journal does not know it.
    hosts.run(theirs, "rm", "-f", "/var/lib/ascend-fleet/journal.jsonl")
    for name, folder in ((ours, MARKER.rpartition("/")[0]), (theirs, "/opt/ascend/envs/theirs")):
        hosts.must(name, "python3", "-m", "venv", "--without-pip", folder)
    hosts.must(ours, "sh", "-c", f"echo '{json.dumps(_marker())}' >{MARKER}")
    variables = {**OLD, "ascend_components": ["driver", "firmware", "cann", "kernels", "python"]}
    run = hosts.play("uninstall", variables, *limit([ours, theirs]))
    assert run.ok, run.text
    assert hosts.installed(ours, "driver") is None and hosts.installed(ours, "firmware") is None
    assert hosts.must(ours, "ls", "/opt/ascend/envs").strip() == ""
    assert hosts.installed(theirs, "driver") == "24.1.rc3" and hosts.calls(theirs) == []
    assert "theirs" in hosts.must(theirs, "ls", "/opt/ascend/envs")
    assert "left-alone" in run.text


def _marker() -> dict:
    return {"name": "mindspore", "path": MARKER.rpartition("/")[0], "provider": "venv", "owner": "root", "stack": {}}

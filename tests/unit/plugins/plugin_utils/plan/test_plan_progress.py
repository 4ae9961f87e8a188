"""How far a host has come: the step that a failure is told by, and the steps that are claimed as done."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import progress, steps

BEGAN = {"step": "driver-install", "done": ["network-configure"], "began": 12.5}


def step(component: str) -> dict[str, Any]:
    return {"id": f"{component}-install", "component": component, "action": "install", "from": None, "to": "1"}


def stretch(*components: str, reboot: bool = False) -> Any:
    work = [step(name) for name in components]
    told = "reboot-reboot" if reboot else ""
    proves = [*work, steps.reboot("")] if reboot else []
    return {"steps": work, "reboots": reboot, "reboot_step": told, "proves": proves}


HDK = ("driver", "firmware")


@pytest.mark.parametrize(
    ("said", "at", "done"),
    [
        ({"steps_done": ["driver-install", "firmware-install"]}, "firmware-install", ["driver", "firmware"]),
        # What the distribution has done has no entry.
        ({"steps_done": ["firmware-install"]}, "firmware-install", ["firmware", "driver"]),
        (
            {"failed": True, "steps_done": ["driver-install"], "failed_step": "firmware-install"},
            "firmware-install",
            ["driver"],
        ),
        # No result, but the step that it was at was heard.
        ({"failed": True, "ascend_progress": {"step": "firmware-install"}}, "firmware-install", []),
        ({"failed": True, "ascend_progress": None}, "driver-install", []),
        ({}, "driver-install", []),
    ],
)
def test_after_a_job(said, at, done):
    now = progress.after_job(BEGAN, stretch(*HDK), said)
    assert now == {"step": at, "done": ["network-configure", *(f"{name}-install" for name in done)], "began": 12.5}


def test_the_reboot_is_taken_up_after_a_good_job_alone():
    good, bad = {"steps_done": ["driver-install"]}, {"failed": True, "failed_step": "driver-install", "steps_done": []}
    assert progress.after_job(BEGAN, stretch("driver", reboot=True), good)["step"] == "reboot-reboot"
    assert progress.after_job(BEGAN, stretch("driver", reboot=True), bad)["step"] == "driver-install"


def host(**changes: Any) -> dict[str, Any]:
    fine = {"installed": "1", "loaded": "1"}
    facts = {"driver": fine, "firmware": fine, "reboot_required": False, "reboot_reasons": []}
    return {**facts, "npu": {"available": True, "chips": []}, "accelerators": {"count": 0}, **changes}


def test_after_a_reboot_all_is_done_that_the_host_shows():
    before = {"step": "reboot-reboot", "done": ["driver-install", "firmware-install"]}
    now = progress.after_reboot(before, stretch(*HDK, reboot=True), host())
    assert now == {"step": "reboot-reboot", "done": ["driver-install", "firmware-install", "reboot-reboot"]}


def test_what_it_does_not_show_is_not_claimed_and_is_where_it_failed():
    before = {"step": "reboot-reboot", "done": ["driver-install", "firmware-install"]}
    now = progress.after_reboot(before, stretch(*HDK, reboot=True), host(firmware={"installed": "0"}))
    assert now == {"step": "firmware-install", "done": ["driver-install", "reboot-reboot"]}


def test_a_plan_without_a_step_for_it_claims_none():
    part = {**stretch(*HDK, reboot=True), "reboot_step": ""}
    assert progress.after_reboot({"step": "firmware-install", "done": []}, part, host())["done"] == []

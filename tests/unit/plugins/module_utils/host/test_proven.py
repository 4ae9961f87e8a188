"""What a host has to show once driver and firmware are effective."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.host import proven

REBOOT = {"id": "reboot-reboot", "component": "reboot", "to": None}


def step(component, to="1"):
    return {"id": f"{component}-install", "component": component, "to": to}


def host(**changes):
    facts = {
        "driver": {"installed": "1", "loaded": "1"},
        "firmware": {"installed": "1"},
        "reboot_required": False,
        "reboot_reasons": [],
        "npu": {"available": True, "chips": [{"npu_id": 0, "chip_id": 0, "health": "OK"}]},
        "accelerators": {"count": 1},
    }
    return {**facts, **changes}


def ill(health):
    return {"npu": {"available": True, "chips": [{"npu_id": 3, "chip_id": 0, "health": health}]}}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, {}),
        ({"driver": {"installed": "0", "loaded": "0"}}, {"driver-install": "driver 0 is installed, not 1"}),
        ({"driver": {"installed": "1", "loaded": "0"}}, {"driver-install": "driver 0 is loaded, not 1"}),
        ({"driver": {"installed": "1", "loaded": None}}, {"driver-install": "driver None is loaded, not 1"}),
        ({"firmware": {"installed": "0"}}, {"firmware-install": "firmware 0 is installed, not 1"}),
        ({"reboot_required": True, "reboot_reasons": ["a", "b"]},
         {"reboot-reboot": "a reboot is still needed: a; b"}),
        ({"accelerators": {"count": 2}}, {"driver-install": "npu-smi shows 1 of 2 chips"}),
        (ill("Alarm"), {"driver-install": "chips with an alarm: 3/0 Alarm"}),
        (ill("Warning"), {}),
        (ill(None), {}),
        ({"npu": {"available": False, "message": "-8005"}, "firmware": {"installed": "0"}},
         {"firmware-install": "firmware 0 is installed, not 1", "driver-install": "npu-smi does not answer: -8005"}),
    ],
)  # fmt: skip
def test_what_is_not_proven_is_the_step_s_that_it_belongs_to(changes, found):
    assert dict(proven.lacking(host(**changes), [step("firmware"), step("driver"), REBOOT])) == found


def test_what_no_step_is_about_belongs_to_the_last():
    lacking = proven.lacking(host(accelerators={"count": 2}), [step("firmware")])
    assert lacking == [("firmware-install", "npu-smi shows 1 of 2 chips")]
    assert proven.lacking(host(reboot_required=True), []) == [("", "a reboot is still needed: ")]


def test_of_what_was_removed_nothing_is_to_be_there():
    gone = host(driver={"installed": None, "loaded": None}, firmware={"installed": None}, npu={"available": False})
    steps = [step("driver", None), step("firmware", None)]
    assert proven.lacking(gone, steps) == []
    assert dict(proven.lacking(host(), steps)) == {
        "driver-install": "driver 1 is installed, not None",
        "firmware-install": "firmware 1 is installed, not None",
    }

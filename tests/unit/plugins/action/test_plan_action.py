# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A saved plan is held to: its steps, and the content of the files that the steps use."""

from __future__ import annotations

import copy
import json
import os
from types import SimpleNamespace

import pytest
from ansible_collections.ascend.fleet.plugins.action import plan as action
from ansible_collections.ascend.fleet.plugins.plugin_utils import control_action
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired, step_work
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes

DRIVER = "driver.run"
WHEEL = "wheels/a-1-py3-none-any.whl"


def step(component, package=None, **changes):
    return {
        "id": f"{component}-install",
        "component": component,
        "action": "install",
        "from": None,
        "to": "1",
        "why": "not installed",
        "package": package,
        "reboot": False,
        "minutes": 1,
        **changes,
    }


STEPS = {
    "npu-01": [step("driver", DRIVER), step("mindspore")],
    "npu-02": [step("driver", DRIVER), step("reboot", action="reboot")],
    "npu-03": [],
}


class Action(action.ActionModule):
    def __init__(self, **args):
        self._task = SimpleNamespace(module_defaults=[], args=args, diff=False)
        self._templar = None

    def validate_argument_spec(self, argument_spec):
        return None, {**{key: value.get("default") for key, value in argument_spec.items()}, **self._task.args}


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    """run(**args) plans three hosts over a plain folder of artifacts; returns their plans."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setattr(control_action.ActionBase, "run", lambda self, tmp, task_vars: {})
    folder = tmp_path / "artifacts"
    (folder / "wheels").mkdir(parents=True)
    (folder / DRIVER).write_bytes(b"#!/bin/sh\n# reviewed\n")
    (folder / WHEEL).write_bytes(b"PK reviewed")
    values = desired.read({"ascend_mindspore_version": "2.7.1", "ascend_artifacts": str(folder)})[0]
    monkeypatch.setattr(action.wishes, "of_host", lambda templar, variables: Wishes(values, {}, []))
    steps = copy.deepcopy(STEPS)

    class Planner:
        def __init__(self, **_more):
            pass

        def plan(self, host, _observation, _wish, target):
            rows = copy.deepcopy(steps[host])
            return {
                "host": host,
                "status": "pending" if rows else "converged",
                "steps": rows,
                "findings": [],
                "minutes": 1,
                "target": target,
            }

    monkeypatch.setattr(action, "Planner", Planner)

    def run(**args):
        hostvars = SimpleNamespace(raw_get=lambda host: {})
        return Action(**args).run(None, {"hostvars": hostvars, "ansible_play_hosts_all": list(steps)})["plans"]

    return SimpleNamespace(run=run, folder=folder, steps=steps, saved=tmp_path / "report" / "plan.json", values=values)


def statuses(plans):
    return {host: plan["status"] for host, plan in plans.items()}


ALL_FINE = {"npu-01": "pending", "npu-02": "pending", "npu-03": "converged"}


def staged(steps):
    """The files that the roles would stage for these steps."""
    return [file for step in steps for file in step_work.package_files(step)]


def test_what_was_reviewed_is_applied(fleet):
    umask = os.umask(0)
    try:
        fleet.run(save=str(fleet.saved))
    finally:
        os.umask(umask)
    assert fleet.saved.stat().st_mode & 0o777 == 0o600
    plans = fleet.run(against=str(fleet.saved))
    assert statuses(plans) == ALL_FINE
    # The roles stage exactly that content, also when it is exchanged after this moment.
    (wanted,) = staged(plans["npu-01"]["steps"])
    assert wanted["name"] == DRIVER and len(wanted["sha256"]) == 64


def test_a_plan_that_is_not_saved_hashes_nothing(fleet, monkeypatch):
    monkeypatch.setattr(action, "Content", lambda: pytest.fail("files were read"))
    plans = fleet.run()
    assert statuses(plans) == ALL_FINE and staged(plans["npu-01"]["steps"]) == [{"name": DRIVER}]


def test_a_package_exchanged_after_the_review_is_refused(fleet):
    fleet.run(save=str(fleet.saved))
    (fleet.folder / DRIVER).write_bytes(b"#!/bin/sh\n# exchanged\n")
    plans = fleet.run(against=str(fleet.saved))
    assert statuses(plans) == {"npu-01": "refused", "npu-02": "refused", "npu-03": "converged"}
    message = plans["npu-02"]["findings"][-1]["message"]
    assert DRIVER in message and "not what was reviewed" in message and "make a new plan" in message


@pytest.mark.parametrize("change", ["exchanged", "added", "removed"])
def test_wheels_count_where_a_step_uses_them(fleet, change):
    """A wheel that is added is as good as one that is exchanged: the newest that fits is installed."""
    fleet.run(save=str(fleet.saved))
    if change == "exchanged":
        (fleet.folder / WHEEL).write_bytes(b"PK exchanged")
    elif change == "added":
        (fleet.folder / "wheels" / "a-2-py3-none-any.whl").write_bytes(b"PK more")
    else:
        (fleet.folder / WHEEL).unlink()
    assert statuses(fleet.run(against=str(fleet.saved))) == {**ALL_FINE, "npu-01": "refused"}


def test_packages_that_no_step_uses_may_come(fleet):
    fleet.run(save=str(fleet.saved))
    (fleet.folder / "other.run").write_bytes(b"#!/bin/sh\n")
    assert statuses(fleet.run(against=str(fleet.saved))) == ALL_FINE


def test_other_steps_are_refused_as_ever(fleet):
    fleet.run(save=str(fleet.saved))
    fleet.steps["npu-02"][0]["to"] = "2"
    fleet.steps["npu-03"] = [step("reboot", action="reboot")]
    plans = fleet.run(against=str(fleet.saved))
    assert statuses(plans) == {"npu-01": "pending", "npu-02": "refused", "npu-03": "refused"}
    assert "moved on" in plans["npu-02"]["findings"][-1]["message"]


def test_a_file_that_cannot_be_used_refuses_the_host(fleet, tmp_path):
    (tmp_path / "secret").write_bytes(b"x")
    (fleet.folder / DRIVER).unlink()
    (fleet.folder / DRIVER).symlink_to(tmp_path / "secret")
    plans = fleet.run(save=str(fleet.saved))
    assert plans["npu-01"]["status"] == "refused"
    assert "leaves the folder" in plans["npu-01"]["findings"][-1]["message"]


@pytest.mark.parametrize(
    "edit",
    [
        lambda saved: saved.pop("files"),
        lambda saved: saved.update(files=[]),
        lambda saved: saved["files"].clear(),
        lambda saved: saved["plans"]["npu-01"].pop("files"),
        lambda saved: saved["plans"]["npu-01"].pop("steps"),
        lambda saved: saved["plans"]["npu-01"].update(steps=["x"]),
        lambda saved: saved["plans"].update({"npu-01": 3}),
        lambda saved: saved.update(plans=[]),
    ],
)
def test_a_saved_plan_without_its_hashes_is_refused_in_words(fleet, edit):
    fleet.run(save=str(fleet.saved))
    saved = json.loads(fleet.saved.read_text())
    edit(saved)
    fleet.saved.write_text(json.dumps(saved))
    plans = fleet.run(against=str(fleet.saved))
    assert plans["npu-01"]["status"] == "refused"
    assert "ascend_plan_file" in plans["npu-01"]["findings"][-1]["message"]


@pytest.mark.parametrize("text", ["", "[]", "3", "[" * 100000, "\0", None])
def test_a_file_that_is_no_plan_is_refused_in_words(fleet, text):
    fleet.saved.parent.mkdir()
    if text is not None:
        fleet.saved.write_text(text)
    plans = fleet.run(against=str(fleet.saved))
    assert set(statuses(plans).values()) == {"refused"}
    assert "cannot be used" in plans["npu-01"]["findings"][-1]["message"]

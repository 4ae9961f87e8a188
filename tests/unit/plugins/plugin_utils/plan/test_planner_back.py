"""Plans that go back, environments included, as the planner makes them of an observed host."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import journal, ownership
from ansible_collections.ascend.fleet.plugins.plugin_utils import controller
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes

PATH = "/opt/ascend/envs/mindspore"
OLD = {"mindspore": "2.7.0", "numpy": "1.26.3", "te": "0.4.0"}
NEW = {"mindspore": "2.7.1", "numpy": "1.26.4", "te": "0.4.0", "six": "1.17.0"}


def lines(component, before, after, run, number, **more):
    """The two journal lines of a change; packages: what was there before and is there afterwards."""
    packages = more.pop("packages", (None, None))
    shared = {"id": str(number), "component": component, "from": before, "to": after, "controller": run, **more}
    rows = [{**shared, "event": "start"}, {**shared, "event": "end", "result": "ok"}]
    return [{**row, "packages": held} if held is not None else row for row, held in zip(rows, packages, strict=True)]


def environment(before, after, run, number, python=("3.11", "3.11")):
    return lines("python", *python, run, number, install_path=PATH, packages=(before, after))


def plan(tables, facts, target, history, packages, **env):
    row = {"name": "mindspore", "path": PATH, "provider": "venv", "python": "3.11.2", "owner": "root", "adopted": False}
    facts["environments"] = (
        [{**row, "packages": packages, "cann_wheels_from": "nnae 8.3.RC1", **env}] if packages else []
    )
    facts["journal"].update(
        entries=history,
        before_last_run=journal.before_last_run(history),
        environments_before_last_run=journal.environments_before_last_run(history),
        held=ownership.holdings(history),
        unfinished_components=journal.unfinished_components(history),
    )
    values, problems = desired.read({"ascend_mindspore_version": "2.7.1"})
    return Planner().plan("h", {"ansible_facts": {"ascend": facts}}, Wishes(values, tables, problems), target)


@pytest.mark.parametrize("target", ["previous", "undo"])
def test_only_the_environment_changed_and_only_it_goes_back(tables, facts, target):
    result = plan(tables, facts, target, environment(OLD, NEW, controller.name(), 1), NEW)
    assert result["status"] == "pending", result["findings"]
    (step,) = result["steps"]
    assert (step["component"], step["action"], step["environment"]) == ("python", "restore", "mindspore")
    assert step["packages"] == {"mindspore": "2.7.0", "numpy": "1.26.3", "six": None}


def test_undo_leaves_alone_what_another_run_changed(tables, facts):
    result = plan(tables, facts, "undo", environment(OLD, NEW, "another run", 1), NEW)
    assert (result["status"], result["steps"]) == ("converged", [])


def test_once_it_is_back_nothing_is_left_to_do(tables, facts):
    history = environment(OLD, NEW, "run 2", 1) + environment(NEW, OLD, "run 3, rollback", 2)
    assert plan(tables, facts, "previous", history, OLD)["status"] == "converged"


def test_an_environment_that_the_run_made_is_removed(tables, facts):
    result = plan(tables, facts, "previous", environment({}, NEW, "run 2", 1, (None, "3.11")), NEW)
    assert [(step["id"], step["environment"]) for step in result["steps"]] == [("python-remove", "mindspore")]


def test_an_uninstalled_environment_is_made_again(tables, facts):
    result = plan(tables, facts, "previous", environment(OLD, {}, "run 2", 1, ("3.11", None)), None)
    (step,) = result["steps"]
    assert (step["action"], step["from"], step["to"]) == ("restore", None, "3.11")
    assert step["packages"] == {"mindspore": "2.7.0", "numpy": "1.26.3"}


def test_with_cann_going_back_its_wheels_go_back_too(tables, facts):
    history = lines("nnae", "8.2.RC1", "8.3.RC1", "run 2", 1) + environment(OLD, NEW, "run 2", 2)
    (facts["cann"],) = [[row for row in facts["cann"] if row["product"] == "nnae"]]
    result = plan(tables, facts, "previous", history, NEW)
    order = [(step["component"], step["action"]) for step in result["steps"]]
    assert ("python", "restore") in order, (result["findings"], result["why"])
    assert (
        order.index(("cann", "downgrade"))
        < order.index(("python", "restore"))
        < order.index(("mindspore", "configure"))
    )
    assert len([name for name, _action in order if name == "mindspore"]) == 1

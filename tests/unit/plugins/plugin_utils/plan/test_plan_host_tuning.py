"""The component host_tuning: what plans make of ascend_host_tuning."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.host import tuning, tuning_wanted
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired, together
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView

NAME = "host_tuning"
WISH = {"governor": "performance", "swappiness": 0, "open_files": 65535}
CPU = tuning.CPUS + "/cpu0/cpufreq/scaling_governor"
TREE = {
    CPU: "schedutil\n",
    CPU.replace("scaling_governor", "scaling_available_governors"): "performance schedutil\n",
    tuning.THP: "always [madvise] never\n",
    "/proc/sys/vm/swappiness": "60\n",
    "/proc/sys/net/ipv4/ip_local_reserved_ports": "\n",
}
DONE = {CPU: "performance\n", "/proc/sys/vm/swappiness": "0\n", **tuning_wanted.files(WISH)}
BEFORE = {"/proc/sys/vm/swappiness": "60", CPU: "schedutil"}
RECORD = json.dumps({"files": list(tuning_wanted.FILES), "before": BEFORE, "previous": None})


@pytest.fixture
def plan(tables, facts):
    def made(*trees, wish=WISH, target="desired", **changes):
        mine = {**copy.deepcopy(facts), **changes}
        mine["accelerators"] = {**mine["accelerators"], "family": "910b", "count": 8}
        mine[NAME] = tuning_wanted.observed(DictView(TREE, *trees), "/state", wish is not None)
        variables = {"ascend_components": [NAME], "ascend_host_tuning": wish}
        values, problems = desired.read({name: value for name, value in variables.items() if value is not None})
        wishes = Wishes(values, tables, problems)
        observation = {"ansible_facts": {"ascend": mine}}
        asked = {"node": {**variables, "ascend_observation": observation}}
        env = SimpleNamespace(template=lambda value: value)
        templar = SimpleNamespace(copy_with_new_env=lambda available_variables: env)
        task_vars = {"hostvars": SimpleNamespace(raw_get=asked.__getitem__), "groups": {"all": ["node"]}}
        together.settle(templar, task_vars, asked, {"node": wishes})
        return Planner().plan("node", observation, wishes, target)

    return made


def errors(plan):
    return " ".join(row["message"] for row in plan["findings"] if row["severity"] == "error")


def test_a_step_says_from_what_to_what_and_why(plan):
    found = plan()
    (step,) = found["steps"]
    assert step["id"] == "host_tuning-configure" and not step["reboot"]
    assert step["from"] == "governor schedutil, swappiness 60"
    assert step["to"] == "governor performance, open_files 65535, swappiness 0"
    assert f"{CPU} is schedutil, not performance" in step["why"]
    assert components.get(NAME).label(step) == "settings: governor performance, open_files 65535, swappiness 0"


def test_a_host_that_has_them_is_left_alone(plan):
    found = plan(DONE, {"/state/host_tuning.json": RECORD})
    assert found["status"] == "converged" and not found["steps"], errors(found)


def test_without_the_variable_nothing_is_looked_at(plan):
    assert plan(wish=None)["steps"] == []


def test_an_earlier_setting_that_is_not_asked_for_any_more_is_a_step(plan):
    (step,) = plan(DONE, {"/state/host_tuning.json": RECORD}, wish={"swappiness": 0, "open_files": 65535})["steps"]
    assert f"{CPU} is performance, not schedutil" in step["why"]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"governor": "ondemand"}, "the CPUs of this host take performance, schedutil"),
        ({"hugepages": 8}, "no /proc/sys/vm/nr_hugepages"),
        ({"swappiness": 300}, "0 to 100"),
        ({"governor": "fast"}, "fast"),
        ({"colour": 1}, "colour"),
        ({"reserved_ports": "1-2-3"}, "60000-60031"),
    ],
)
def test_what_cannot_be_is_refused_and_the_variable_named(plan, wish, words):
    found = plan(wish=wish)
    assert found["status"] == "refused"
    assert words in errors(found) and "ascend_host_tuning" in errors(found)


def test_a_file_of_somebody_elses_is_refused(plan):
    found = plan({tuning_wanted.SYSCTL_FILE: "vm.swappiness = 5\n"})
    assert found["status"] == "refused" and "not of ascend.fleet" in errors(found)


def test_a_container_is_refused(plan):
    assert "settings of its host" in errors(plan(host_kind="container"))


def test_uninstalling_takes_away_what_is_recorded_and_only_that(plan):
    (step,) = plan(DONE, {"/state/host_tuning.json": RECORD}, target="absent")["steps"]
    assert step["action"] == "remove" and "back to what they were" in components.get(NAME).label(step)
    assert plan(target="absent")["steps"] == []

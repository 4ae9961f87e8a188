"""Plans that go back: what the journal says was there before, and nothing else."""

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import back as planning_reverse
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import environments_back
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import steps as planning

ALL = list(components.NAMES)


def entry(event, component, before, after, controller, number, result="ok"):
    data = {
        "id": f"{number}",
        "event": event,
        "component": component,
        "from": before,
        "to": after,
        "controller": controller,
    }
    return dict(data, result=result) if event == "end" else data


def change(component, before, after, controller, number, result="ok"):
    return [
        entry("start", component, before, after, controller, number),
        entry("end", component, before, after, controller, number, result),
    ]


HISTORY = [
    *change("driver", None, "24.1.rc3", "run 1", 1),
    *change("firmware", "7.5.0.1.129", "7.5.0.1.129", "run 1", 2),
    *change("nnae", None, "8.0.RC3", "run 1", 3),
    *change("driver", "24.1.rc3", "25.3.rc1", "run 2", 4),
    *change("firmware", "7.5.0.1.129", "7.8.0.2.212", "run 2", 5),
    *change("kernels", None, "8.0.RC3", "run 2", 6),
]


def facts():
    return {
        "journal": {
            "before_last_run": journal.before_last_run(HISTORY),
            "origin": journal.origin(HISTORY),
            "entries": HISTORY,
        },
        "driver": {"installed": "25.3.rc1"},
        "firmware": {"installed": "7.8.0.2.212"},
        "cann": [{"product": "nnae", "version": "8.0.RC3"}, {"product": "kernels", "version": "8.0.RC3"}],
        "environments": [],
        "busy": [],
    }


def test_the_last_run_is_what_one_control_process_did():
    assert journal.before_last_run(HISTORY) == {"driver": "24.1.rc3", "firmware": "7.5.0.1.129", "kernels": None}
    assert journal.before_last_run([]) == {}


def test_a_failed_change_is_part_of_the_last_run():
    history = [
        *HISTORY,
        *change("firmware", "7.8.0.2.212", "7.8.0.5.216", "run 3", 7),
        *change("driver", "25.3.rc1", None, "run 3", 8, result="failed"),
    ]
    before = {"driver": "25.3.rc1", "firmware": "7.8.0.2.212"}
    assert journal.before_last_run(history) == before
    again = [*history, *change("driver", None, "25.5.0", "run 4", 9)]
    assert journal.before_last_run(again) == before, "what a failed run left is nothing to go back to"
    assert journal.unfinished_components(history) == ["driver"]


def test_rollback_goes_back_to_versions_and_removes_what_was_not_there():
    back, gone = planning_reverse.rollback_target(facts(), ALL)
    assert back == {"driver": "24.1.rc3", "firmware": "7.5.0.1.129"}
    assert gone == ["kernels"]


def test_going_back_twice_goes_back_once():
    back = [
        *HISTORY,
        *change("firmware", "7.8.0.2.212", "7.5.0.1.129", "run 4, rollback", 8),
        *change("driver", "25.3.rc1", "24.1.rc3", "run 5, rollback", 9),
    ]
    assert journal.before_last_run(back) == {"driver": "24.1.rc3", "firmware": "7.5.0.1.129", "kernels": None}
    assert journal.last_run(back) == "run 5"
    forward = [*back, *change("driver", "24.1.rc3", "25.3.rc1", "run 6", 10)]
    assert journal.before_last_run(forward) == {"driver": "24.1.rc3"}


def test_undo_leaves_alone_what_an_earlier_run_changed():
    assert planning_reverse.rollback_target(facts(), ALL, "run 2")[1] == ["kernels"]
    assert planning_reverse.rollback_target(facts(), ALL, "run 3") == ({}, [])


def test_removal_takes_what_we_installed_and_leaves_the_rest():
    steps, findings = planning_reverse.removal_steps(facts(), ALL, "mindspore")
    assert [step["id"] for step in steps] == ["kernels-remove", "cann-remove", "driver-remove"]
    assert [found["rule"] for found in findings] == ["left-alone"]
    assert "firmware 7.8.0.2.212" in findings[0]["message"]


def test_removal_of_one_component_only():
    steps, _findings = planning_reverse.removal_steps(facts(), ["cann"], "mindspore")
    assert [(step["id"], step["product"], step["from"]) for step in steps] == [("cann-remove", "nnae", "8.0.RC3")]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (["python"], []),
        (["python", "torch"], ["mindspore"]),
        (["python", "mindformers"], ["torch"]),
        (["python", "mindspore", "torch"], []),
    ],
)
def test_of_the_environments_those_of_the_named_frameworks_are_removed(wanted, left):
    rows = [
        {"name": name, "path": f"/envs/{name}", "python": "3.11.2", "packages": {}} for name in ("mindspore", "torch")
    ]
    names = {"mindspore": "mindspore", "torch": "torch"}
    there = {**facts(), "environments": rows}
    steps, _findings = planning_reverse.removal_steps(there, wanted, "mindspore", None, names)
    assert {row["name"] for row in rows} - {step["environment"] for step in steps} == set(left)


def test_join_puts_removals_first_and_one_reboot_last():
    steps, _findings = planning_reverse.removal_steps(facts(), ALL, "mindspore")
    own = [components.get("firmware").make_step(facts(), "downgrade", "2", "1", "asked for"), planning.reboot("x")]
    plan = planning_reverse.join({"steps": own, "findings": [], "status": "pending"}, steps, facts(), "refuse")
    assert [step["component"] for step in plan["steps"]] == ["kernels", "cann", "driver", "firmware", "reboot"]
    assert plan["status"] == "pending"


def test_busy_npus_refuse_a_removal_too():
    busy = dict(facts(), busy=[{"pid": 1, "command": "python"}])
    steps, _findings = planning_reverse.removal_steps(busy, ["driver"], "mindspore")
    plan = planning_reverse.join({"steps": [], "findings": [], "status": "converged"}, steps, busy, "refuse")
    assert plan["status"] == "refused"


# Python environments

PATH = "/opt/ascend/envs/mindspore"


def environment_change(before, after, controller, number, python=("3.11", "3.11")):
    rows = change("python", *python, controller, number)
    return [
        dict(row, install_path=PATH, packages=packages) for row, packages in zip(rows, (before, after), strict=True)
    ]


def host(history, packages=None, **more):
    """A host whose environment holds the packages, None without one."""
    env = {"name": "mindspore", "path": PATH, "provider": "venv", "python": "3.11.2", "packages": packages, **more}
    return {
        "journal": {
            "before_last_run": journal.before_last_run(history),
            "environments_before_last_run": journal.environments_before_last_run(history),
            "entries": history,
        },
        "environments": [env] if packages is not None else [],
    }


OLD = {"mindspore": "2.7.0", "numpy": "1.26.3", "te": "0.4.0", "own": "1"}
NEW = {"mindspore": "2.7.1", "numpy": "1.26.4", "te": "0.4.1", "own": "1", "mindformers": "1.7.0"}


def test_an_environment_goes_back_to_the_distributions_it_had():
    history = environment_change(OLD, NEW, "run 2", 1)
    way = environments_back.ways_back(host(history, NEW), ALL, ["mindspore", "torch"])
    assert way.steps[0]["packages"] == {"mindformers": None, "mindspore": "2.7.0", "numpy": "1.26.3"}, (
        "te is CANN's affair"
    )
    assert (way.steps[0]["id"], way.steps[0]["from"], way.steps[0]["to"]) == ("python-restore", "3.11", "3.11")
    assert planning.describe(way.steps[0]) == "restore Python 3.11: without mindformers, mindspore 2.7.0, numpy 1.26.3"
    assert way.pins(False) == {} and way.pins(True) == {"mindspore": "2.7.0", "python": "3.11"}
    assert way.facts["environments"][0]["packages"] == OLD
    assert planning_reverse.rollback_target(host(history, NEW), ALL) == ({}, [])


def test_an_environment_that_the_last_run_made_is_removed():
    history = environment_change({}, NEW, "run 2", 1, python=(None, "3.11"))
    way = environments_back.ways_back(host(history, NEW), ALL, ["mindspore", "torch"])
    assert way.gone == ["mindspore"] and not way.steps and way.pins(True) == {}


def test_a_removed_environment_is_made_again_with_all_it_had():
    brought = {**OLD, "pip": "23.0", "setuptools": "65"}
    history = environment_change(brought, {}, "run 2", 1, python=("3.11", None))
    way = environments_back.ways_back(host(history), ALL, ["mindspore"])
    assert way.steps[0]["packages"] == {"mindspore": "2.7.0", "numpy": "1.26.3", "own": "1"}
    assert way.steps[0]["from"] is None and way.steps[0]["to"] == "3.11"
    # What CANN brings is not there afterwards: its component's step brings it.
    assert "te" not in way.facts["environments"][0]["packages"]


@pytest.mark.parametrize(
    ("packages", "wanted", "name", "run"),
    [
        (NEW, ["driver"], "mindspore", None),
        (NEW, ALL, "other", None),
        (NEW, ALL, "mindspore", "run 9"),
        (OLD, ALL, "mindspore", None),
    ],
)
def test_an_environment_is_left_alone(packages, wanted, name, run):
    history = environment_change(OLD, packages, "run 2", 1)
    way = environments_back.ways_back(host(history, packages), wanted, [name], run)
    assert not way.steps and not way.gone


def test_an_environment_of_condas_goes_back_by_its_components():
    history = environment_change(OLD, NEW, "run 2", 1)
    way = environments_back.ways_back(host(history, NEW, provider="conda"), ALL, ["mindspore"])
    assert not way.steps and way.pins(False) == {"mindspore": "2.7.0", "python": "3.11"}


def test_what_was_installed_by_hand_stays():
    history = environment_change(OLD, NEW, "run 2", 1)
    way = environments_back.ways_back(host(history, {**NEW, "by-hand": "1"}), ALL, ["mindspore"])
    assert "by-hand" not in way.steps[0]["packages"]


def test_a_restored_environment_has_its_place_among_the_steps():
    kernels, mindspore = (
        components.get(name).make_step(facts(), "configure", "1", "1", "x") for name in ("kernels", "mindspore")
    )
    python = components.get("python").make_step(facts(), "restore", "3.11", "3.11", "x")
    steps = planning_reverse.insert([kernels, mindspore], python)
    assert [step["component"] for step in steps] == ["kernels", "python", "mindspore"]
    assert planning_reverse.insert([], python) == [python]


def test_each_environment_goes_back_by_itself():
    other = [dict(row, install_path="/opt/ascend/envs/torch") for row in environment_change(OLD, NEW, "run 2", 2)]
    gone = [dict(row, install_path="/e/new") for row in environment_change({}, {}, "run 2", 3, (None, "3.11"))]
    seen = host([*environment_change(OLD, NEW, "run 2", 1), *other, *gone], NEW)
    seen["environments"].append({**seen["environments"][0], "name": "torch", "path": "/opt/ascend/envs/torch"})
    way = environments_back.ways_back(seen, ALL, ["mindspore", "torch", "new", "mindspore"])
    assert way.gone == ["new"]
    assert [(step["id"], step["environment"]) for step in way.steps] == [
        ("python-restore", "mindspore"),
        ("python-restore-torch", "torch"),
    ]
    assert [env["packages"] for env in way.facts["environments"]] == [OLD, OLD]


def test_an_environment_whose_change_was_interrupted_is_repaired():
    stack = {"python": {"version": "3.11"}}
    cut = environment_change(OLD, NEW, "run 2", 1)[:1]
    seen = {**host(cut, NEW), "tools": {"gcc": "12"}}
    (step,) = components.get("python").steps(Site(seen, "mindspore"), stack)
    assert (step["action"], step["why"]) == ("repair", "an earlier change of it was interrupted")
    seen = {**host(environment_change(OLD, NEW, "run 2", 1), NEW), "tools": {"gcc": "12"}}
    assert components.get("python").steps(Site(seen, "mindspore"), stack) == []

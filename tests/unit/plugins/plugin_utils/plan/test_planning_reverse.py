"""Plans that go back: what the journal says was there before, and nothing else."""

from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import back as planning_reverse
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

"""What somebody else installed or put there is refused in the plan, before anything is changed."""

import copy

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import journal, ownership
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import back as planning_reverse
from test_planning import BARE, converged, held, ids, plan

ROOT = "/usr/local/Ascend"
STRANGE = {
    "name": "mindspore",
    "path": "/opt/ascend/envs/mindspore",
    "what": "a folder with 12 entries",
    "owner": "ann",
}


def with_driver(version="24.1.rc3", **journal_of_host):
    facts = converged()
    facts["driver"].update(installed=version, loaded=version, path=f"{ROOT}/driver")
    facts["journal"].update(journal_of_host)
    return facts


def strange(result):
    return [(row["severity"], row["message"]) for row in result["findings"] if row["rule"] == "not-ours"]


@pytest.mark.parametrize("version,allow", [("24.1.rc3", False), ("25.5.0", True)])
def test_a_driver_of_theirs_is_not_changed(version, allow):
    result = plan(with_driver(version), allow_downgrade=allow)
    assert result["status"] == "refused"
    ((severity, message),) = strange(result)
    assert severity == "error" and f"driver {version} in {ROOT}" in message
    for fix in (
        f"{ROOT}/driver/script/uninstall.sh",
        f'ascend_driver_version: "{version}"',
        "ascend_take_over: [driver]",
    ):
        assert fix in message


def test_a_damaged_driver_of_theirs_is_not_repaired():
    facts = with_driver("25.3.rc1")
    facts["driver"]["damaged"] = "half of it is missing"
    assert plan(facts)["status"] == "refused" and "not repaired" in strange(plan(facts))[0][1]


def test_a_driver_of_theirs_in_the_wanted_version_is_used():
    assert plan(with_driver("25.3.rc1"))["status"] == "converged"


def test_a_driver_that_we_installed_is_upgraded():
    result = plan(with_driver(held=[held("driver", "24.1.rc3")]))
    assert result["status"] == "pending" and strange(result) == []
    assert plan(with_driver(held=[held("driver", "24.1.rc3", path="/opt/A")]))["status"] == "refused"


def test_what_a_broken_change_of_ours_left_is_repaired():
    start = journal.start("i", 1, "b", "driver", "install", None, "25.3.rc1", install_path=ROOT)
    result = plan(with_driver("9.9.9", entries=[start], unfinished_components=["driver"]))
    assert result["status"] == "pending" and ids(result)[0] == "driver-repair"


def test_a_driver_is_taken_over_when_that_is_asked_for():
    result = plan(with_driver(), take_over=["driver"])
    assert result["status"] == "pending" and [row[0] for row in strange(result)] == ["warning"]
    assert [step.get("take_over") for step in result["steps"]] == [True, None]
    assert plan(with_driver(), take_over=["firmware", "cann"])["status"] == "refused"


def cann(version, latest=True, path=None, **more):
    return {
        "product": "nnae",
        "version": version,
        "latest": latest,
        "chip": None,
        "damaged": None,
        "install_path": ROOT,
        "path": path or f"{ROOT}/nnae/{version}",
        **more,
    }


def test_cann_goes_beside_theirs_with_a_warning():
    facts = converged()
    facts["cann"][0] = cann("8.0.RC3")
    result = plan(facts)
    assert result["status"] == "pending" and ids(result) == ["cann-install"]
    ((severity, message),) = strange(result)
    assert severity == "warning" and "nnae 8.0.RC3" in message and "set_env.sh" in message
    assert result["steps"][0]["from"] is None and "take_over" not in result["steps"][0]
    taken = plan(facts, take_over=["cann"])
    assert ids(taken) == ["cann-upgrade"] and taken["steps"][0]["take_over"] is True


@pytest.mark.parametrize("change", [{"latest": False}, {"damaged": "x"}, {"version": None, "damaged": "no file"}])
def test_the_wanted_release_of_theirs_is_not_installed_over(change):
    facts = converged()
    facts["cann"][0] = dict(cann("8.3.RC1"), **change)
    assert plan(facts)["status"] == "refused", ids(plan(facts))
    facts["journal"]["held"] = [held("nnae", "8.3.RC1")]
    assert plan(facts)["status"] == "pending"


@pytest.mark.parametrize(
    "what",
    [
        "a folder with 12 entries",
        "a file",
        "a symbolic link",
        "a Python 3.7 environment",
        "a Python 3.11 environment",
        "a Python 3.1 environment",
    ],
)
def test_what_lies_where_the_environment_would_is_refused(what):
    facts = copy.deepcopy(BARE)
    facts["foreign_environments"] = [dict(STRANGE, what=what)]
    result = plan(facts)
    assert result["status"] == "refused"
    ((severity, message),) = strange(result)
    assert severity == "error" and what in message and "ascend_env_name" in message
    fits = what == "a Python 3.11 environment"
    assert ("ascend_take_over: [python]" in message) is fits
    taken = plan(facts, take_over=["python"])
    assert taken["status"] == ("pending" if fits else "refused")
    python = [step for step in taken["steps"] if step["component"] == "python"]
    assert [step.get("take_over") for step in python] == [True if fits else None]
    facts["foreign_environments"][0]["name"] = "other"
    assert plan(facts)["status"] == "pending"


def test_packages_alone_do_not_go_into_somebodys_environment():
    facts = copy.deepcopy(BARE)
    facts["foreign_environments"] = [STRANGE]
    result = plan(facts, components=["mindspore", "mindformers"])
    assert result["status"] == "refused" and len(strange(result)) == 1


def test_an_environment_that_was_taken_over_is_not_replaced():
    facts = converged()
    facts["environments"][0].update(adopted=True, python="3.9.2")
    assert plan(facts)["status"] == "refused" and "ascend_env_name" in strange(plan(facts))[0][1]
    facts["environments"][0]["adopted"] = False
    assert plan(facts)["status"] == "pending"


def removals(facts, components=("driver", "cann", "kernels", "python"), gone=None):
    steps, findings = planning_reverse.removal_steps(facts, list(components), "mindspore", gone)
    return [(step["component"], step["from"]) for step in steps], [row["message"] for row in findings]


def test_uninstall_leaves_what_is_theirs_and_says_so():
    facts = with_driver("25.3.rc1")
    facts["cann"], facts["environments"] = [cann("8.0.RC3"), cann("8.3.RC1", latest=False)], []
    facts["foreign_environments"] = [STRANGE]
    facts["journal"]["held"] = [held("nnae", "8.3.RC1")]
    steps, messages = removals(facts)
    assert steps == [("cann", "8.3.RC1")]
    assert [message.split(" is left alone")[0] for message in messages] == [
        "/opt/ascend/envs/mindspore",
        "nnae 8.0.RC3",
        "driver 25.3.rc1",
    ]


def test_uninstall_leaves_what_took_the_place_of_theirs_and_says_what_that_was():
    steps, (message,) = removals(with_driver("25.3.rc1", held=[held("driver", "25.3.rc1", "24.1.rc3")]), ["driver"])
    assert steps == [] and "in place of 24.1.rc3" in message


def test_uninstall_leaves_what_somebody_put_over_ours():
    history = [journal.start("i", 1, "b", "driver", "install", None, "24.1.rc3", install_path=ROOT)]
    history.append(journal.end(history[0], 2, "b", 0, "ok", False, 1, "24.1.rc3"))
    facts = with_driver("25.5.0", entries=history, origin=journal.origin(history))
    assert removals(facts, ["driver"])[0] == [], "the version that is there is none that we installed"


def test_uninstall_leaves_a_release_that_somebody_else_put_kernels_into():
    facts = converged()
    facts["cann"] = [cann("8.3.RC1"), dict(cann("8.3.RC1"), product="kernels")]
    facts["journal"]["held"] = [held("nnae", "8.3.RC1")]
    steps, messages = removals(facts, ["cann", "kernels"])
    assert steps == [] and any("kernels 8.3.RC1 into it" in message for message in messages)


def test_uninstall_takes_all_our_releases_with_an_id_for_each():
    facts = converged()
    facts["cann"] = [cann("8.0.RC3"), cann("8.3.RC1")]
    facts["journal"]["held"] = [held("nnae", "8.0.RC3"), held("nnae", "8.3.RC1")]
    steps, _findings = planning_reverse.removal_steps(facts, ["cann"], "mindspore")
    assert [step["id"] for step in steps] == ["cann-remove", "cann-remove-8.3.RC1"]


def test_a_rollback_removes_only_the_product_that_the_last_run_brought():
    facts = converged()
    facts["cann"] = [dict(cann("8.0.RC3"), product="toolkit"), cann("8.3.RC1")]
    facts["journal"].update(held=[held("toolkit", "8.0.RC3"), held("nnae", "8.3.RC1")], before_last_run={"nnae": None})
    steps, messages = removals(facts, ["cann"], gone=["cann"])
    assert steps == [("cann", "8.3.RC1")] and messages == []


def test_the_component_of_a_product():
    assert [ownership.component_of(name) for name in ("nnae", "toolkit", "ops", "driver")] == [
        "cann",
        "cann",
        "kernels",
        "driver",
    ]

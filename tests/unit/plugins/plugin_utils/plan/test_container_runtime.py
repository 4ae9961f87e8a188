"""container_runtime: chosen by CANN or driver, planned by what the host has, refused before a host is touched."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import accounts, back, desired, steps
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import asked, files, resolver

TABLES = catalog.load()
HOST = {"chip": "910b", "arch": "aarch64", "host_kind": "physical"}
PARTS = ["driver", "firmware", "container_runtime"]
PATH = "/usr/local/Ascend/Ascend-Docker-Runtime/ascend-docker-runtime"
FACTS = {
    "arch": "aarch64", "accelerators": {"family": "910b", "count": 8}, "cann": [], "environments": [], "busy": [],
    "proofs": {}, "driver": {"installed": "25.3.rc1", "loaded": "25.3.rc1", "damaged": None},
    "firmware": {"installed": "7.8.0.2.212", "loaded": "7.8.0.2.212", "damaged": None}, "journal": {"entries": []},
    "tools": {"gcc": None, "cmake": None}, "reboot_required": False, "reboot_reasons": [], "extra_packages": [],
}  # fmt: skip
ANSWER = {"runtimes": ["ascend", "runc"], "default": "ascend", "live_restore": False}


def engine(**more):
    return {
        "name": "docker", "installed": True, "active": True, "config": "/etc/docker/daemon.json", "problem": None,
        "runtime": PATH, "default": "ascend", "answer": ANSWER, "live_restore": False, "running": [], **more,
    }  # fmt: skip


def on_host(with_engine=None, **more):
    return {
        "asked": True, "version": "7.2.RC1", "damaged": None, "ours": True, "open": False, "path": PATH,
        "package": None, "configured": True, "engine": with_engine or engine(), **more,
    }  # fmt: skip


BARE = on_host(
    engine(installed=False, active=False, runtime=None, default=None, answer=None),
    version=None, ours=False, path=None, configured=False,
)  # fmt: skip


def stack(parts=PARTS, **variables):
    given = {"driver_version": "25.3.rc1", "container_accept_licence": True, "components": list(parts), **variables}
    values, problems = desired.read({f"ascend_{name}": value for name, value in given.items()})
    assert problems == []
    return resolver.resolve(TABLES, desired.pins(values, values["ascend_components"]), HOST)


def plan(seen, journal=None, policy="refuse", **variables):
    found = stack(**variables)
    facts = {**FACTS, "container_runtime": seen, "journal": journal or {"entries": []}}
    return steps.plan_host("a", facts, found, [], steps.Options(PARTS, "mindspore", busy_policy=policy))


def words(made):
    return [steps.describe(step) for step in made["steps"]]


@pytest.mark.parametrize(
    ("variables", "version"),
    [
        ({}, "7.2.RC1"),
        ({"driver_version": "25.5.0"}, "26.1.0"),
        ({"driver_version": "25.2.0"}, "7.1.RC1"),
        ({"container_runtime_version": "7.0.RC1"}, "7.0.RC1"),
        ({"cann_version": "8.5.0", "components": [*PARTS, "cann"], "driver_version": "25.5.0"}, "26.1.0"),
    ],
)
def test_auto_is_what_is_published_with_cann_or_driver(variables, version):
    entry = stack(**variables)["stack"]["container_runtime"]
    assert entry["version"] == version
    assert entry["package"] == f"Ascend-docker-runtime_{version}_linux-aarch64.run"


def test_nobody_gets_it_who_does_not_ask():
    pins = {"mindspore": "2.7.1", "components": list(components.NAMES)}
    assert resolver.resolve(TABLES, pins, HOST)["stack"]["container_runtime"] is None
    assert "container_runtime" not in asked.VENDORS and "container_runtime" not in asked.FRAMEWORKS
    alone = {"container_runtime": "7.2.RC1", "components": list(components.NAMES)}
    assert not resolver.resolve(TABLES, alone, HOST)["ok"], "its version does not say what a host is for"


def test_a_bare_host_gets_engine_package_and_configuration_in_this_order():
    made = plan(BARE, container_engine_install=True)
    assert words(made) == ["docker of the distribution", "container runtime 7.2.RC1", "docker with the Ascend runtime"]
    assert [step["package"] for step in made["steps"]][1] == "Ascend-docker-runtime_7.2.RC1_linux-aarch64.run"
    assert len({step["id"] for step in made["steps"]}) == 3 and made["status"] == "pending"


def test_a_host_that_is_right_has_nothing_to_do():
    assert plan(on_host())["status"] == "converged"


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (on_host(engine(runtime=None)), ["docker with the Ascend runtime"]),
        (on_host(engine(default="runc")), ["docker with the Ascend runtime"]),
        (on_host(engine(active=False, answer=None)), ["docker with the Ascend runtime"]),
        (on_host(engine(answer={**ANSWER, "runtimes": ["runc"]})), ["docker with the Ascend runtime"]),
        (on_host(version="7.1.RC1"), ["container runtime 7.1.RC1 -> 7.2.RC1"]),
        (on_host(damaged="x is not there"), ["repair container runtime 7.2.RC1"]),
        (on_host(open=True), ["repair container runtime 7.2.RC1"]),
    ],
)
def test_what_is_not_right_is_a_step(seen, expected):
    assert words(plan(seen)) == expected


def test_an_interrupted_configuration_is_taken_up():
    made = plan(on_host(), {"entries": [], "unfinished_components": ["container_engine"]})
    assert words(made) == ["docker with the Ascend runtime"]


def test_no_default_is_no_difference_for_isula():
    seen = on_host(engine(name="isula", default=None, answer=None))
    assert plan(seen, container_engine="isula")["status"] == "converged"


@pytest.mark.parametrize(
    ("seen", "variables", "said"),
    [
        (BARE, {}, "ascend_container_engine_install: true"),
        (BARE, {"container_accept_licence": False}, "ascend_container_accept_licence: true"),
        (on_host(engine(problem="line 1, column 2: no")), {}, "line 1, column 2"),
        (on_host(engine(name="crio")), {"container_engine": "crio"}, "is not made for crio"),
    ],
)
def test_what_cannot_be_is_refused_before_the_host_is_touched(seen, variables, said):
    made = plan(seen, **variables)
    errors = [found["message"] for found in made["findings"] if found["severity"] == "error"]
    assert made["status"] == "refused" and any(said in message for message in errors), errors


def test_one_of_somebody_elses_is_used_as_it_is_and_never_replaced():
    assert plan(on_host(ours=False))["status"] == "converged"
    made = plan(on_host(ours=False, version="7.0.RC1"))
    assert made["status"] == "refused" and "was not installed by ascend.fleet" in made["findings"][-1]["message"]


@pytest.mark.parametrize(("policy", "severity"), [("refuse", "error"), ("wait", "warning"), ("ignore", "warning")])
def test_containers_that_would_stop_are_named(policy, severity):
    made = plan(on_host(engine(runtime=None, running=["trainer", "web"])), policy=policy)
    (found,) = [found for found in made["findings"] if found["rule"] == "containers-running"]
    assert found["severity"] == severity and "trainer, web" in found["message"]


@pytest.mark.parametrize("more", [{"live_restore": True}, {"name": "containerd"}, {"active": False}])
def test_containers_that_go_on_stop_nothing(more):
    seen = on_host(engine(runtime=None, running=["trainer"], **more))
    variables = {"container_engine": "containerd"} if "name" in more else {}
    assert not [found for found in plan(seen, **variables)["findings"] if found["rule"] == "containers-running"]


def test_everything_is_removed_the_engine_first():
    facts = {**FACTS, "container_runtime": on_host()}
    found, _said = back.removal_steps(facts, ["container_runtime"], "mindspore")
    assert [steps.describe(step) for step in found] == [
        "container engine back to what it was", "remove container runtime 7.2.RC1",
    ]  # fmt: skip
    theirs = {**FACTS, "container_runtime": on_host(ours=False, configured=False)}
    assert back.removal_steps(theirs, ["container_runtime"], "mindspore")[0] == []


def test_a_rollback_removes_what_the_last_run_brought():
    before = {"container_runtime": None, "container_engine": None}
    facts = {**FACTS, "container_runtime": on_host(), "journal": {"entries": [], "before_last_run": before}}
    pins, gone = back.rollback_target(facts, PARTS)
    assert pins == {} and set(gone) == {"container_runtime"}
    assert len(back.removal_steps(facts, PARTS, "mindspore", gone)[0]) == 2
    upgraded = {**facts, "journal": {"entries": [], "before_last_run": {"container_runtime": "7.1.RC1"}}}
    assert back.rollback_target(upgraded, PARTS) == ({"container_runtime": "7.1.RC1"}, [])


def test_a_bundle_has_its_package():
    found = stack()
    subject = {**HOST, "installed": {}}
    names = {want.name: want.url for want in files.wants(found["stack"], subject, TABLES)}
    url = names["Ascend-docker-runtime_7.2.RC1_linux-aarch64.run"]
    assert url.endswith("/MindX/MindX%207.2.RC1/Ascend-docker-runtime_7.2.RC1_linux-aarch64.run")


def account(**more):
    return {"name": "HwHiAiUser", "uid": None, "gid": None, "user_of_id": None, "group_of_id": None, **more}


@pytest.mark.parametrize(
    ("row", "said_id", "numbers", "words_said"),
    [
        (account(), "auto", {"HwHiAiUser": 1000}, None),
        (account(uid=1000, user_of_id="HwHiAiUser", group_of_id="HwHiAiUser"), "auto", {"HwHiAiUser": 1000}, None),
        (account(user_of_id="alice"), "auto", {}, "which alice has"),
        (account(group_of_id="staff"), "auto", {}, "the group HwHiAiUser is to have the id 1000, which staff has"),
        (account(uid=1001, gid=1001, user_of_id="alice"), "auto", {}, "--group-add 1001"),
        (account(uid=1001, gid=1001), "1002", {}, "its id is not changed"),
        (account(uid=1001, gid=1001), "1001", {"HwHiAiUser": 1001}, None),
    ],
)  # fmt: skip
def test_the_user_gets_the_number_that_images_expect_unless_somebody_has_it(row, said_id, numbers, words_said):
    values = desired.read({"ascend_user_id": said_id})[0]
    got, said = accounts.judge({"accounts": [row]}, stack()["stack"], values)
    assert got == numbers and (words_said in said[0]["message"] if words_said else said == []), said


def test_a_role_alone_heeds_what_the_host_is_for():
    driver_alone = stack(["driver", "firmware"])["stack"]
    values = desired.read({"ascend_components": PARTS})[0]
    assert accounts.judge({"accounts": [account()]}, driver_alone, values) == ({"HwHiAiUser": 1000}, [])


def test_elsewhere_the_host_chooses_the_number():
    values = desired.read({})[0]
    assert accounts.judge({}, stack(["driver", "firmware"])["stack"], values) == ({}, [])


@pytest.mark.parametrize("value", ["0", "root", "-1", "3.5", 2**31])
def test_a_number_that_is_none_is_a_problem_of_the_variable(value):
    problems = desired.read({"ascend_user_id": value, "ascend_mindspore_version": "2.7.1"})[1]
    assert [problem.variable for problem in problems] == ["ascend_user_id"]

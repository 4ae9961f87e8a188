"""ascend_python_extra: locked, judged before any host is touched, and a step for each environment that differs."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import role_requirements, wants
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import back, beside, desired, steps
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import collect
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver

TABLES = catalog.load()
HOST = {"chip": "910b", "arch": "aarch64", "host_kind": "physical"}
TOOLS = {"environment": "tools", "python": "3.11", "requirements": ["MSIT==8.2.0", "msprof_analyze == 26.2.0"]}
FACTS = {
    "arch": "aarch64", "accelerators": {"family": "910b", "count": 8}, "cann": [], "environments": [], "busy": [],
    "proofs": {}, "driver": {"installed": None, "loaded": None, "damaged": None},
    "firmware": {"installed": None, "loaded": None, "damaged": None}, "journal": {"entries": []},
    "tools": {"gcc": None, "cmake": None}, "reboot_required": False, "reboot_reasons": [],
}  # fmt: skip


def judged(*entries):
    values, problems = desired.read({"ascend_python_extra": list(entries), "ascend_mindspore_version": "2.7.1"})
    assert problems == []
    problems = beside.complete(values, TABLES)
    return values["ascend_python_extra"], [str(problem) for problem in problems]


def plan(*entries, facts=None, parts=("python_extra",), pins=None):
    rows, problems = judged(*entries)
    assert problems == []
    found = resolver.resolve(TABLES, {**(pins or {}), "components": list(parts), "python_extra": rows}, HOST)
    assert found["ok"], found
    options = steps.Options(parts, "mindspore", limits=role_requirements.limits())
    return steps.plan_host("a", {**FACTS, **(facts or {})}, found, [], options)


def distributions(entries):
    """What host_facts is told of one variable's entries; the others are not set."""
    return beside.distributions({"ascend_python_extra": entries}.get)


def mine(made):
    return [step for step in made["steps"] if step["component"] == "python_extra"]


def env(name="tools", python="3.11.9", packages=None, **more):
    there = {"msit": "8.2.0", "msprof-analyze": "26.2.0"} if packages is None else packages
    return {"name": name, "path": f"/opt/ascend/envs/{name}", "python": python, "packages": there, "adopted": False,
            "provider": "venv", "owner": "root", "stack": {"python_extra": name}, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**TOOLS, "requirement": []}, "Did you mean requirements?"),
        ({**TOOLS, "environment": "../tools"}, "environment is '../tools'"),
        ({**TOOLS, "environment": None}, "environment is None"),
        ({**TOOLS, "python": 3.1}, "3.10 without is 3.1"),
        ({**TOOLS, "python": None}, "python is not set"),
        ({**TOOLS, "environment": "mindspore"}, "has its own. Leave python out"),
        ({**TOOLS, "requirements": []}, "requirements is []"),
        ({**TOOLS, "requirements": 5}, "requirements is 5"),
        ({**TOOLS, "requirements": "/nowhere/requirements.txt"}, "cannot be read on the control node"),
        ({**TOOLS, "requirements": ["msit"]}, "'msit' is not locked"),
        ({**TOOLS, "requirements": ["msit>=8"]}, "name one exact version, such as msit==1.0"),
        ({**TOOLS, "requirements": ["msit==8.*"]}, "not locked"),
        ({**TOOLS, "requirements": ["msit @ https://x/y.whl"]}, "not locked"),
        ({**TOOLS, "requirements": ["--index-url=https://x", "msit==1"]}, "is an option of pip"),
        ({**TOOLS, "requirements": ["msit==8.2.0", "MsIt==8.1.0"]}, "wanted in 8.2.0 and in 8.1.0"),
        ({**TOOLS, "requirements": ["cann==8.3.0"]}, "a placeholder and not CANN: set ascend_cann_version"),
        ({**TOOLS, "requirements": ["Ascend_CANN_toolkit==0.0.1"]}, "ascend_cann_flavor toolkit"),
        ({**TOOLS, "requirements": ["ascend-cann-nnrt"]}, "a placeholder and not CANN"),
        ({**TOOLS, "from": "http://index"}, "from is 'http://index'"),
        ({**TOOLS, "owner": "a b"}, "owner is 'a b'"),
        ({**TOOLS, "imports": ["os; import sys"]}, "imports is"),
        ({**TOOLS, "imports": "msit"}, "imports is 'msit'"),
    ],
)
def test_what_is_wrong_is_told_with_the_variable(entry, words):
    rows, problems = judged(entry)
    assert rows == [] and len(problems) == 1, problems
    assert problems[0].startswith("ascend_python_extra, entry 1") and words in problems[0], problems


def test_an_environment_has_one_entry():
    assert "has an entry already" in judged(TOOLS, TOOLS)[1][0]


def test_a_file_of_the_control_node_is_read(tmp_path):
    lock = tmp_path / "tools.txt"
    lock.write_text("# tools\nmsit==8.2.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n\nnumpy==1.26.4  # held\n")
    (row,), problems = judged({**TOOLS, "requirements": str(lock)})
    assert problems == [] and row["requirements"] == ["msit==8.2.0", "numpy==1.26.4"]
    assert distributions([{"requirements": str(lock)}]) == ["msit", "numpy"]


def test_what_host_facts_looks_for_whatever_is_wrong():
    entries = [TOOLS, {"requirements": ["Zope.Interface>=1"]}, 5, {"requirements": 5}, {}]
    assert distributions(entries) == ["msit", "msprof-analyze", "zope-interface"]
    assert [distributions(wrong) for wrong in (None, "x", 5)] == [[], [], []]


@pytest.mark.parametrize(
    ("row", "action", "to"),
    [
        (None, "install", "msit==8.2.0, msprof-analyze==26.2.0"),
        (env(packages={}), "configure", "msit==8.2.0, msprof-analyze==26.2.0"),
        (env(packages={"msit": "8.1.0", "msprof-analyze": "26.2.0"}), "configure", "msit==8.2.0"),
        (env(python="3.9.1"), "replace", "msit==8.2.0, msprof-analyze==26.2.0"),
        (env(python=None), "replace", "msit==8.2.0, msprof-analyze==26.2.0"),
    ],
)
def test_what_is_there_decides(row, action, to):
    made = plan(TOOLS, facts={"environments": [row] if row else []})
    (step,) = mine(made)
    assert (step["id"], step["to"], step["environment"]) == (f"python_extra-{action}-tools", to, "tools")
    assert made["status"] == "pending" and steps.describe(step) == f"Python environment tools: {to}"


def test_nothing_is_left_of_what_is_there():
    assert mine(plan(TOOLS, facts={"environments": [env()]})) == []
    same = env(packages={"msit": "8.2", "msprof-analyze": "26.2.0"})
    assert mine(plan(TOOLS, facts={"environments": [same]})) == [], "8.2 is 8.2.0"


def test_a_folder_of_somebody_else_is_not_touched():
    strange = {"name": "tools", "path": "/opt/ascend/envs/tools", "what": "a folder", "owner": "ann"}
    made = plan(TOOLS, facts={"foreign_environments": [strange]})
    (found,) = [row for row in made["findings"] if row["rule"] == "not-ours"]
    assert made["status"] == "refused" and found["variable"] == "ascend_python_extra"


def test_an_environment_of_ours_for_something_else_is_not_made_anew():
    made = plan(TOOLS, facts={"environments": [env(python="3.9.1", stack={"mindspore": "2.7.1"})]})
    assert made["status"] == "refused" and "was not made for" in made["findings"][0]["message"]


FRAMEWORK = {"environment": "mindspore", "requirements": ["numpy==2.1.0"]}
PARTS = ("cann", "python", "mindspore", "python_extra")


def test_what_contradicts_a_framework_is_refused():
    made = plan(FRAMEWORK, parts=PARTS, pins={"mindspore": "2.7.1"})
    (found,) = [row for row in made["findings"] if row["rule"] == "cannot-have"]
    assert made["status"] == "refused" and "numpy==2.1.0" in found["message"] and "numpy<2" in found["message"]
    other = {**FRAMEWORK, "requirements": ["mindspore==2.6.0"]}
    made = plan(other, parts=PARTS, pins={"mindspore": "2.7.1"})
    assert any("mindspore==2.7.1" in row["message"] for row in made["findings"] if row["rule"] == "cannot-have")


def test_what_does_not_contradict_goes_into_its_environment():
    made = plan({**FRAMEWORK, "requirements": ["numpy==1.26.4"]}, parts=PARTS, pins={"mindspore": "2.7.1"})
    assert [step["id"] for step in mine(made)] == ["python_extra-install-mindspore"]
    assert not [row for row in made["findings"] if row["rule"] == "cannot-have"]


def test_the_environment_of_a_framework_that_is_not_asked_for_has_no_python():
    made = plan({**FRAMEWORK, "requirements": ["numpy==1.26.4"]})
    assert made["status"] == "refused" and "does not get" in made["findings"][0]["message"]


def test_what_was_made_for_an_entry_is_removed():
    facts = {**FACTS, "environments": [env(), env("mindspore", stack={"mindspore": "2.7.1"})]}
    found, _findings = back.removal_steps(facts, ["python_extra"], "mindspore")
    assert [(step["action"], step["environment"]) for step in found] == [("remove", "tools")]
    assert steps.describe(found[0]) == "remove Python environment tools"


def test_it_is_reported():
    made = plan(TOOLS, facts={"environments": [env()]})
    seen = collect.record("a", {"ascend_facts": {**FACTS, "environments": [env()]}, "ascend_plan": made})
    assert seen["versions"]["python_extra"] == seen["desired"]["python_extra"] == "msit 8.2.0, msprof-analyze 26.2.0"
    assert seen["drift"] == []


def test_its_wheels_are_collected():
    made = plan(TOOLS, {**TOOLS, "environment": "other", "from": "https://index.example/simple"})
    (one,) = wants.beside(made["stack"], HOST)
    assert (one.python, one.requirements) == ("3.11", ("msit==8.2.0", "msprof-analyze==26.2.0"))
    assert one.name == "wheels-python_extra-tools-py3.11-aarch64"

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an action of the control node returns is what the module of its name documents."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import get_args

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.action import bundle, plan, resolve
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, control_action, shapes
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes

FACTS = {
    "accelerators": {"family": "910b", "count": 8},
    "arch": "aarch64",
    "os": {"id": "openeuler", "version": "22.03"},
    "host_kind": "physical",
    "glibc": "2.34",
    "driver": {"installed": None, "loaded": None},
    "firmware": {"installed": None},
    "cann": [],
    "environments": [],
    "journal": {"entries": []},
    "tools": {"gcc": None, "cmake": None},
    "busy": [],
    "proofs": {},
    "reboot_required": False,
    "reboot_reasons": [],
}
HOST = {"chip": "910b", "arch": "aarch64"}


def documented(name: str, text: str = "RETURN") -> dict:
    module = importlib.import_module(f"ansible_collections.ascend.fleet.plugins.modules.{name}")
    return yaml.safe_load(getattr(module, text))


def always(docs: dict) -> set[str]:
    return {key for key, row in docs.items() if row["returned"] == "always"}


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No connection, no templates: one host with its variables."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setattr(control_action.ActionBase, "run", lambda self, tmp, task_vars: {})
    tables = catalog.load()
    # Both actions read them from the same module.
    monkeypatch.setattr(plan.wishes, "of_host", lambda _templar, found: Wishes(*wished(found, tables)))
    monkeypatch.setattr(bundle.role_requirements, "environment", lambda *_more: ([], []))
    monkeypatch.setattr(bundle.Display, "display", lambda self, text: None)


def wished(variables, tables):
    values, problems = desired.read({name: variables[name] for name in desired.names(variables)})
    return values, tables, problems


def run(action, args, check_mode=False, diff=False, **variables):
    one = object.__new__(action.ActionModule)
    one._task = SimpleNamespace(
        module_defaults=[], args=args, check_mode=check_mode, diff=diff, action="ascend.fleet.x"
    )
    one._templar = None
    if isinstance(one.ARGUMENTS, dict):
        filled = {**{key: rule.get("default") for key, rule in one.ARGUMENTS.items()}, **args}
        one.validate_argument_spec = lambda argument_spec: (None, filled)
    hostvars = SimpleNamespace(raw_get=lambda _host: variables)
    return one.run(None, {"hostvars": hostvars, "ansible_play_hosts_all": ["h"], **variables})


def held(name: str, result: dict) -> None:
    docs = documented(name)
    assert always(docs) <= set(result) <= {*docs, "changed", "failed", "msg"}


@pytest.mark.parametrize("target", ["desired", "previous", "absent"])
@pytest.mark.parametrize("observed", [True, False])
def test_what_plan_returns(target, observed):
    answer = {"ansible_facts": {"ascend": FACTS}} if observed else {"msg": "no route"}
    variables = {"ascend_mindspore_version": "2.7.1", "ascend_observation": answer}
    result = run(plan, {"target": target}, diff=True, **variables)
    held("plan", result)
    (found,) = result["plans"].values()
    docs = documented("plan")["plans"]["contains"]
    assert always(docs) <= set(found) <= set(docs)
    for step in found["steps"]:
        assert always(docs["steps"]["contains"]) <= set(step) <= set(docs["steps"]["contains"])
    assert bool(found["steps"]) == (observed and target == "desired")
    assert "diff" not in run(plan, {"target": target}, **variables)


@pytest.mark.parametrize(
    ("shape", "path"), [(shapes.Plan, ()), (shapes.Step, ("steps", "contains"))], ids=["plan", "step"]
)
def test_every_key_of_a_plan_is_documented(shape, path):
    docs = documented("plan")["plans"]["contains"]
    for key in path:
        docs = docs[key]
    assert set(docs) == set(shape.__annotations__)


def test_every_action_of_a_step_is_named():
    named = documented("plan")["plans"]["contains"]["steps"]["contains"]["action"]["description"]
    assert [action for action in get_args(shapes.Action) if f"C({action})" not in named] == []


def test_plan_says_that_it_returns_a_diff():
    assert documented("plan", "DOCUMENTATION")["attributes"]["diff_mode"]["support"] == "full"


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_bundle_returns(tmp_path, check_mode):
    args = {"dest": str(tmp_path / "bundle"), "chips": ["910b"], "offline": True, "wheels": False}
    result = run(bundle, args, check_mode, ascend_mindspore_version="2.7.1")
    docs = documented("bundle")
    where = {"always", "in check mode" if check_mode else "not in check mode"}
    assert set(result) - {"changed", "failed", "msg"} == {key for key, row in docs.items() if row["returned"] in where}
    assert "No host was looked at" in result["rests_on"][0] == result["ascend_lines"][0]


@pytest.mark.parametrize("pins", [{"mindspore": "2.7.1"}, {"mindspore": "2.7.1", "cann": "6.0.1"}])
def test_what_resolve_returns(pins):
    result = run(resolve, {"pins": pins, "host": HOST})
    held("resolve", result)
    keys = documented("resolve")["files"]["contains"]
    assert all(set(row) == set(keys) for row in result["files"])
    assert bool(result["files"]) == result["ok"]

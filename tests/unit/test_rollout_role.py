"""The role rollout as Ansible runs it, with roles of components whose work is only written down.

Hosts of one batch have different plans, and one component does not exist outside of this test. The job of a host is
made up of the entries that the roles' own variables give; what becomes of the turn of each role in it, the test says.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import components

from tests.support import playbook

ROOT = Path(__file__).resolve().parents[2]
WIDGET = """
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component


class Widget(Component):
    name = role = "widget"
    title = "Widget"
    after = ("cann",)

    def installed(self, site, stack):
        return None


COMPONENT = Widget()
"""
# Writes a line, and answers as the host variable `answers` says for this task and this turn of it.
ACTION = """
import fcntl, json, os
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.ascend.fleet.plugins.action import work
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction

# Of a host whose driver and firmware are as planned.
HDK = {{"installed": "1", "loaded": "1"}}
FACTS = {{"driver": HDK, "firmware": HDK, "reboot_required": False, "reboot_reasons": []}}
FACTS.update(npu={{"available": True, "chips": []}}, accelerators={{"count": 0}})


class ActionModule(HostAction):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        host, name = task_vars["inventory_hostname"], {name!r}
        line = {{"host": host, "name": name, "args": self._templar.template(self._task.args)}}
        if name == "stage":
            line["args"] = asked = work.of_host(self._task.args, self._templar, task_vars)
        with open(os.environ["LINES"], "a+") as lines:
            fcntl.flock(lines, fcntl.LOCK_EX)
            lines.seek(0)
            before = [json.loads(text) for text in lines]
            turn = sum((row["host"], row["name"]) == (host, name) for row in before)
            lines.write(json.dumps(line) + "\\n")
        given = json.load(open(os.environ["ANSWERS"])).get(host, {{}}).get(name, [])
        answer = given[min(turn, len(given) - 1)] if given else {{}}
        if answer.get("lost") and line["args"].get("must_answer"):
            return {{"failed": True, "msg": "it does not answer: no route to host. Fix: see its console"}}
        if answer.get("lost"):
            raise AnsibleConnectionFailure("no route to host")
        if answer.get("broken"):
            return {{"failed": True, "msg": answer["broken"]}}
        if name == "stage":
            return {{"steps": {{}}, "files": {{}}, "work": asked}}
        if name == "plan":
            return {{"plans": {{host: answer}}, "ascend_lines": answer.get("said", [])}}
        if name == "host_facts":
            return {{"ansible_facts": {{"ascend": FACTS}}}}
        return {{}}
"""
# The job: has the turn of one role after the other, until one is broken.
JOB = """
import fcntl, json, os
from ansible_collections.ascend.fleet.plugins.action import work
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import role_work


class ActionModule(HostAction):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        host, kept = task_vars["inventory_hostname"], os.environ["LINES"] + "." + task_vars["inventory_hostname"]
        if self._task.args.get("wait_for"):
            return json.load(open(kept))
        plan, roles = work.plan_and_roles(self._task.args, self._templar, task_vars)
        asked = role_work.RoleWork(self._templar, {**task_vars, "ascend_plan": plan})
        entries = asked.entries(role_work.pairs(plan, roles, self._task.args["steps"]), {})
        result = {"ansible_job_id": "j1.1", "changed": True, "steps": entries, "steps_done": []}
        result["asked"] = self._task.args["steps"]
        turns = {}
        for entry in entries:
            turns.setdefault(entry["args"]["role"], []).append(entry["step"])
        for role, steps in turns.items():
            with open(os.environ["LINES"], "a+") as lines:
                fcntl.flock(lines, fcntl.LOCK_EX)
                lines.seek(0)
                turn = sum((row["host"], row["name"]) == (host, "turn") for row in map(json.loads, lines))
                row = {"host": host, "name": "turn", "args": {"role": role, "steps": steps}}
                lines.write(json.dumps(row) + "\\n")
            given = json.load(open(os.environ["ANSWERS"])).get(host, {}).get("turn", [])
            answer = given[min(turn, len(given) - 1)] if given else {}
            if answer.get("failed"):
                result.update(answer, failed_step=steps[0])
                break
            result["steps_done"] += steps
        if self._task.args.get("wait"):
            return result
        with open(kept, "w") as stream:
            json.dump(result, stream)
        return {"ansible_job_id": "j1.1", "job_seconds": 60}
"""
WORK = """---
__{role}_files:
  - source: /srv
    files: ["{{{{ ascend_step.id }}}}.run"]
__{role}_work:
  - module: program
    args:
      role: {role}
"""
PLAY = """---
- name: A batch
  hosts: all
  gather_facts: false
  tasks:
    - name: Roll out
      ansible.builtin.include_role:
        name: ascend.fleet.rollout
      tags: [always]
    - name: Keep the outcome
      ascend.fleet.outcome:
        outcome: "{{ rollout_outcome }}"
        plan: "{{ ascend_plan }}"
      tags: [always]
"""


def step(component: str, action: str = "install") -> dict[str, Any]:
    return {
        "id": f"{component}-{action}", "component": component, "action": action, "from": None, "to": "1", "why": "",
        "package": None, "reboot": False, "minutes": 1,
    }  # fmt: skip


def plan(*steps: dict[str, Any], status: str = "", **more: Any) -> dict[str, Any]:
    return {"status": status or ("pending" if steps else "converged"), "steps": list(steps), "stack": {}, **more}


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    base = tmp_path_factory.mktemp("tree")
    fleet = base / "ansible_collections" / "ascend" / "fleet"
    for name in ("plugins", "catalog", "meta", "roles/rollout", "roles/ascend"):
        shutil.copytree(ROOT / name, fleet / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "galaxy.yml", fleet)
    (fleet / "plugins" / "plugin_utils" / "components" / "widget.py").write_text(WIDGET)
    for name in ("plan", "host_facts", "stage", "outcome"):
        (fleet / "plugins" / "action" / f"{name}.py").write_text(ACTION.format(name=name))
        page = fleet / "plugins" / "modules" / f"{name}.py"
        if not page.exists():
            page.write_text("")
    (fleet / "plugins" / "action" / "stretch.py").write_text(JOB)
    for role in (*components.ROLES, "widget"):
        (fleet / "roles" / role / "vars").mkdir(parents=True)
        (fleet / "roles" / role / "vars" / "main.yml").write_text(WORK.format(role=role))
    (base / "play.yml").write_text(PLAY)
    (base / "ansible.cfg").write_text("[defaults]\ngathering = explicit\n")
    return base


class Batch:
    """One run of the role on a batch of hosts."""

    def __init__(self, tree: Path, work: Path, plans: dict[str, Any], answers: dict[str, Any], *words: str):
        lines, given, inventory = work / "lines", work / "answers.json", work / "hosts.json"
        lines.touch()
        given.write_text(json.dumps({host: {"plan": [plan()], **answers.get(host, {})} for host in plans}))
        row = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        row["ascend_observation"] = {"ansible_facts": {"ascend": {"reboot_reasons": []}}}
        hosts = {host: {**row, "ascend_rollback_on_failure": host.startswith("back")} for host in plans}
        fleet = {"plans": plans, "groups": {"pending": list(plans)}}
        inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": {"ascend_fleet_plan": fleet}}}))
        settings = {
            "ANSIBLE_COLLECTIONS_PATH": str(tree), "ANSIBLE_CONFIG": str(tree / "ansible.cfg"),
            "LINES": str(lines), "ANSWERS": str(given), "ANSIBLE_FORKS": "2",
        }  # fmt: skip
        play = tree / "play.yml"
        done = playbook.play(play, *words, inventory=inventory, settings=settings, cwd=work, log=work / "log")
        self.text = done.text
        self.lines = [json.loads(line) for line in lines.read_text().splitlines()]

    def of(self, name: str, host: str | None = None) -> list[dict[str, Any]]:
        """What the tasks of a name were asked, in time, each with its host."""
        rows = [row for row in self.lines if row["name"] == name and host in (None, row["host"])]
        return [{"host": row["host"], **row["args"]} for row in rows]

    def turns(self, host: str) -> list[str]:
        """The roles that had their turn on a host, in time."""
        return [row["role"] for row in self.of("turn", host)]

    def end(self, host: str) -> tuple[dict[str, Any], list[str]]:
        """(rollout_outcome, ids of the plan that the report tells of)."""
        found = self.of("outcome", host)
        assert len(found) == 1, self.text
        return found[0]["outcome"], [row["id"] for row in found[0]["plan"]["steps"]]


@pytest.fixture(scope="module")
def differing(tree, tmp_path_factory) -> Batch:
    removals = [step(name, "remove") for name in ("python", "widget", "kernels", "cann", "driver")]
    plans = {
        "a": plan(step("cann"), step("kernels"), step("mindspore")),
        "b": plan(step("firmware"), step("driver"), step("reboot", "reboot"), step("cann"), step("widget")),
        "c": plan(step("mindspore"), step("inference", "verify")),
        "d": plan(*removals, step("reboot", "reboot")),
        "e": plan(step("python", "remove"), step("cann", "downgrade")),
    }
    return Batch(tree, tmp_path_factory.mktemp("differing"), plans, {})


def test_hosts_whose_steps_differ_work_in_the_order_of_the_components(differing):
    assert differing.turns("a") == ["cann", "mindspore"], differing.text
    assert differing.turns("b") == ["npu_driver", "cann", "widget"]
    assert differing.turns("c") == ["mindspore", "inference_check"]


def test_they_work_side_by_side(differing):
    """Every host of the batch has its job before one of them is waited for, so that each goes at its own pace."""
    order = [row["host"] for row in differing.of("turn")]
    first = [host for place, host in enumerate(order) if host not in order[:place]]
    begun = order.index("b") + 1
    again = next(place for place, host in enumerate(order) if place > begun and host == "b" != order[place - 1])
    assert sorted(first) == sorted(set(order[:again])) == list("abcde"), order


def test_all_that_a_plan_takes_is_asked_for_once_and_before_anything_changes(differing):
    for host in "abcde":
        (asked,) = differing.of("stage", host)
        wanted = [row["step"] for row in asked["sets"]]
        turns = [step for row in differing.of("turn", host) for step in row["steps"]]
        assert wanted == turns and "reboot-reboot" not in wanted
    names = [row["name"] for row in differing.lines]
    assert names.index("turn") > len(names) - 1 - names[::-1].index("stage")


def test_what_is_removed_goes_in_the_order_of_the_plan(differing):
    assert differing.turns("d")[-2:] == ["cann", "npu_driver"]
    assert sorted(differing.turns("d")[:2]) == ["python_toolchain", "widget"]
    assert differing.turns("e") == ["python_toolchain", "cann"]


def test_all_that_was_done_is_noted_and_how_long_it_took(differing):
    for host in "abcde":
        outcome, told = differing.end(host)
        assert outcome["status"] == "changed" and sorted(outcome["steps_done"]) == sorted(told) and told
        assert 0 < float(outcome["seconds"]) < 600


@pytest.mark.parametrize(
    ("words", "roles"),
    [
        (("--tags", "widget,cann"), ["cann", "widget"]),
        (("--tags", "tagged", "--skip-tags", "cann"), ["npu_driver", "widget"]),
        (("--tags", "nobody"), []),
    ],
)
def test_tags_choose_roles_and_only_what_they_chose_is_claimed(tree, tmp_path, words, roles):
    ours = {"npu_driver": "driver", "cann": "cann", "widget": "widget"}
    steps = {role: step(name) for role, name in ours.items()}
    left = [row for role, row in steps.items() if role not in roles]
    batch = Batch(tree, tmp_path, {"a": plan(*steps.values())}, {"a": {"plan": [plan(*left)]}}, *words)
    assert batch.turns("a") == roles, batch.text
    outcome, _told = batch.end("a")
    assert outcome["status"] == "changed" and outcome["steps_done"] == [steps[role]["id"] for role in roles]


BROKEN = {"failed": True, "msg": "broken"}
BACK = plan(step("driver", "downgrade"), target="undo")
NO_WAY = plan(status="refused", said=["no way back"], target="undo")
TROUBLE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "fails": (plan(step("driver"), step("cann"), step("widget")), {"turn": [{}, BROKEN]}),
    "new": (plan(step("cann", "repair")), {"plan": [plan(step("kernels")), plan()]}),
    "new-fails": (plan(step("cann", "repair")), {"turn": [{}, BROKEN], "plan": [plan(step("kernels"))]}),
    "endless": (plan(step("cann")), {"plan": [plan(step("kernels")), plan(step("widget")), plan()]}),
    "open": (plan(step("driver"), step("cann")), {"plan": [plan(step("cann"), step("kernels"))]}),
    "refused": (plan(step("cann")), {"plan": [plan(status="refused", said=["the catalog contradicts itself"])]}),
    "unplanned": (plan(step("cann")), {"plan": [plan(status="failed")]}),
    "gone": (plan(step("cann")), {"host_facts": [{"lost": True}, {}]}),
    "back": (plan(step("driver", "upgrade"), step("cann")), {"turn": [{}, BROKEN, {}], "plan": [BACK, plan()]}),
    "back-fails": (plan(step("cann")), {"turn": [BROKEN], "plan": [BACK]}),
    "back-unstaged": (plan(step("cann")), {"stage": [{"broken": "no such file"}]}),
    "back-refused": (plan(step("cann")), {"turn": [BROKEN], "plan": [NO_WAY]}),
}


@pytest.fixture(scope="module")
def trouble(tree, tmp_path_factory) -> Batch:
    plans = {host: given for host, (given, _answers) in TROUBLE.items()}
    answers = {host: given for host, (_plan, given) in TROUBLE.items()}
    return Batch(tree, tmp_path_factory.mktemp("trouble"), plans, answers)


def test_a_failure_is_told_by_the_step_s_id_and_with_what_was_done_before(trouble):
    outcome, _told = trouble.end("fails")
    assert (outcome["status"], outcome["failed_step"], outcome["message"]) == ("failed", "cann-install", "broken")
    assert outcome["steps_done"] == ["driver-install"] and trouble.turns("fails") == ["npu_driver", "cann"]
    assert "seconds" in outcome


def test_a_step_that_a_change_has_made_necessary_is_carried_out_once(trouble):
    outcome, told = trouble.end("new")
    assert outcome["status"] == "changed" and told == ["cann-repair", "kernels-install"] == outcome["steps_done"]
    assert [row["steps"] for row in trouble.of("turn", "new")] == [["cann-repair"], ["kernels-install"]]


def test_a_new_step_that_fails_is_told_with_the_plan(trouble):
    outcome, told = trouble.end("new-fails")
    assert (outcome["status"], outcome["failed_step"]) == ("failed", "kernels-install")
    assert outcome["steps_done"] == ["cann-repair"] and told == ["cann-repair", "kernels-install"]


def test_new_steps_without_end_fail_after_the_second_look(trouble):
    outcome, told = trouble.end("endless")
    assert trouble.turns("endless") == ["cann", "cann"] and outcome["status"] == "failed"
    assert outcome["failed_step"] == "widget-install" and told == ["cann-install", "kernels-install"]


def test_a_step_that_stays_open_fails_and_is_not_claimed(trouble):
    outcome, _told = trouble.end("open")
    assert trouble.turns("open") == ["npu_driver", "cann"], "steps that were done are not repeated"
    assert outcome["failed_step"] == "cann-install" and outcome["steps_done"] == ["driver-install"]
    assert "cann-install, kernels-install" in outcome["message"]


@pytest.mark.parametrize(("host", "status"), [("refused", "refused"), ("unplanned", "failed")])
def test_a_second_plan_that_is_refused_proves_nothing(trouble, host, status):
    outcome, _told = trouble.end(host)
    assert outcome["status"] == "failed" and outcome["failed_step"] == "verify", trouble.text
    assert f"the plan is {status}" in outcome["message"] and outcome["steps_done"] == ["cann-install"]


def test_a_host_that_is_gone_after_its_change_says_so_in_words(trouble):
    outcome, _told = trouble.end("gone")
    assert "does not answer" in outcome["message"] and "no route to host" in outcome["message"], trouble.text
    assert "Fix:" in outcome["message"] and "has no attribute" not in trouble.text
    assert outcome["failed_step"] == "verify"


def test_a_failed_host_goes_back_and_tells_what_was_undone(trouble):
    outcome, told = trouble.end("back")
    assert trouble.turns("back") == ["npu_driver", "cann", "npu_driver"], trouble.text
    assert outcome["rolled_back"] is True and outcome["undone"] == ["driver"]
    assert (outcome["failed_step"], outcome["steps_done"]) == ("cann-install", ["driver-upgrade"])
    assert told == ["driver-upgrade", "cann-install"]


def test_a_way_back_that_fails_is_told_too(trouble):
    outcome, told = trouble.end("back-fails")
    assert outcome["rolled_back"] is False and outcome["undone"] == ["driver"] and told == ["cann-install"]
    assert "failed too, in driver-downgrade" in outcome["message"]
    outcome, told = trouble.end("back-refused")
    assert outcome["rolled_back"] is False and outcome["undone"] == [] and told == ["cann-install"]
    assert "no way back" in outcome["message"]


def test_a_host_that_cannot_be_staged_is_not_touched(trouble):
    """Nothing is drained or changed, so there is nothing to undo."""
    outcome, told = trouble.end("back-unstaged")
    assert (outcome["status"], outcome["failed_step"], outcome["steps_done"]) == ("failed", "stage", [])
    assert outcome["message"] == "no such file" and "rolled_back" not in outcome and told == ["cann-install"]
    assert trouble.turns("back-unstaged") == trouble.of("plan", "back-unstaged") == []


def test_hosts_are_looked_at_once_after_a_reboot_and_once_in_the_end(differing):
    """The last thing that happens to one of them is its reboot: one look is enough."""
    looks = {host: len(differing.of("host_facts", host)) for host in "abcde"}
    assert looks == {"a": 1, "b": 2, "c": 1, "d": 1, "e": 1}

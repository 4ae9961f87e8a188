"""What holds for the tasks of every role, read from their YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.module_utils.change import detached
from ansible_collections.ascend.fleet.plugins.module_utils.steps import stretch
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.collect import PHASES

ROLES = Path(__file__).resolve().parents[2] / "roles"
FILES = sorted(ROLES.glob("*/tasks/*.yml"))


def _tasks(rows: list[dict]) -> Iterator[dict]:
    for row in rows:
        yield row
        for key in ("block", "rescue", "always"):
            yield from _tasks(row.get(key) or [])


def _of(path: Path) -> list[dict]:
    return list(_tasks(yaml.safe_load(path.read_text(encoding="utf-8")) or []))


LONG = [
    pytest.param(block, task, id=f"{path.parents[1].name}: {task['name']}")
    for path in FILES
    for block in _of(path)
    for task in block.get("block", ())
    if "async" in task
]


@pytest.mark.parametrize(("block", "task"), LONG)
def test_a_long_task_is_started_everywhere_and_then_waited_for(block, task):
    """A record that outlives a power cut says "running" for ever, and the run would wait to the time limit."""
    wait = block["block"][block["block"].index(task) + 1]
    assert block["vars"]["ansible_async_dir"].startswith("/run/"), task["name"]
    assert task["poll"] == 0 and task["changed_when"] is False
    assert wait["ascend.fleet.async_wait"]["jid"] == f"{{{{ {task['register']}.ansible_job_id }}}}"


def test_where_there_are_more_hosts_than_forks_all_start_before_one_is_waited_for():
    assert detached.FOLDER.startswith("/run/")
    start, wait, _note = _of(ROLES / "ascend" / "tasks" / "stretches_started.yml")
    assert start["ascend.fleet.stretch"]["detach"] is True and "wait" not in start["ascend.fleet.stretch"]
    assert start["changed_when"] is False
    assert wait["vars"] == {"__ascend_begun": f"{{{{ {start['register']} }}}}"}
    [change] = [task for task in _of(ROLES / "ascend" / "tasks" / "stretches.yml") if "ascend.fleet.change" in task]
    assert change["ascend.fleet.change"]["job"] == "{{ __ascend_begun | default({}) }}"


def test_packages_and_environments_are_changed_in_one_place_only():
    """In the one job of a host, as a long task: all hosts are waited for side by side."""
    for module, name in (("stretch", "stretches_started.yml"), ("change", "stretches.yml")):
        found = {
            (path.parents[1].name, path.name)
            for path in FILES
            for task in _of(path)
            if f"ascend.fleet.{module}" in task
        }
        assert found == {("ascend", name)}
    assert len(LONG) >= 1
    for module in stretch.KINDS:
        users = {path.parents[1].name for path in FILES for task in _of(path) if f"ascend.fleet.{module}" in task}
        assert users <= {"training_check", "container_runtime"}, f"{module} is the work of a job"


INCLUDES = [
    pytest.param(path, task, id=f"{path.parents[1].name}: {task['name']}")
    for path in FILES
    for task in _of(path)
    if "loop" in task and any(key.partition("builtin.include_")[1] for key in task)
]


@pytest.mark.parametrize(("path", "task"), INCLUDES)
def test_hosts_share_what_is_included_in_a_loop(path, task):
    """Ansible joins equal items of different hosts and keeps the order of the first host only.

    Hosts with different items would work one after the other, and not each in its own order.
    """
    assert task["loop"].startswith("{{ range("), task["name"]
    assert "label" not in task["loop_control"], "items with different labels count as different"
    assert "item" not in str(task.get("when", "")) and task["loop_control"]["loop_var"] not in str(task.get("when", ""))


def test_loops_were_found():
    assert len(INCLUDES) >= 2


# -- what a role says of its steps ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", components.ROLES)
def test_every_role_of_a_component_says_its_work(role):
    """In its variables, so that all roles are asked in one task; none of them works by tasks of its own."""
    own = yaml.safe_load((ROLES / role / "vars" / "main.yml").read_text(encoding="utf-8"))
    work = own[f"__{role}_work"]
    assert work and {entry["module"] for entry in work} <= set(stretch.KINDS)
    assert all(set(entry) <= {"module", "when", "words", "args"} for entry in work)
    assert (f"__{role}_prepares" in own) == (ROLES / role / "tasks" / "prepare.yml").is_file()
    used = [
        task
        for task in _of(ROLES / role / "tasks" / "main.yml")
        if _includes(task).get("tasks_from") == "carry_out.yml"
    ]
    assert [task["vars"]["ascend_roles"][-1] for task in used] == [role]


# -- every task that can fail belongs to a step, or to a phase of the rollout -----------------------------------------

HARMLESS = ("ansible.builtin.set_fact", "ansible.builtin.debug")
SETS_STEP = re.compile(r"'step':\s*([^,}]+)")


def _includes(task: dict) -> dict:
    given = task.get("ansible.builtin.include_role", task.get("ansible.builtin.import_role"))
    return given if isinstance(given, dict) else {}


class Walk:
    """Goes through the tasks as a run does, and keeps what each of them would be reported as."""

    def __init__(self) -> None:
        self.step: str | None = None
        self.seen: list[tuple[str, str, str | None]] = []  # (role, task, step)

    def file(self, path: Path) -> None:
        for row in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
            self.task(path, row)

    def task(self, path: Path, row: dict) -> None:
        for key in ("block", "always"):
            for inner in row.get(key) or []:
                self.task(path, inner)
        kept = row.get("ansible.builtin.set_fact") or {}
        noted = "__ascend_progress" in kept or "progress" in str(kept.get("__ascend_change", ""))
        found = SETS_STEP.search(f"{kept} {row.get('vars', '')}") if noted else None
        if found:
            # Where the task has a condition, what was known before holds as well, and is known.
            self.step = found.group(1).strip()
        if not any(key in row for key in (*HARMLESS, "block")):
            self.seen.append((path.parents[1].name, row["name"], self.step))
        for target in self.targets(path, row):
            self.file(target)
        if "ascend.fleet.stage" in row:  # what comes next is told as the first step's, as long as no other is taken up
            self.step = "ascend_staged.work.first"
        if "ascend.fleet.change" in row:  # it tells the step at work itself, and ends with the look
            self.step = f"'{stretch.VERIFY}'"

    def targets(self, path: Path, row: dict) -> list[Path]:
        given = row.get("ansible.builtin.include_tasks", row.get("ansible.builtin.import_tasks"))
        if given is not None:
            name = given["file"] if isinstance(given, dict) else given
            if name.startswith("{{"):
                return []  # a hook of the user's
            names = path.parent.glob(re.sub(r"{{.*?}}", "*", name))
            return sorted(names)
        role = _includes(row)
        if not role:
            return []
        named = role["name"].removeprefix("ascend.fleet.")
        file = role.get("tasks_from", "main.yml")
        roles = (
            [one for one in components.ROLES if (ROLES / one / "tasks" / file).is_file()] if "{{" in named else [named]
        )
        return [ROLES / one / "tasks" / file for one in roles]


@pytest.fixture(scope="module")
def walked() -> list[tuple[str, str, str | None]]:
    walk = Walk()
    walk.file(ROLES / "rollout" / "tasks" / "main.yml")
    return walk.seen


def test_all_that_prepares_was_walked_through(walked):
    for path in ROLES.glob("*/tasks/prepare.yml"):
        assert [name for of, name, _step in walked if of == path.parents[1].name], path
    assert len(walked) > 40


def test_whatever_can_fail_in_a_role_belongs_to_a_step(walked):
    for role, name, step in walked:
        if role in components.ROLES or name.startswith(("Change |", "Packages |")):
            assert step and not step.startswith("'"), f"{role}: {name} fails at {step}, which is no step of a plan"


def test_what_fails_between_the_roles_is_a_phase_that_the_report_knows(walked):
    phases = {step.strip("'") for _role, _name, step in walked if step and step.startswith("'")}
    assert phases == set(PHASES)
    for role, name, step in walked:
        if name.startswith(("Settle |", "Look |")):
            assert step == "'verify'" or step.startswith("__rollout_left"), f"{role}: {name}"


def test_nothing_reads_the_name_of_a_task():
    """Names of tasks are for people, and change."""
    for path in [*ROLES.rglob("*.yml"), *ROLES.parent.glob("plugins/**/*.py")]:
        assert "ansible_failed_task" not in path.read_text(encoding="utf-8"), path


def _text(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in folder.rglob("*.yml"):
        lines = path.read_text(encoding="utf-8").splitlines()
        yield path, "\n".join(line.partition("# ")[0] for line in lines)


def test_the_rollout_names_no_component():
    """What names a component has to be changed for a new one."""
    rooms = [*_text(ROLES / "rollout" / "tasks"), *_text(ROLES / "rollout" / "vars")]
    assert len(rooms) >= 10
    for path, text in rooms:
        assert not re.findall(rf"\b({'|'.join({*components.NAMES, *components.ROLES})})\b", text), path
    for path, text in [*_text(ROLES / "ascend" / "tasks"), *_text(ROLES.parent / "playbooks")]:
        assert not re.findall(r"mindspore|mindformers", text), path

"""What holds for the tasks of every role."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def _tasks(rows: list[dict]):
    for row in rows:
        yield row
        for key in ("block", "rescue", "always"):
            yield from _tasks(row.get(key) or [])


LONG = [
    pytest.param(block, task, id=f"{path.parents[1].name}: {task['name']}")
    for path in sorted((ROOT / "roles").glob("*/tasks/*.yml"))
    for block in _tasks(yaml.safe_load(path.read_text()) or [])
    for task in block.get("block", ())
    if "async" in task
]


def test_long_tasks_were_found():
    assert len(LONG) >= 4


@pytest.mark.parametrize(("block", "task"), LONG)
def test_a_long_task_is_started_everywhere_and_then_waited_for(block, task):
    """A record that outlives a power cut says "running" for ever, and the run would wait to the time limit."""
    assert block["vars"]["ansible_async_dir"].startswith("/run/"), task["name"]
    start, wait = block["block"]
    assert start is task and start["poll"] == 0 and start["changed_when"] is False
    assert wait["ascend.fleet.async_wait"]["jid"] == f"{{{{ {start['register']}.ansible_job_id }}}}"


INCLUDES = [
    pytest.param(task, id=f"{path.parents[1].name}: {task['name']}")
    for path in sorted((ROOT / "roles").glob("*/tasks/*.yml"))
    for task in _tasks(yaml.safe_load(path.read_text()) or [])
    if "loop" in task and any(key.partition("builtin.include_")[1] for key in task)
]


@pytest.mark.parametrize("task", INCLUDES)
def test_hosts_share_what_is_included_in_a_loop(task):
    """Ansible joins equal items of different hosts and keeps the order of the first host only.

    Hosts with different items would work one after the other, and not each in its own order.
    """
    assert task["loop"].startswith("{{ range("), task["name"]
    assert "label" not in task["loop_control"], "items with different labels count as different"

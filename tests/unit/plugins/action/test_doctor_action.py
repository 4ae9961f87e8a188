"""The playbook ascend.fleet.doctor in real runs, on hosts that need no connection."""

from __future__ import annotations

import json
import sys

import pytest

from tests.support import playbook

CALLBACK = """
import json, os
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "stdout", "rows"

    def _row(self, result, *args, **kwargs):
        name, task = result._host.get_name(), result._task.get_name()
        with open(os.environ["ROWS"], "a") as stream:
            stream.write(json.dumps([task.rpartition(" : ")[2], name, result._result], default=str) + "\\n")

    v2_runner_on_ok = v2_runner_on_failed = v2_runner_on_unreachable = _row
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(return code, {task: {host: result}}) of one run: a host that refuses, and this machine."""
    folder = tmp_path_factory.mktemp("doctor")
    (folder / "rows.py").write_text(CALLBACK)
    inventory = folder / "hosts.json"
    here = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
    inventory.write_text(json.dumps({"all": {"hosts": {
        "gone": {"ansible_host": "127.0.0.1", "ansible_port": 9}, "here": here}}}))  # fmt: skip
    done = playbook.play(
        "ascend.fleet.doctor",
        inventory=inventory,
        settings={
            "ANSIBLE_STDOUT_CALLBACK": "rows",
            "ANSIBLE_CALLBACK_PLUGINS": str(folder),
            "ROWS": str(folder / "rows"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
            "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        },
        log=folder / "log",
        timeout=120,
    )
    tasks: dict[str, dict] = {}
    for line in (folder / "rows").read_text().splitlines():
        task, host, result = json.loads(line)
        tasks.setdefault(task, {})[host] = result
    return done.code, tasks


def test_exactly_the_sick_host_fails(run):
    code, tasks = run
    assert code == 2
    failed = tasks["Fail where the host is sick"]
    assert "gone" in failed and "SSH service does not answer" in failed["gone"]["msg"]


def test_the_diagnosis(run):
    [result] = run[1]["Diagnose every host"].values()
    assert result["states"]["gone"] == "sick"
    [row] = result["diagnoses"]["gone"]
    assert row["id"] == "ssh-refused" and "Connection refused" in row["evidence"]
    assert result["ascend_lines"][0].startswith("Diagnosis of 2 hosts: ")
    assert result["changed"] is False
    sick = [host for host, rows in result["diagnoses"].items() if "error" in {row["severity"] for row in rows}]
    assert sorted(run[1]["Fail where the host is sick"]) == sorted(sick) == sorted(result["failures"])


def test_the_host_that_answers_was_probed(run):
    seen = run[1]["Look deeper"]["here"]["doctor_probe"]
    assert abs(seen["clock_offset"]) < 60
    assert "gone" not in run[1]["Look deeper"]

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report action, as a playbook calls it."""

import json
import os
from types import SimpleNamespace
from unittest import mock

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.action.report import ActionModule


class Hostvars(dict):
    """What templates give; raw_get gives what was registered."""

    raw: dict = {}

    def raw_get(self, host):
        return {**self[host], **self.raw.get(host, {})}


HOSTVARS = Hostvars(
    {
        "a": {"ascend_plan": {"status": "converged"}},
        "b": {"ascend_error": {"unreachable": True, "message": "no route"}},
        "c": {},
    }
)


def run(args, check_mode=False, **variables):
    task = SimpleNamespace(
        module_defaults=[], args=args, check_mode=check_mode, async_val=0, action="ascend.fleet.report", no_log=False
    )
    templar = SimpleNamespace(template=lambda value: value)
    action = ActionModule(task, mock.Mock(), mock.Mock(), mock.Mock(), templar, mock.Mock())
    with (
        mock.patch("ansible.plugins.action.ActionBase.run", return_value={}),
        mock.patch.object(
            ActionModule,
            "validate_argument_spec",
            side_effect=lambda argument_spec: (
                None,
                {**{key: option.get("default") for key, option in argument_spec.items()}, **args},
            ),
        ),
    ):
        return action.run(task_vars={"hostvars": HOSTVARS, **variables})


def test_writes_three_files_and_returns_the_table(tmp_path):
    folder = tmp_path / "deep" / "report"
    result = run({"path": str(folder), "title": "T"}, ansible_play_hosts_all=["a", "b", "c"])
    assert result["changed"] is False
    assert sorted(os.listdir(folder)) == ["report.html", "report.json", "report.prom"], "no temporary file is left"
    assert all((folder / name).stat().st_mode & 0o777 == 0o644 for name in os.listdir(folder))
    report = json.loads((folder / "report.json").read_text())
    assert [host["status"] for host in report["hosts"]] == ["converged", "unreachable", "not_started"]
    assert result["table"] == result["ascend_lines"]
    assert result["failures"]["b"] == "unreachable: no route"
    assert result["files"]["json"] == str(folder / "report.json")


def test_hosts_and_plans_from_elsewhere(tmp_path):
    fleet = {"plans": {"c": {"status": "pending"}}}
    result = run({"path": str(tmp_path), "hosts": ["c"]}, ascend_fleet_plan=fleet)
    assert result["summary"]["pending"] == 1
    assert result["failures"] == {}
    assert run({"path": str(tmp_path), "hosts": ["c"], "plans": {}}, ascend_fleet_plan=fleet)["summary"]["pending"] == 0


def test_only_what_is_a_template_is_templated(tmp_path, monkeypatch):
    monkeypatch.setattr(
        HOSTVARS,
        "raw",
        {
            "a": {"ascend_plan": "{{ somewhere.else }}"},
            "b": {"ascend_error": {"unreachable": True, "message": ["{{ reason }}"]}},
            "c": {"ascend_plan": {"status": "pending", "steps": [{"id": "{ 1 }"}]}},
        },
    )
    result = run({"path": str(tmp_path)}, ansible_play_hosts_all=["a", "b", "c"])
    assert result["summary"]["converged"] == 1 and result["summary"]["pending"] == 1
    assert result["failures"] == {"b": "unreachable: no route"}


def test_second_run_is_stored(tmp_path):
    run({"path": str(tmp_path), "hosts": [], "second_run": {"changed": 0}})
    assert json.loads((tmp_path / "report.json").read_text())["second_run"] == {"changed": 0}


def test_a_folder_that_cannot_be_written_is_one_clear_message(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AnsibleActionFail, match="option 'path'"):
        run({"path": str(tmp_path / "file" / "report"), "hosts": []})

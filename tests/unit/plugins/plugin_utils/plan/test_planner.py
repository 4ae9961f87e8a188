"""Wishes, an observation and the catalog become a plan."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import ownership
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired, model_files
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes

PINNED = {
    "ascend_components": ["driver", "firmware"],
    "ascend_driver_version": "25.3.rc1",
    "ascend_firmware_version": "7.8.0.2.212",
}
BROKEN = {
    "id": "20261122T160102Z-ab12",
    "event": "start",
    "time": "2026-11-22T16:01:02Z",
    "boot_id": "b",
    "component": "firmware",
    "action": "upgrade",
    "from": "7.5.0.1.129",
    "to": "7.8.0.2.212",
    "package": None,
}


def plan(tables, facts, tmp_path, **changes):
    (tmp_path / "Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run").touch()
    facts["firmware"].update(installed="9.9.9", loaded="9.9.9")
    values, problems = desired.read({**PINNED, **changes, "ascend_artifacts": str(tmp_path)})
    return Planner().plan("h", {"ansible_facts": {"ascend": facts}}, Wishes(values, tables, problems))


def test_newer_firmware_on_the_chips_refuses_an_older_one(tables, facts, tmp_path):
    result = plan(tables, facts, tmp_path)
    assert result["status"] == "refused"
    assert "firmware-flash" in {row["rule"] for row in result["findings"] if not row["accepted"]}


def test_newer_firmware_stays_when_nothing_is_pinned(tables, facts, tmp_path):
    result = plan(tables, facts, tmp_path, ascend_firmware_version="auto")
    assert (result["status"], result["steps"]) == ("converged", [])


@pytest.mark.parametrize("version", ["auto", "7.8.0.2.212"])
def test_what_a_broken_change_of_ours_left_on_the_chips_is_mended(tables, facts, tmp_path, version):
    """A package that installs another version than it says must not need a human on the next run."""
    facts["journal"].update(unfinished_components=["firmware"], entries=[BROKEN], held=ownership.holdings([BROKEN]))
    result = plan(tables, facts, tmp_path, ascend_firmware_version=version)
    assert result["status"] == "pending", result["findings"]
    assert [(step["action"], step["to"]) for step in result["steps"] if step["component"] == "firmware"] == [
        ("repair", "7.8.0.2.212")
    ]


def test_a_damaged_package_is_refused_before_anything_changes(tables, facts, tmp_path):
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run\n")
    facts["journal"].update(unfinished_components=["firmware"], entries=[BROKEN], held=ownership.holdings([BROKEN]))
    result = plan(tables, facts, tmp_path)
    assert result["status"] == "refused"
    assert [row["rule"] for row in result["findings"] if row["severity"] == "error"] == ["artifact-unproven"]


def test_a_checkpoint_of_somebody_else_is_refused_before_anything_is_staged(tables, facts, tmp_path):
    folder = tmp_path / "models" / "gpt2"
    folder.mkdir(parents=True)
    (folder / "gpt2.ckpt").touch()
    values, problems = desired.read({"ascend_mindspore_version": "2.7.1", "ascend_artifacts": str(tmp_path)})
    facts["proofs"] = {"inference": None}
    facts["models"] = {"path": "/opt/ascend/models/gpt2", "foreign": ["gpt2.ckpt", "notes.txt"]}

    def findings():
        model = model_files.values({"inference_check_model": "gpt2"}.get)
        result = Planner().plan("h", {"ansible_facts": {"ascend": facts}}, Wishes(values, tables, problems, model))
        return [row["message"] for row in result["findings"] if row["rule"] == "not-ours" and "ckpt" in row["message"]]

    (message,) = findings()
    assert message.startswith("gpt2.ckpt in /opt/ascend/models/gpt2") and "notes.txt" not in message
    assert "inference_check_model_root" in message
    facts["models"]["foreign"] = ["notes.txt"]
    assert findings() == []


def test_files_of_a_model_without_a_name_are_refused_before_the_host_is_touched():
    given = {"inference_check_model_files": ["models/x/x.ckpt"]}
    assert "inference_check_model no model" in str(model_files.problem(model_files.values(given.get)))
    assert model_files.problem(model_files.values({**given, "inference_check_model": "x"}.get)) is None
    assert model_files.problem(model_files.values({}.get)) is None

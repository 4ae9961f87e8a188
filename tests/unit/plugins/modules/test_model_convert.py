# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model is compiled once for each content, chip, CANN and set of options; what goes wrong is said with its fix."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import om_world
import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.convert import exported
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder
from ansible_collections.ascend.fleet.plugins.modules import model_convert
from ansible_collections.ascend.fleet.tests.unit.module_args import module_args

from tests.model import tiny_onnx

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def host(place: Path, monkeypatch) -> Path:
    monkeypatch.setattr(safe_folder, "TOP", str(place))
    om_world.cann(place / "Ascend", "toolkit")
    om_world.environment(place / "env")
    tiny_onnx.write(place / "tiny")
    return place


def run(capsys, host: Path, **changed):
    given = {
        "exported": str(host / "tiny"),
        "soc_version": "Ascend310P3",
        "environment": str(host / "env"),
        "install_path": str(host / "Ascend"),
        "state_dir": str(host / "state"),
        "_ansible_remote_tmp": "/tmp",
        **changed,
    }
    with module_args(given), pytest.raises(SystemExit):
        model_convert.main()
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_once_for_the_same_content(capsys, host):
    first = run(capsys, host)
    assert first["changed"], first
    assert first["om"] == str(host / "state" / "converted" / "tiny-Ascend310P3.om")
    record = json.loads((host / "state" / "converted" / "tiny-Ascend310P3.om.json").read_text())
    assert (record["soc"], record["cann"], record["model"]) == (
        "Ascend310P3",
        "8.3.RC1",
        json.loads((host / "tiny" / "model.json").read_text())["files"]["model.onnx"],
    )
    assert record["reference"]["input"]["image"] == tiny_onnx.image()
    assert "reference" not in first["record"] and first["record"]["sha256"] == record["sha256"]
    made = os.stat(first["om"]).st_mtime_ns
    assert run(capsys, host)["changed"] is False
    assert os.stat(first["om"]).st_mtime_ns == made
    assert (os.stat(first["om"]).st_uid, os.stat(first["om"]).st_mode & 0o777) == (0, 0o644)


@pytest.mark.parametrize(
    "changed", [{"soc_version": "Ascend310"}, {"options": {"precision_mode_v2": "fp16"}}, {"name": "other"}]
)
def test_once_more_for_anything_else(capsys, host, changed):
    run(capsys, host)
    assert run(capsys, host, **changed)["changed"] is True
    assert run(capsys, host, **changed)["changed"] is False


def test_once_more_for_another_cann_and_for_a_damaged_om(capsys, host):
    om = Path(run(capsys, host)["om"])
    om.write_bytes(om.read_bytes()[:-1])
    assert run(capsys, host)["changed"] is True
    om_world.cann(host / "newer", "toolkit", "8.5.0")
    again = run(capsys, host, install_path=str(host / "newer"))
    assert (again["changed"], again["record"]["cann"]) == (True, "8.5.0")


def test_a_configuration_of_aipp_lies_beside_the_model(capsys, host):
    (host / "tiny" / "aipp.cfg").write_text("aipp_op {}")
    wanted = {"options": {"insert_op_conf": "aipp.cfg"}}
    assert [run(capsys, host, **wanted)["changed"] for _time in range(2)] == [True, False]
    (host / "tiny" / "aipp.cfg").write_text("aipp_op { aipp_mode: static }")
    assert run(capsys, host, **wanted)["changed"] is True


def test_check_mode_says_it_and_makes_nothing(capsys, host):
    said = run(capsys, host, _ansible_check_mode=True, _ansible_diff=True)
    assert said["changed"] is True
    assert said["diff"] == {"before": "", "after": "tiny for Ascend310P3, CANN 8.3.RC1\n"}
    assert not (host / "state").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"soc_version": "310P3"}, r"E10001.*CANN 8\.3\.RC1 knows no chip 310P3\. It is written Ascend and the name"),
        ({"options": {"input_shape": "x:1,4"}}, r"E10016.*The model has no input x, it has image \[1, 1, 8, 8\]"),
        ({"options": {"insert_op_conf": "/nowhere.cfg"}}, r"insert_op_conf: /nowhere.cfg: No such file"),
        ({"options": {"output": "/etc/x"}}, r"output is given by the module itself"),
        ({"options": {"--log": "debug"}}, r"is no option of ATC"),
        ({"soc_version": "../x"}, r"soc_version is '../x'"),
        ({"environment": "/nowhere"}, r"/nowhere has no bin/python3"),
        ({"install_path": "/nowhere"}, r"There is no CANN toolkit in /nowhere.*ascend_cann_flavor: toolkit"),
        ({"exported": "/nowhere"}, r"/nowhere/model.json: No such file"),
    ],
)
def test_what_is_wrong_is_said_with_its_fix(capsys, host, changed, said):
    answer = run(capsys, host, **changed)
    assert answer.get("failed")
    assert re.search(said, answer["msg"]), answer["msg"]
    assert not list(host.glob("state/converted/*"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (tiny_onnx.onnx([("", 22)]), "has no parser for Conv of opset 22. Export the model again with opset 11"),
        (tiny_onnx.onnx([("", 11), ("custom", 1)]), "operators of two domains"),
        (b"no model", "The model's file is damaged"),
    ],
)
def test_models_that_atc_refuses(capsys, host, content, said):
    (host / "tiny" / "model.onnx").write_bytes(content)
    exported.write(str(host / "tiny"), tiny_onnx.description())
    answer = run(capsys, host)
    assert answer.get("failed") and said in answer["msg"], answer["msg"]
    assert "ATC run failed" in answer["log_tail"]


def test_files_that_are_not_what_was_exported(capsys, host):
    (host / "tiny" / "model.onnx").write_bytes(b"other")
    assert "is not what was exported" in run(capsys, host)["msg"]


def test_the_compilers_python(capsys, host):
    (host / "env" / "bin" / "python3").write_text(
        "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'scipy'\" >&2\nexit 1\n"
    )
    assert "The Python of ATC has no scipy." in run(capsys, host)["msg"]

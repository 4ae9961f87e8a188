"""model_export around a framework that is a script: what reaches it, what is kept of what it leaves, and when again."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.convert import exported
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder
from ansible_collections.ascend.fleet.plugins.modules import model_export
from ansible_collections.ascend.fleet.tests.unit.module_args import module_args

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the environment is made for root")
OPEN = {"name": "x", "shape": [-1]}
# Stands for the environment's Python: the second word is the request, the third where the result goes.
PYTHON = """#!{python}
import json, os, sys
request = json.load(open(sys.argv[2]))
seen = {{"request": request, "files": sorted(os.listdir("."))}}
seen["weights"] = request["checkpoint"] and open(request["checkpoint"]).read()
seen["definition"] = request["definition"] and open(request["definition"]).read()
open("{folder}/seen", "w").write(json.dumps(seen))
os.mkdir("out")
said = {{
    "inputs": [{{"name": "x", "shape": [1, 2], "dtype": "float32"}}],
    "outputs": [{{"name": "y", "shape": [1, 1], "dtype": "float32"}}],
    "reference": {{"input": {{"x": "input_0.bin"}}, "output": {{"y": [0.5]}}}},
    "opset": request["opset"],
}}
result = {{"ok": True, "stage": "export", "torch": "2.7.1", "device": "CPU"}}
result["files"] = ["model.onnx", "input_0.bin", "../seen"]
open("out/model.onnx", "w").write("graph of %s" % seen["weights"])
open("out/input_0.bin", "wb").write(bytes(8))
if not request["checkpoint"]:
    result["losses"] = [2.0, 0.1]
    open("out/checkpoint.pt", "w").write("trained")
{more}
json.dump(said, open("export.json", "w"))
json.dump(result, open(sys.argv[3], "w"))
"""


@pytest.fixture()
def place(monkeypatch):
    folder = Path(tempfile.mkdtemp(prefix="fleet-test-"))
    folder.chmod(0o777)
    monkeypatch.setattr(safe_folder, "TOP", str(folder))
    (folder / "env" / "lib" / "python3.11" / "site-packages" / "torch-2.7.1.dist-info").mkdir(parents=True)
    (folder / "env" / "bin").mkdir()
    (folder / "env" / "bin" / "ascend-run").write_text('#!/bin/sh\nexec "$@"\n')
    (folder / "weights.pt").write_text("weights")
    (folder / "state").mkdir()
    framework(folder)
    yield folder
    shutil.rmtree(folder)


def framework(folder, more=""):
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin")
    path = folder / "env" / "bin" / "python"
    path.write_text(PYTHON.format(python=python, folder=folder, more=more))
    for name in ("python", "ascend-run"):
        (folder / "env" / "bin" / name).chmod(0o755)


def run(capsys, place, **options):
    given = {
        "environment": str(place / "env"),
        "state_dir": str(place / "state"),
        "name": "mine",
        "device_target": "CPU",
    }
    with module_args({"_ansible_remote_tmp": "/tmp", **given, **options}), pytest.raises(SystemExit):
        model_export.main()
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def mine(place, **more):
    inputs = [{"name": "x", "shape": [1, 2]}]
    return {"definition": "def build(): pass\n", "checkpoint": str(place / "weights.pt"), "inputs": inputs, **more}


def test_the_users_model_is_exported_once(capsys, place):
    result = run(capsys, place, **mine(place))
    folder = place / "state" / "exported" / "mine"
    assert result["changed"] and result["ran_as"] == "nobody" and "losses" not in result
    seen = json.loads((place / "seen").read_text())
    assert (seen["weights"], seen["definition"]) == ("weights", "def build(): pass\n")
    assert seen["request"]["engine"] == "torch-export" and "engines" in seen["files"]
    description = exported.read(str(folder))
    exported.check_files(str(folder), description)
    # Only what a model consists of is taken from what the run names.
    assert sorted(os.listdir(folder)) == ["input_0.bin", "model.json", "model.onnx"]
    assert result["exported"]["source"] == description["source"]
    assert description["source"]["version"] == "2.7.1" and description["reference"]["tolerance"]["rtol"] == 0.01
    (place / "seen").unlink()
    again = run(capsys, place, **mine(place))
    assert not again["changed"] and again["exported"] == result["exported"] and not (place / "seen").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("opset", 13),
        ("definition", "def build(): return 1\n"),
        ("inputs", [{"name": "x", "shape": [1, 3]}]),
        ("seed", 2),
        ("rtol", 0.1),
        ("force", True),
    ],
)
def test_anything_else_is_another_export(capsys, place, name, value):
    assert run(capsys, place, **mine(place))["changed"]
    asked = mine(place, **{name: value})
    assert run(capsys, place, **asked, _ansible_check_mode=True)["changed"]
    assert run(capsys, place, **asked)["changed"]


def test_other_weights_and_a_damaged_file_are_exported_again(capsys, place):
    first = run(capsys, place, **mine(place))
    (place / "weights.pt").write_text("others")
    second = run(capsys, place, **mine(place))
    assert second["changed"] and second["exported"]["sha256"] != first["exported"]["sha256"]
    model = place / "state" / "exported" / "mine" / "model.onnx"
    model.write_text("damaged")
    assert run(capsys, place, **mine(place))["changed"] and model.read_text() == "graph of others"
    assert os.listdir(place / "state" / "exported") == ["mine"], "drafts and old exports are gone"


def test_without_a_definition_the_classifier_is_trained(capsys, place):
    result = run(capsys, place, _ansible_diff=True)
    assert result["changed"] and result["losses"] == [2.0, 0.1] and "model.onnx" in result["diff"]["after"]
    folder = place / "state" / "exported" / "mine"
    assert (folder / "checkpoint.pt").read_text() == "trained"
    assert not run(capsys, place)["changed"]
    assert run(capsys, place, steps=50)["changed"]


def test_a_loss_that_does_not_fall_leaves_the_older_export(capsys, place):
    before = run(capsys, place)["exported"]
    framework(place, 'result["losses"] = [2.0, 1.9]')
    result = run(capsys, place, steps=50)
    assert result["failed"] and "The loss went from 2.0000 to 1.9000" in result["msg"]
    framework(place)
    assert run(capsys, place)["exported"] == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('os.unlink("out/model.onnx"); os.symlink("/etc/shadow", "out/model.onnx")', "The run left no model.onnx"),
        ('os.rename("out", "elsewhere"); os.symlink("elsewhere", "out")', "The run left no model.onnx"),
        ("said = []", "The run left no description"),
        ('said["outputs"] = []', "outputs is missing"),
        ('said["reference"]["input"]["x"] = "/dev/zero"', "names a file"),
        ('said["reference"]["output"] = [1]', "reference.output has to have y"),
        ('result["files"] = ["input_0.bin"]', "files has to name one of"),
        ('open(request["checkpoint"] and "{}/weights.pt", "w").write("more")', "changed while it was exported"),
    ],
)
def test_what_the_run_leaves_is_a_strangers(capsys, place, more, said):
    (place / "weights.pt").chmod(0o666)
    framework(place, more.format(place))
    result = run(capsys, place, **mine(place))
    assert result["failed"] and said in result["msg"]
    assert os.listdir(place / "state" / "exported") == []


def test_what_is_not_ours_stays(capsys, place):
    folder = place / "state" / "exported" / "mine"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_text("theirs")
    result = run(capsys, place)
    assert result["failed"] and "was not exported by this collection" in result["msg"]
    assert (folder / "model.onnx").read_text() == "theirs"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "../x"}, "name is '../x'"),
        ({"format": "air"}, "format air is not one that torch exports: set it to onnx"),
        ({"format": "air", "framework": "mindspore"}, "Only an NPU exports AIR"),
        ({"definition": "x", "checkpoint": None}, "set checkpoint"),
        ({"definition": "x", "inputs": []}, "inputs is empty"),
        ({"definition": "x", "inputs": [{"name": "x", "shape": [0]}]}, "shape of input x"),
        ({"definition": "x", "inputs": [{"name": "x", "shape": [1]}] * 2}, "have to differ"),
        ({"definition": "x", "inputs": [{"name": "x;", "shape": [1]}]}, "have to differ and be letters"),
        ({"definition": "x", "outputs": ["a b"]}, "names of outputs"),
        ({"checkpoint": "/x/weights.npz"}, "is no checkpoint that torch loads"),
        ({"checkpoint": "/nowhere/weights.pt"}, "/nowhere/weights.pt cannot be read"),
        ({"environment": "/nowhere"}, "neither PyTorch nor MindSpore in /nowhere"),
        ({"framework": "mindspore", "checkpoint": "/x/w.ckpt", "definition": "x", "inputs": [OPEN]},
         "which MindSpore does not export"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_before_anything_runs(capsys, place, options, said):
    base = {} if set(options) & {"checkpoint", "environment"} else {"checkpoint": str(place / "weights.pt")}
    if options.get("framework") == "mindspore" and "checkpoint" not in options:
        base = {}
    result = run(capsys, place, **{"inputs": [{"name": "x", "shape": [1]}], **base, **options})
    assert result["failed"] and said in result["msg"]
    assert not (place / "seen").exists()


def test_check_mode_before_the_checkpoint_is_there(capsys, place):
    result = run(capsys, place, _ansible_check_mode=True, **mine(place, checkpoint="/nowhere/last.pt"))
    assert result["changed"] and not (place / "seen").exists() and not (place / "state" / "exported").exists()

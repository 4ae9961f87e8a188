"""Reading, judging and writing of exported models."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.convert import exported, om

DESCRIPTION = {
    "name": "tiny",
    "source": {"framework": "torch", "version": "2.7.1", "checkpoint_sha256": "0" * 64},
    "inputs": [{"name": "x", "shape": [-1, 4], "dtype": "float32"}],
    "outputs": [{"name": "y", "shape": [-1, 2], "dtype": "float32"}],
    "reference": {"input": {"x": "input.bin"}, "output": {"y": [0.25, 0.75]}, "shapes": {"x": [1, 4]}},
    "opset": 11,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_bytes(b"onnx")
    (tmp_path / "input.bin").write_bytes(bytes(16))
    (tmp_path / "notes.txt").write_text("not of the model")
    return tmp_path


def test_what_is_written_is_what_is_read(folder):
    written = exported.write(str(folder), DESCRIPTION)
    assert exported.read(str(folder)) == written
    assert sorted(written["files"]) == ["input.bin", "model.onnx"]
    assert (exported.kind(written), exported.content(written)) == ("onnx", written["files"]["model.onnx"])
    exported.check_files(str(folder), written)


def test_a_file_that_is_another_is_refused(folder):
    written = exported.write(str(folder), DESCRIPTION)
    (folder / "model.onnx").write_bytes(b"other")
    with pytest.raises(exported.ExportedError, match=r"model\.onnx is not what was exported.*Copy the folder again"):
        exported.check_files(str(folder), written)


def test_a_file_that_is_missing_is_refused(folder):
    written = exported.write(str(folder), DESCRIPTION)
    (folder / "input.bin").unlink()
    with pytest.raises(exported.ExportedError, match=r"input\.bin: No such file"):
        exported.check_files(str(folder), written)


@pytest.mark.parametrize("text", ["", "[" * 100000, "\udcff", '{"format": 2}', "[]"])
def test_what_is_no_description(folder, text):
    (folder / "model.json").write_text(text, errors="surrogateescape")
    with pytest.raises(exported.ExportedError, match=r"Export the model again"):
        exported.read(str(folder))


def test_a_folder_without_a_description(folder):
    with pytest.raises(exported.ExportedError, match="model_export makes one"):
        exported.read(str(folder))


def _with(path: str, value: object) -> dict:
    whole = {**copy.deepcopy(DESCRIPTION), "format": 1, "files": {"model.onnx": "1" * 64, "input.bin": "2" * 64}}
    *parts, last = path.split(".")
    place: dict = whole
    for part in parts:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[last] = value
    return whole


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("name", "../x", "name has to be"),
        ("source", None, "source has to say"),
        ("files", {"model.onnx": "short"}, "SHA-256"),
        ("files", {"../model.onnx": "1" * 64}, "SHA-256"),
        ("files", {"model.onnx": "1" * 64, "model.air": "1" * 64}, "name one of"),
        ("files", {"input.bin": "1" * 64}, "name one of"),
        ("inputs", [], "inputs is missing"),
        ("inputs.0.dtype", "complex", "dtype of x"),
        ("inputs.0.shape", [0], "shape of x"),
        ("inputs.0.shape", [True], "shape of x"),
        ("reference", None, "reference is missing"),
        ("reference.input", {}, "reference.input has to have x"),
        ("reference.input", {"x": "other.bin"}, "names a file"),
        ("reference.output", {"y": ["1"]}, "has to be numbers"),
        ("reference.shapes", {"x": [-1]}, "reference.shapes"),
        ("reference.tolerance", {"rtol": -1}, "rtol and atol"),
        ("opset", "11", "opset"),
    ],
)
def test_what_a_description_lacks_is_said(path, value, said):
    with pytest.raises(exported.ExportedError, match=said):
        exported.judged(_with(path, value))


def test_the_tolerance_of_a_chip_where_nothing_is_said():
    assert exported.tolerance({}) == {"rtol": 0.01, "atol": 0.001}
    assert exported.tolerance({"tolerance": {"rtol": 0.5}}) == {"rtol": 0.5, "atol": 0.001}


def test_records_are_found_beside_their_models(tmp_path):
    record = {"format": 1, "name": "tiny", "soc": "Ascend310P3", "cann": "8.0.RC3", "sha256": "a" * 64}
    (tmp_path / "tiny.om.json").write_text(json.dumps(record))
    (tmp_path / "half.om.json").write_text('{"format": 1, "na')
    (tmp_path / "other.om.json").write_text("{}")
    assert om.records(str(tmp_path)) == {"tiny.om": record}
    assert om.record_of(str(tmp_path / "half.om")) is None
    assert om.records(str(tmp_path / "nowhere")) == {}


def test_a_conversion_is_another_one_with_anything_else():
    keys = {
        om.key(*given)
        for given in (
            ("a", "Ascend310P3", "8.0.RC3", {}),
            ("b", "Ascend310P3", "8.0.RC3", {}),
            ("a", "Ascend310", "8.0.RC3", {}),
            ("a", "Ascend310P3", "8.1.RC1", {}),
            ("a", "Ascend310P3", "8.0.RC3", {"precision_mode": "x"}),
        )
    }
    assert len(keys) == 5

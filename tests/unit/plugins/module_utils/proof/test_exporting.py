"""What exports have in common: the fixed input, pictures, names and the description; and what an ONNX file says."""

from __future__ import annotations

import json
import struct

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.proof import causes, sources
from ansible_collections.ascend.fleet.plugins.module_utils.proof.engines import exporting, onnx_graph

FLOAT, INT64 = 1, 7


def number(field, value):
    out, value = bytearray([field << 3]), value & (1 << 64) - 1
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def part(field, content):
    content = content.encode() if isinstance(content, str) else content
    return number(field, len(content)).replace(bytes([field << 3]), bytes([field << 3 | 2]), 1) + content


def tensor(name, kind, *sizes):
    shape = b"".join(part(1, part(2, size) if isinstance(size, str) else number(1, size)) for size in sizes)
    return part(1, name) + part(2, part(1, number(1, kind) + part(2, shape)))


def model(opsets=(("", 11),), **more):
    graph = part(1, part(1, "x") + part(1, "w") + part(4, "Gemm")) + part(
        5, number(1, 4) + part(8, "w") + part(9, bytes(4))
    )
    graph += part(11, tensor("x", FLOAT, "batch", 2)) + part(11, tensor("w", FLOAT, 2, 2)) + more.get("graph", b"")
    graph += part(12, tensor("y", INT64, 1, 2))
    sets = b"".join(part(8, part(1, domain) + number(2, version)) for domain, version in opsets)
    return number(1, 6) + part(7, graph) + sets


def test_an_onnx_model_says_what_it_takes_and_gives(tmp_path):
    (tmp_path / "model.onnx").write_bytes(model((("", 13), ("com.other", 1))))
    found = onnx_graph.read(str(tmp_path / "model.onnx"))
    assert found["inputs"] == [{"name": "x", "shape": [-1, 2], "dtype": "float32"}], "weights are no inputs"
    assert found["outputs"] == [{"name": "y", "shape": [1, 2], "dtype": "int64"}]
    assert (onnx_graph.opset(found), onnx_graph.foreign(found), found["operators"]) == (13, ["com.other"], ["Gemm"])


def test_a_cut_model_is_said_to_be_damaged(tmp_path):
    path, whole = tmp_path / "model.onnx", model()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"is damaged|is no ONNX model"):
            onnx_graph.read(str(path))


def test_the_fixed_input_is_the_same_everywhere_and_fits_16_bits():
    row = {"name": "x", "shape": [-1, 300], "dtype": "float16", "below": 2}
    values = exporting.numbers(row, 1)
    assert values[:4] == [-0.734375, 0.69140625, 0.52734375, -0.4921875] and len(values) == 300
    assert [struct.unpack("<e", struct.pack("<e", value))[0] for value in values] == values
    whole = exporting.numbers({**row, "dtype": "int64", "below": 50}, 1)
    assert set(map(type, whole)) == {int} and min(whole) >= 0 and 40 < max(whole) < 50
    assert set(exporting.numbers({**row, "dtype": "bool"}, 1)) == {True, False}


def test_pictures_show_what_their_class_says():
    pixels, classes = exporting.pictures(8, 1)
    assert classes == [0, 1, 2, 3] * 2 and len(pixels) == 8 * exporting.SIZE**2
    first = pixels[: exporting.SIZE**2]
    columns = [sum(first[column :: exporting.SIZE]) for column in range(exporting.SIZE)]
    assert sum(value > 10 for value in columns) == 3, "an upright bar is three columns wide"
    assert exporting.pictures(4, 2)[0] != exporting.pictures(4, 1)[0]


def test_outputs_of_any_form_are_tensors_in_their_order():
    one, two = memoryview(b"a"), memoryview(b"b")
    assert exporting.flat({"a": one, "b": (None, [two])}) == [one, two] and exporting.flat(one) == [one]


def test_a_classifier_that_knows_nothing_is_no_model():
    good = [row for kind in range(4) for row in [float(kind == column) for column in range(4)]]
    asked = {"definition": None, "outputs": []}
    assert exporting.answered(asked, [((4, 4), "float32", good)])[0][0]["name"] == "scores"
    with pytest.raises(RuntimeError, match=r"for \[0, 0, 0, 0\]"):
        exporting.answered(asked, [((4, 4), "float32", [0.0] * 16)])


def test_names_of_outputs_are_as_many_as_there_are():
    found = [((1,), "float32", [1.0]), ((1,), "float32", [2.0])]
    rows = exporting.answered({"definition": "x", "outputs": []}, found)
    assert [row["name"] for row, _numbers in rows] == ["output_0", "output_1"]
    with pytest.raises(ValueError, match="outputs has 1 names, and the model has 2"):
        exporting.answered({"definition": "x", "outputs": ["a"]}, found)


def test_the_description_has_the_files_names_and_large_tensors_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.onnx").write_bytes(model())
    asked = [({"name": "asked", "shape": [-1, 2], "dtype": "float32"}, [0.5, -0.5])]
    given = [({"name": "given", "shape": [1, 5000], "dtype": "int64"}, list(range(5000)))]
    assert exporting.describe(asked, given, "out/model.onnx") == ["model.onnx", "output_0.bin"]
    said = json.loads((tmp_path / exporting.DESCRIPTION).read_text())
    assert said["inputs"] == [{"name": "x", "shape": [-1, 2], "dtype": "float32"}] and said["opset"] == 11
    assert said["reference"]["shapes"] == {"x": [1, 2]} and said["reference"]["input"] == {"x": [0.5, -0.5]}
    assert struct.unpack("<5000q", (tmp_path / "out" / "output_0.bin").read_bytes())[4999] == 4999
    with pytest.raises(ValueError, match=r"has the inputs \['x'\], the model \['a', 'b'\]"):
        rows = [({"name": name, "shape": [1], "dtype": "float32"}, [0.0]) for name in "ab"]
        exporting.describe(rows, given, "out/model.onnx")


def test_a_definition_without_its_function(tmp_path):
    (tmp_path / "mine.py").write_text("def make():\n    return __name__\n")
    request = {"definition": str(tmp_path / "mine.py"), "factory": "make"}
    assert exporting.build(request) == "model_definition"
    with pytest.raises(ValueError, match=r"no function build\(\)"):
        exporting.build({**request, "factory": "build"})


@pytest.mark.parametrize("framework", ["torch", "mindspore"])
def test_an_exporter_travels_with_all_that_it_imports(framework):
    files = sources.of(framework + "-export")
    for name, text in files.items():
        for line in text.splitlines():
            if line.startswith("from . import "):
                assert {f"engines/{item.strip()}.py" for item in line[14:].split(",")} <= set(files), name
            elif line.startswith("from ."):
                assert f"engines/{line.split()[1][1:]}.py" in files, name


def test_what_is_installed_says_what_exports(tmp_path):
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    assert sources.exporter(str(tmp_path)) is None
    (packages / "torch-2.7.1.dist-info").mkdir()
    assert sources.exporter(str(tmp_path)) == "torch"
    (packages / "mindspore-2.7.1.dist-info").mkdir()
    assert sources.exporter(str(tmp_path)) == "mindspore"


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        # torch 2.13.0
        ("OnnxExporterError: Module onnx is not installed!", "ascend_python_extra"),
        (
            "Exporting the operator 'aten::erfinv' to ONNX opset version 13 is not supported",
            "no aten::erfinv in opset 13",
        ),
        ("RuntimeError: Unsupported onnx_opset_version: 40", "writes no ONNX of opset 40"),
        # MindSpore 2.7.1
        (
            "Can not find key Erfinv in convert map. Exporting Erfinv operator is not yet supported.",
            "no Erfinv into ONNX",
        ),
        ("Only support export file in 'AIR' format with Ascend backend.", "model_export_format to onnx"),
    ],
)
def test_what_exporters_say_has_a_fix(said, fix):
    assert fix in causes.explain(said)

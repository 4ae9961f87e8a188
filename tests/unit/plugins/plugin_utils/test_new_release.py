"""A release that is not out yet is added by data alone: as rows of the catalog, and as a user's overlay."""

import json
import re
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver

ROOT = Path(__file__).resolve().parents[4]
HOW_TO = ROOT / "docs" / "catalog.md"
HOST = {"chip": "910b", "arch": "aarch64", "host_kind": "physical"}

ROWS = {
    "hdk": '{id: "99.1.0", hdk: "99.1.0", driver: "99.1.0", firmware: "9.9.0.1.220", chips: ["910b", "a3"],\n'
    '     confidence: official, source: "relmgmt 9.9.9"}',
    "cann": '{cann: "9.9.9", hdk: ["99.1.0"], layout: "8.5", products: [toolkit, nnrt, kernels, nnal],\n'
    '     confidence: official, source: "relmgmt 9.9.9"}',
    "mindspore": '{mindspore: "9.8.0", cann: ["9.9.9"], python: ["3.10", "3.12"], package: mindspore,\n'
    '     wheels: [te, hccl], distribution: pypi, confidence: official, source: "pypi_wheel"}',
    "mindformers": '{mindformers: "9.7.0", mindspore: ["9.8.0"], python: ["3.11"], distribution: pypi,\n'
    '     confidence: official, source: "pypi_wheel"}',
}


@pytest.fixture(params=["catalog", "overlay"])
def data(request, tmp_path):
    """The catalog after somebody added ROWS to its files, or to an overlay of theirs."""
    if request.param == "overlay":
        (tmp_path / "next.yml").write_text("".join(f"{name}:\n  - {row}\n" for name, row in ROWS.items()), "utf-8")
        return catalog.load(str(tmp_path))
    folder = tmp_path / "catalog"
    shutil.copytree(catalog.FOLDER, folder)
    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    for name, row in ROWS.items():
        path = folder / f"{name}.yml"
        text = path.read_text(encoding="utf-8").replace(f"\n{name}:\n", f"\n{name}:\n  - {row}\n", 1)
        path.write_text(text, encoding="utf-8")
        jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(text))
    return catalog._folder(folder)


def test_a_new_release_resolves(data):
    found = resolver.resolve(data, {"mindspore": "9.8.0"}, HOST)
    assert found["ok"], found
    stack = found["stack"]
    assert {name: entry["version"] for name, entry in stack.items() if entry and "version" in entry} == {
        "driver": "99.1.0",
        "firmware": "9.9.0.1.220",
        "cann": "9.9.9",
        "kernels": "9.9.9",
        "python": "3.11",
        "mindspore": "9.8.0",
        "mindformers": "9.7.0",
    }
    # File names come from the grammar of earlier releases; a new naming scheme would be a row of filenames.yml.
    assert stack["driver"]["package"] == "Ascend-hdk-910b-npu-driver_99.1.0_linux-aarch64.run"
    assert stack["kernels"]["package"] == "Ascend-cann-910b-ops_9.9.9_linux-aarch64.run"


def test_a_new_release_is_judged(data):
    versions = {"driver": "99.1.0", "firmware": "9.9.0.1.220", "cann": "9.9.9", "mindspore": "9.8.0", "python": "3.11"}
    assert compat.check(data, versions, HOST) == []
    old_driver = compat.check(data, {**versions, "driver": "24.1.0", "firmware": None}, HOST)
    assert [finding["rule"] for finding in compat.blocking(old_driver)] == ["cann-driver"]


def test_a_new_release_leaves_the_others_alone(data):
    pins = {"mindspore": "2.7.1"}
    assert resolver.resolve(data, pins, HOST)["stack"] == resolver.resolve(catalog.load(), pins, HOST)["stack"]


def test_the_rows_of_the_how_to_fit(tmp_path):
    """The examples of docs/catalog.md are rows that can be copied."""
    blocks = re.findall(r"(?m)^ {8}- (\{.*(?:\n {11}.*)*)", HOW_TO.read_text(encoding="utf-8"))
    rows = [yaml.safe_load(block) for block in blocks]
    assert [("hdk" if "id" in row else "cann") for row in rows] == ["hdk", "cann"]
    overlay = {("hdk" if "id" in row else "cann"): [row] for row in rows}
    (tmp_path / "how-to.yml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
    found = resolver.resolve(
        catalog.load(str(tmp_path)), {"cann": rows[1]["cann"], "components": ["driver", "cann"]}, HOST
    )
    assert found["ok"], found
    assert found["stack"]["driver"]["version"] == rows[0]["driver"]

"""What text_generation and framework_check say of engines, and that damaged files never reach one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.modules import framework_check, text_generation
from ansible_collections.ascend.fleet.tests.unit.module_args import module_args

SET = Path(__file__).resolve().parents[4] / "roles" / "inference_check" / "files" / "gpt2"
TEXT = (SET / "expected.txt").read_text(encoding="utf-8").strip()
# A MindFormers whose pipeline answers with what it was asked, and says which switches were set before.
MINDFORMERS = """
class AutoModel:
    from_pretrained = staticmethod(lambda folder: open(folder + "/gpt2.ckpt", "rb").read())
def tokens(text, add_special_tokens):
    return {"input_ids": text.split()}
class AutoTokenizer:
    from_pretrained = staticmethod(lambda folder: tokens)
"""
PIPELINE = """
from mindformers.core import context
def pipeline(task, model, tokenizer, max_length):
    def answer(prompt, **how):
        return [{"text_generation_text": [prompt + " " + repr((sorted(how.items()), context.set_to))]}]
    return answer
"""
CONTEXT = """
set_to = []
def build_context(config):
    places = {"beside": config, "inside": config["context"]}
    set_to.extend(name for name, place in places.items() if place.get("postprocess_use_numpy") is True)
"""
MINDSPORE = """
__version__ = "2.7.1"
GRAPH_MODE = 0
device = []
def set_context(mode, device_target, device_id=None): device.append(device_target)
def get_context(name): return device[-1]
def set_seed(seed): pass
"""


@pytest.fixture()
def place(monkeypatch):
    """An environment in which a MindFormers of any release seems to be installed, and the small model."""
    folder = Path(tempfile.mkdtemp(prefix="fleet-test-"))
    folder.chmod(0o755)
    packages = folder / "env" / "lib" / "python3.11" / "site-packages"
    (packages / "mindformers" / "core").mkdir(parents=True)
    (packages / "mindspore.py").write_text(MINDSPORE)
    (packages / "mindformers" / "__init__.py").write_text(MINDFORMERS)
    (packages / "mindformers" / "pipeline.py").write_text(PIPELINE)
    (packages / "mindformers" / "core" / "context.py").write_text(CONTEXT)
    shutil.copytree(SET, folder / "model")
    (folder / "env" / "bin").mkdir()
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin") or "python3"
    for name, body in (("ascend-run", 'exec "$@"'), ("python", f'PYTHONPATH={packages} exec {python} "$@"')):
        (folder / "env" / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / "env" / "bin" / name).chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def release(place, version):
    info = place / "env" / "lib" / "python3.11" / "site-packages" / f"mindformers-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mindformers\nVersion: {version}\n")


def run(capsys, module, place, **arguments):
    given = {"environment": str(place / "env"), "state_dir": str(place / "state"), "device_target": "CPU", **arguments}
    if module is text_generation:
        given.update(model="gpt2", model_dir=str(place / "model"))
    with module_args({"_ansible_remote_tmp": "/tmp", **given}), pytest.raises(SystemExit):
        module.main()
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


@pytest.mark.skipif(os.geteuid() != 0, reason="the environment is made for root")
@pytest.mark.parametrize(
    ("version", "target", "sample", "how"),
    [
        ("1.1.0", "CPU", False, "[('do_sample', False), ('top_k', 3)], []"),
        ("1.2.0", "CPU", False, "[('do_sample', True), ('top_k', 1), ('top_p', 1.0)], []"),
        ("1.3.2", "CPU", False, "[('do_sample', True), ('top_k', 1), ('top_p', 1.0)], ['beside']"),
        ("1.3.2", "Ascend", False, "[('do_sample', False), ('top_k', 3)], []"),
        ("1.6.0", "CPU", False, "[('do_sample', True), ('top_k', 1), ('top_p', 1.0)], ['inside']"),
        ("1.7.0", "CPU", True, "[('do_sample', True), ('top_k', 3), ('top_p', 1.0)], ['inside']"),
        ("2.1.0rc1", "Ascend", False, "[('do_sample', False), ('top_k', 3)], []"),
    ],
)
def test_numpy_chooses_tokens_on_a_cpu_only_and_where_mint_would(capsys, place, version, target, sample, how):
    release(place, version)
    result = run(capsys, text_generation, place, device_target=target, do_sample=sample)
    proof = result["inference"]
    assert how in proof["text"] and proof["mindformers"] == version and proof["device"] == target
    assert (result["engine"], result["model"]) == (proof["engine"], proof["model"]) == ("mindformers-pipeline", "gpt2")


@pytest.mark.skipif(os.geteuid() != 0, reason="the environment is made for root")
def test_a_proof_by_another_engine_is_another_proof(capsys, place):
    release(place, "1.0.2")
    assert run(capsys, text_generation, place)["changed"] is True
    assert run(capsys, text_generation, place, engine="mindformers-pipeline")["changed"] is False
    path = place / "state" / "proofs" / "inference.json"
    proof = json.loads(path.read_text())
    del proof["engine"], proof["request"]["engine"]
    path.write_text(json.dumps(proof))
    assert run(capsys, text_generation, place)["changed"] is False, "proofs did not name the only engine there was"
    result = run(capsys, text_generation, place, engine="torch-plain", _ansible_check_mode=True)
    assert result["changed"] is True and result["engine"] == "torch-plain"


@pytest.mark.parametrize("engine", ["mindformers-pipeline", "mindspore-plain", "torch-plain"])
def test_a_damaged_file_reaches_no_engine(capsys, place, engine):
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (place / "model").iterdir()}
    weights = place / "model" / "gpt2.ckpt"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(bytes(data))
    result = run(capsys, text_generation, place, engine=engine, checksums=hashes)
    assert result["failed"] and "gpt2.ckpt is damaged or another file" in result["msg"]
    assert result["inference"]["status"] == "failed" and result["inference"]["engine"] == engine
    assert json.loads((place / "state" / "proofs" / "inference.json").read_text())["status"] == "failed"


@pytest.mark.skipif(os.geteuid() != 0, reason="the environment is made for root")
@pytest.mark.parametrize("engine", ["torch-plain", "mindspore-plain"])
def test_a_framework_that_is_not_there_is_named(capsys, place, engine):
    (place / "env" / "lib" / "python3.11" / "site-packages" / "mindspore.py").unlink()
    result = run(capsys, framework_check, place, task="training", engine=engine)
    name = engine.split("-")[0]
    assert result["failed"] and f"No module named '{name}'" in result["msg"] and "Run its role" in result["msg"]

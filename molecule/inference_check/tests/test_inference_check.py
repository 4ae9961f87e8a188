"""What inference_check leaves on a host: a proof that this stack generates the expected text."""

import hashlib
import json
import os
from pathlib import Path

SETS = Path(os.environ["ASCEND_ROOT"]) / "roles" / "inference_check" / "files"
EXPECTED = (SETS / "gpt2" / "expected.txt").read_text(encoding="utf-8").strip()


def proof(host):
    return json.loads(host.file("/var/lib/ascend-fleet/proofs/inference.json").content_string)


def test_the_text_is_the_one_the_model_knows(host):
    result = proof(host)
    assert result["status"] == "passed"
    assert result["text"].strip() == EXPECTED
    assert result["device"] == "CPU"
    assert result["tokens_per_second"] > 0
    assert (result["engine"], result["model"]) == ("mindformers-pipeline", "gpt2")


def test_the_proof_names_the_stack(host):
    assert proof(host)["stack"]["mindspore"] == "2.7.1"
    assert proof(host)["stack"]["mindformers"] == "1.0.2"


def test_the_model_came_with_the_collection(host):
    for name in ("gpt2.ckpt", "gpt2.yaml", "vocab.json", "merges.txt"):
        there = host.file(f"/var/lib/ascend-fleet/models/gpt2/{name}")
        assert there.sha256sum == hashlib.sha256((SETS / "gpt2" / name).read_bytes()).hexdigest()
        assert there.user == "root"
    assert not host.file("/opt/ascend/models").exists


def test_the_training_was_by_the_same_engine(host):
    proof = json.loads(host.file("/var/lib/ascend-fleet/proofs/training.json").content_string)
    assert (proof["status"], proof["engine"]) == ("passed", "mindformers-pipeline")


def test_nothing_of_the_run_is_left(host):
    assert host.run("pgrep -f '[t]ext_generation'").rc != 0


def test_verify_proves_a_converged_host_again(host, fleet):
    before = proof(host)
    folder = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "verify"
    output = fleet.output("playbooks/verify.yml", "-e", f"ascend_report_dir={folder}")
    assert "changed=0 " in output, "the proof says the same as before"
    after = proof(host)
    assert after["status"] == "passed" and after["time"] > before["time"]

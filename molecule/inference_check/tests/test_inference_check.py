"""What inference_check leaves on a host: a proof that this stack generates the expected text."""

import json
import os
from pathlib import Path

EXPECTED = (Path(os.environ["ASCEND_ROOT"]) / "tests" / "model" / "expected.txt").read_text(encoding="utf-8").strip()


def proof(host):
    return json.loads(host.file("/var/lib/ascend-fleet/proofs/inference.json").content_string)


def test_the_text_is_the_one_the_model_knows(host):
    result = proof(host)
    assert result["status"] == "passed"
    assert result["text"].strip() == EXPECTED
    assert result["device"] == "CPU"
    assert result["tokens_per_second"] > 0


def test_the_proof_names_the_stack(host):
    assert proof(host)["stack"]["mindspore"] == "2.7.1"
    assert proof(host)["stack"]["mindformers"] == "1.0.2"


def test_the_model_lies_where_the_article_has_it(host):
    for name in ("gpt2.ckpt", "vocab.json", "merges.txt"):
        assert host.file(f"/opt/ascend/models/gpt2/{name}").exists


def test_nothing_of_the_run_is_left(host):
    assert host.run("pgrep -f '[t]ext_generation'").rc != 0


def test_verify_proves_a_converged_host_again(host, fleet):
    before = proof(host)
    folder = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "verify"
    output = fleet.output("playbooks/verify.yml", "-e", f"ascend_report_dir={folder}")
    assert "changed=0 " in output, "the proof says the same as before"
    after = proof(host)
    assert after["status"] == "passed" and after["time"] > before["time"]

"""What model_export leaves on a training host: models that say what they are, and where they come from."""

import hashlib
import json

FOLDER = "/var/lib/ascend-fleet/exported"


def described(host, name):
    return json.loads(host.file(f"{FOLDER}/{name}/model.json").content_string)


def test_the_files_are_the_ones_described_and_roots(host):
    for name, kind in (("tiny", "model.onnx"), ("mine", "model.mindir")):
        model = described(host, name)
        assert kind in model["files"]
        for file, digest in model["files"].items():
            there = host.file(f"{FOLDER}/{name}/{file}")
            assert (there.sha256sum, there.user, there.mode) == (digest, "root", 0o644)


def test_the_classifier_knows_its_pictures(host):
    model = described(host, "tiny")
    [scores] = model["reference"]["output"].values()
    rows = [scores[at : at + 4] for at in range(0, 16, 4)]
    assert [row.index(max(row)) for row in rows] == [0, 1, 2, 3]
    assert model["source"]["framework"] == "mindspore" and model["source"]["version"] == "2.7.1"
    assert model["opset"] == 11 and model["inputs"][0]["shape"] == [4, 1, 16, 16]


def test_a_users_definition_with_the_same_weights(host):
    content = host.file(f"{FOLDER}/tiny/checkpoint.ckpt").content
    mine = described(host, "mine")
    assert mine["source"]["checkpoint_sha256"] == hashlib.sha256(content).hexdigest()
    assert mine["source"]["checkpoint_sha256"] == described(host, "tiny")["source"]["checkpoint_sha256"]
    assert mine["inputs"] == [{"name": "picture", "shape": [4, 1, 16, 16], "dtype": "float32"}]


def test_no_draft_is_left(host):
    assert sorted(host.run(f"ls -A {FOLDER}").stdout.split()) == ["mine", "tiny"]

"""Models on an inference card: converted once, staged, proven; what is not for this host is refused in words."""

import json
import os
from pathlib import Path

import pytest

STATE = "/var/lib/ascend-fleet"
EPHEMERAL = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])
TINY = Path(os.environ["ASCEND_ROOT"]) / "roles" / "om_check" / "files" / "tiny"
OM = "tiny-Ascend310P3.om"


def report(name):
    hosts = json.loads((EPHEMERAL / "report" / "report.json").read_text(encoding="utf-8"))["hosts"]
    return next(entry for entry in hosts if entry["name"] == name)


def proof(host):
    return json.loads(host.file(f"{STATE}/proofs/om.json").content_string)


@pytest.mark.hosts("infer-310p")
def test_the_card_computed_both_models_as_the_reference(host):
    found = proof(host)
    assert (found["engine"], found["status"], sorted(found["models"])) == ("acl", "passed", ["mine", "tiny"])
    for entry in found["models"].values():
        assert entry["compared"] and entry["difference"] < 1e-3
        assert entry["latency_ms"]["mean"] > 0 and entry["throughput"] > 0
        assert (entry["soc"], entry["runtime"]) == ("Ascend310P3", "nnrt 8.3.RC1")
    said = report("infer-310p")["inference"]
    assert (said["status"], said["engine"]) == ("passed", "acl")


@pytest.mark.hosts("train-a2")
def test_the_training_server_converted_each_once(host):
    calls = host.run(f"ls {STATE}/converted").stdout.split()
    assert sorted(calls) == ["mine-Ascend310P3.om", "mine-Ascend310P3.om.json", OM, f"{OM}.json"]
    record = json.loads(host.file(f"{STATE}/converted/{OM}.json").content_string)
    assert (record["cann"], record["warnings"]) == ("8.3.RC1", [])
    assert host.file(f"{STATE}/converted/{OM}").sha256sum == record["sha256"]
    assert host.file(f"{STATE}/converted/{OM}").user == "root"


@pytest.mark.hosts("infer-310p")
def test_nothing_of_the_run_is_left(host):
    assert host.run("pgrep -f '[a]cl_om'").rc != 0


def refused(fleet, *options):
    """What a site run says of the inference host, which must fail."""
    run = fleet.play("site.yml", *options)
    assert not run.ok
    entry = report("infer-310p")
    assert entry["status"] == "failed"
    return entry["error"]["message"]


def user_model(folder, name, **record):
    """A finished OM of the user's: the one that was converted here, and what its record says otherwise."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.om"
    path.write_bytes((EPHEMERAL / "models" / OM).read_bytes())
    whole = json.loads((EPHEMERAL / "models" / f"{OM}.json").read_text())
    Path(f"{path}.json").write_text(json.dumps({**whole, **record}))
    return path, ("-e", json.dumps({"ascend_om_models": [{"name": name, "om": str(path)}]}))


@pytest.mark.hosts("infer-310p")
def test_models_that_are_refused_in_words(host, fleet, tmp_path):
    path, wish = user_model(tmp_path, "damaged")
    data = bytearray(path.read_bytes())
    data[-100] ^= 0xFF
    path.write_bytes(data)
    assert "is damaged or another file" in refused(fleet, *wish)
    _path, wish = user_model(tmp_path, "other", soc="Ascend310")
    assert "was compiled for Ascend310, and this host has Ascend310P3" in refused(fleet, *wish)
    _path, wish = user_model(tmp_path, "newer", cann="9.0.0")
    assert "was compiled with CANN 9.0.0, and this host has CANN 8.3.RC1" in refused(fleet, *wish)
    _path, wish = user_model(tmp_path, "good")
    assert fleet.play("site.yml", *wish).recap("infer-310p")["changed"] > 0
    assert sorted(proof(host)["models"]) == ["good", "mine", "tiny"]
    again = fleet.play("site.yml", *wish)
    assert again.ok and [again.recap(name)["changed"] for name in ("infer-310p", "train-a2")] == [0, 0]
    assert report("infer-310p")["status"] == "converged"

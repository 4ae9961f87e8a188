"""Whether a chip's answer is the reference's, and what is kept of a run."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.convert import toolkit
from ansible_collections.ascend.fleet.plugins.module_utils.proof import om_proofs

LIMITS = {"rtol": 0.01, "atol": 0.001}


@pytest.mark.parametrize(
    ("given", "wanted", "wrong"),
    [
        ([1.0, 2.0], [1.0, 2.0], None),
        ([1.009, 2.0, 0.0, 0.0], [1.0, 2.0], None),  # padded, as some chips leave it
        ([1.02, 2.0], [1.0, 2.0], "number 0 is 1.02, the reference has 1"),
        ([1.0], [1.0, 2.0], "it has 1 numbers, the reference 2"),
        ([1.0, "nan"], [1.0, 2.0], "number 1 is nan, the reference has 2"),
        ([0.0005], [0.0], None),
        ([0.002], [0.0], "number 0 is 0.002, the reference has 0"),
    ],
)
def test_differences(given, wanted, wrong):
    assert om_proofs.difference(given, wanted, LIMITS)[1] == wrong


def outputs(**named):
    return [{"name": name, "values": values} for name, values in named.items()]


def test_outputs_are_found_by_the_longer_names_that_atc_gives():
    reference = {"output": {"y": [1.0], "z": [2.0]}, "tolerance": LIMITS}
    given = [{"name": "Gemm_3:0:z", "values": [2.0]}, {"name": "Relu_1:0:y", "values": [1.0]}]
    assert om_proofs.judge(given, reference) == (0.0, None, True)
    assert om_proofs.judge(outputs(other=[1.0]), {"output": {"y": [1.0]}}) == (0.0, None, True)
    assert "the model has no output z, it has y" in om_proofs.judge(outputs(y=[1.0]), reference)[1]
    assert om_proofs.judge(outputs(y=[1.0]), {}) == (None, None, False)


def test_what_is_measured():
    found = om_proofs.latency([float(number) for number in range(1, 101)])
    assert found == {"min": 1.0, "mean": 50.5, "median": 51.0, "p99": 100.0, "max": 100.0}
    assert (om_proofs.throughput(4, 2.0), om_proofs.throughput(1, 0.0)) == (2000.0, None)


def test_a_proof_has_passed_when_all_of_its_models_have():
    passed = {"status": "passed", "stack": {"cann": "x"}, "key": "k"}
    proof = om_proofs.with_model(None, "a", passed)
    assert (proof["status"], om_proofs.holds(proof, "a", "k", {"cann": "x"})) == ("passed", True)
    both = om_proofs.with_model(proof, "b", {"status": "failed", "reason": "wrong", "stack": {"cann": "x"}})
    assert (both["status"], both["reason"]) == ("failed", "wrong")
    assert om_proofs.with_model(both, "a", passed, keep=["a"])["status"] == "passed"
    for asked in (("b", "k", {"cann": "x"}), ("a", "other", {"cann": "x"}), ("a", "k", {})):
        assert not om_proofs.holds(both, *asked)


def test_which_cann_is_taken():
    def row(product, version, **more):
        return {"product": product, "version": version, "set_env": "/s", "latest": True, **more}

    rows = [row("nnae", "9.0.0"), row("nnrt", "8.3.RC1", latest=False), row("nnrt", "8.0.0"), row("toolkit", "8.5.0")]
    assert toolkit.choose(rows, toolkit.RUNTIMES)["version"] == "8.0.0"
    assert toolkit.choose(rows, toolkit.COMPILERS)["version"] == "8.5.0"
    assert toolkit.choose([row("toolkit", "8.5.0", damaged="half")], toolkit.COMPILERS) is None
    assert toolkit.choose([row("toolkit", "8.5.0", set_env=None)], toolkit.COMPILERS) is None

"""Every stack of the catalog plans the strongest proof that it can give, and none that cannot pass."""

import itertools

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, ladder
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.components import inference
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver

DATA = catalog.load()
HOST = {"chip": "910b", "arch": "aarch64", "host_kind": "physical"}
MINDSPORE = [name for row in DATA["mindspore"] for name in [row["mindspore"], *row.get("also", [])]]
MINDFORMERS = [name for row in DATA["mindformers"] for name in [row["mindformers"], *row.get("also", [])]]
TORCH = sorted({row["torch"] for row in DATA["torch"]})
# What each engine needs to be able to pass, said a second time and not by the table: first release, last release.
PASSES = {
    ("mindformers-pipeline", "llama"): ("mindformers", (1, 6), (99,)),
    ("mindformers-pipeline", "gpt2"): ("mindformers", (0, 3), (1, 3, 2)),
    ("mindspore-plain", "gpt2"): ("mindspore", (2, 0), (99,)),
    ("torch-plain", "gpt2"): ("torch", (1, 11), (99,)),
}


def numbers(version):
    if "alpha" in version:  # of 2.0.0, whose operators are those of 1.x
        return (1, 99)
    return tuple(int(part) for part in version.split("rc")[0].split("-")[0].split(".post")[0].split("."))


def can_pass(rung, chosen):
    component, first, last = PASSES[(rung["engine"], rung["model"])]
    return chosen.get(component) is not None and first <= numbers(chosen[component]) <= last


def stack_of(pins, **host):
    found = resolver.resolve(DATA, pins, {**HOST, **host})
    assert found["ok"], found["conflict"]
    return found


def rules(found):
    return [item["rule"] for item in found["findings"] if item["rule"] != "firmware-unknown"]


@pytest.mark.parametrize("mindspore", [None, *MINDSPORE])
def test_every_row_gets_a_proof_that_can_pass_and_no_weaker_one(mindspore):
    for mindformers, torch in itertools.product([None, *MINDFORMERS], [None, *TORCH]):
        chosen = {"mindspore": mindspore, "mindformers": mindspore and mindformers, "torch": torch}
        rung = ladder.climb(DATA, chosen)
        able = [pair for pair in PASSES if can_pass({"engine": pair[0], "model": pair[1]}, chosen)]
        assert (rung is None) == (not able), chosen
        assert rung is None or (rung["engine"], rung["model"]) == able[0], chosen


def test_no_stack_that_the_resolver_chooses_plans_a_proof_that_cannot_pass():
    for mindspore in MINDSPORE:
        found = resolver.resolve(DATA, {"mindspore": mindspore}, HOST)
        stack = found["stack"]
        if stack is None:
            continue
        chosen = {name: (stack[name] or {}).get("version") for name in ("mindspore", "mindformers")}
        if stack["inference"] is None:
            assert not any(can_pass({"engine": e, "model": m}, chosen) for e, m in PASSES), mindspore
            assert any(line.startswith("inference: none, no engine is known") for line in found["why"])
        else:
            assert can_pass(stack["inference"], chosen), mindspore
            assert not (stack["mindformers"] or {}).get("pypi_lacks"), mindspore


@pytest.mark.parametrize(
    ("mindspore", "mindformers", "rung"),
    [
        ("2.4.10", "1.3.2", ("mindformers-pipeline", "gpt2")),
        ("2.5.0", None, ("mindspore-plain", "gpt2")),
        ("2.6.0", "1.5.0", ("mindspore-plain", "gpt2")),
        ("2.7.1", "1.7.0", ("mindformers-pipeline", "llama")),
        ("2.9.0", "1.9.0", ("mindformers-pipeline", "llama")),
        ("2.10.0", None, ("mindspore-plain", "gpt2")),
    ],
)
def test_what_users_get(mindspore, mindformers, rung):
    found = stack_of({"mindspore": mindspore})
    proof = found["stack"]["inference"]
    assert (found["stack"]["mindformers"] or {}).get("version") == mindformers
    assert (proof["engine"], proof["model"], proof["files"]) == (*rung, rung[1])
    (line,) = [line for line in found["why"] if line.startswith("inference ")]
    assert proof["shows"] in line and f"does not show {proof['not_shown']}" in line


def test_a_release_that_pypi_cannot_install_is_not_chosen_and_the_finding_says_what_to_do():
    found = stack_of({"mindspore": "2.10.0"})
    (said,) = [item for item in found["findings"] if item["rule"] == "mindformers-pypi"]
    assert "MindFormers 2.0.0" in said["message"] and "hyper-parallel~=1.0.0" in said["message"]
    assert 'ascend_mindformers_version to "2.0.0"' in said["message"]


def test_a_release_that_pypi_cannot_install_may_be_pinned():
    found = stack_of({"mindspore": "2.10.0", "mindformers": "2.0.0"})
    assert found["stack"]["mindformers"]["pypi_lacks"] == ["hyper-parallel~=1.0.0"]
    assert found["stack"]["inference"]["model"] == "llama"
    assert rules(found) == ["mindformers-pypi"]


def test_a_model_of_the_users_goes_to_the_engine_that_loads_it():
    def planned(model, **pins):
        return stack_of({"model": model, **pins})

    own = planned("qwen_ours", mindspore="2.7.1")["stack"]["inference"]
    assert (own["engine"], own["model"], own["files"]) == ("mindformers-pipeline", "qwen_ours", None)
    dropped = planned("gpt2", mindspore="2.7.1")
    assert dropped["stack"]["inference"]["engine"] == "mindspore-plain"
    assert rules(dropped) == ["model-mindformers"]
    carried = planned("gpt2", mindspore="2.4.10")
    assert carried["stack"]["inference"]["engine"] == "mindformers-pipeline" and not rules(carried)
    nobody = planned("qwen_ours", mindspore="2.5.0")
    assert nobody["stack"]["inference"] is None
    (said,) = [item for item in nobody["findings"] if item["rule"] == "model-mindformers"]
    assert said["severity"] == "error" and "Leave inference_check_model empty" in said["message"]


def proof_step(proof, pins):
    entry = stack_of(pins)["stack"]["inference"]
    facts = {"proofs": {"inference": proof}, "journal": {}}
    return inference.COMPONENT.step(Site(facts, "mindspore", {"mindspore": "x"}), {"inference": entry})


def test_a_stronger_proof_takes_the_place_of_a_weaker_one_and_not_the_other_way_round():
    passed = {"status": "passed", "stack": {"mindspore": "x"}}
    weak = {**passed, "engine": "mindspore-plain", "model": "gpt2"}
    strong = {**passed, "engine": "mindformers-pipeline", "model": "llama"}
    step = proof_step(weak, {"mindspore": "2.7.1"})
    assert inference.COMPONENT.label(step) == "generate text: mindformers-pipeline, llama"
    assert step["why"] == "only mindspore-plain, gpt2 has proven this stack"
    assert proof_step(strong, {"mindspore": "2.7.1"}) is None
    assert proof_step(strong, {"mindspore": "2.10.0"}) is None
    assert proof_step({**strong, "stack": {"mindspore": "y"}}, {"mindspore": "2.7.1"})["why"] == inference.NOTHING
    assert proof_step({**strong, "status": "failed"}, {"mindspore": "2.7.1"}) is not None


def test_a_proof_from_before_proofs_said_their_engine_is_not_made_again():
    old = {"status": "passed", "stack": {"mindspore": "x"}, "model": "gpt2"}
    assert proof_step(old, {"mindspore": "2.4.10"}) is None
    assert proof_step(old, {"mindspore": "2.7.1"}) is not None


def test_a_model_of_the_users_is_not_proven_by_a_rung():
    rung = {"status": "passed", "stack": {"mindspore": "x"}, "engine": "mindformers-pipeline", "model": "llama"}
    assert proof_step(rung, {"mindspore": "2.7.1", "model": "qwen_ours"}) is not None

"""The OM models in the report: of which chip, CANN and checkpoint they are, and whether they are proven."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import models, page, prom, text
from ansible_collections.ascend.fleet.plugins.plugin_utils.schema import Validator
from ansible_collections.ascend.fleet.tests.unit.sample_reports import facts, model, one

SCHEMA = json.loads((Path(__file__).resolve().parents[4] / "docs" / "report.schema.json").read_text(encoding="utf-8"))
ROW = {
    "name": "tiny",
    "path": "/var/lib/ascend-fleet/models/tiny.om",
    "present": True,
    "soc": "Ascend310P3",
    "cann": "8.3.RC1",
    "sha256": "a" * 64,
    "model": "b" * 64,
    "time": "2026-11-22T16:40:00Z",
    "source": {"framework": "torch", "version": "2.7.1", "checkpoint_sha256": "c0ffee" + "0" * 58},
}
ENTRY = {"status": "passed", "reason": None, "sha256": "a" * 64, "latency_ms": {"mean": 0.66}, "throughput": 1503.8}


def host(entry=ENTRY, row=ROW, given=None):
    proofs = {"inference": None, "om": {"status": "passed", "models": {"tiny": entry} if entry else {}}}
    observed = facts(om_models=[row] if row else [], proofs=proofs)
    return {"ascend_facts": observed, **({"om_check_result": given} if given else {})}


def test_a_model_says_what_it_was_made_from():
    [found] = one(**host())["models"]
    assert found == {
        "name": "tiny",
        "soc": "Ascend310P3",
        "cann": "8.3.RC1",
        "sha256": "a" * 64,
        "framework": "torch 2.7.1",
        "checkpoint_sha256": "c0ffee" + "0" * 58,
        "status": "passed",
        "reason": None,
        "latency_ms": 0.66,
        "throughput": 1503.8,
    }
    assert Validator(SCHEMA).problem(found, SCHEMA["$defs"]["model"]) is None


@pytest.mark.parametrize("entry", [None, {**ENTRY, "sha256": "d" * 64}, "passed", {**ENTRY, "status": "skipped"}])
def test_a_proof_of_another_model_proves_nothing_of_this_one(entry):
    [found] = one(**host(entry=entry))["models"]
    assert found["status"] is None


def test_what_this_run_found_counts_more_than_what_was_there():
    refused = {"status": "failed", "reason": "tiny is damaged", "soc": "Ascend310P3", "sha256": "e" * 64, "cann": None}
    [found] = one(**host(given={"status": "failed", "models": {"tiny": refused}}))["models"]
    assert (found["status"], found["reason"], found["sha256"]) == ("failed", "tiny is damaged", "e" * 64)
    assert found["cann"] == "8.3.RC1", "what the run does not say, the record does"


def test_a_model_of_which_nobody_knows_where_it_comes_from():
    row = {**ROW, "source": {"framework": None, "version": None, "checkpoint_sha256": None}}
    record = one(**host(row=row))
    assert record["models"][0]["checkpoint_sha256"] is None and record["models"][0]["framework"] is None
    assert "checkpoint not told, proven" in " ".join(
        models.lines([record], lambda names, _most, _limit, head: [head], 90)
    )


def test_table_metrics_and_page_have_them():
    report = model({"infer-1": host(), "infer-2": host(), "train": {"ascend_facts": facts()}})
    printed = " ".join(text.lines(report))
    assert "model tiny on infer-[1-2]" in printed or "model tiny on infer-1, infer-2" in printed
    assert "Ascend310P3, CANN 8.3.RC1, torch 2.7.1, checkpoint c0ffee000000, proven" in printed
    metrics = prom.render(report)
    labels = 'host="infer-1",model="tiny",soc="Ascend310P3",cann="8.3.RC1",checkpoint="c0ffee' + "0" * 58 + '"'
    assert f"ascend_fleet_model_info{{{labels}}} 1\n" in metrics
    assert 'ascend_fleet_model_proven{host="infer-2",model="tiny"} 1\n' in metrics
    assert "Trained with" in page.render(report)
    assert report["hosts"][2]["models"] == []

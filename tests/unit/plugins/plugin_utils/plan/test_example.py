"""inventories/example, unchanged but for the release, on a bare 910b host: an official stack, a proof it can give."""

from pathlib import Path

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired, steps
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes

EXAMPLE = Path(__file__).resolve().parents[5] / "inventories" / "example" / "group_vars" / "npu.yml"


@pytest.mark.parametrize(
    ("mindspore", "mindformers", "cann", "proof"),
    [
        (None, "1.7.0", "8.3.RC1", "generate text: mindformers-pipeline, llama"),
        ("2.4.10", "1.3.2", "8.0.0", "generate text: mindformers-pipeline, gpt2"),
        ("2.7.1", "1.7.0", "8.3.RC1", "generate text: mindformers-pipeline, llama"),
        ("2.9.0", "1.9.0", "9.0.0", "generate text: mindformers-pipeline, llama"),
        ("2.10.0", None, "9.1.0", "generate text: mindspore-plain, gpt2"),
    ],
)
def test_the_example_plans_a_proof_it_can_give(tables, facts, tmp_path, mindspore, mindformers, cann, proof):
    wishes = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    wishes.update(ascend_artifacts=str(tmp_path), ascend_device_target="CPU")
    wishes["ascend_accept_findings"] = ["device-target-cpu"]
    if mindspore:
        wishes["ascend_mindspore_version"] = mindspore
    values, problems = desired.read(wishes)
    for part in ("driver", "firmware"):
        facts[part].update(installed=None, loaded=None)
    facts.update(cann=[], environments=[], proofs={"inference": None})
    facts["tools"]["pythons"] = ["3.11"]
    plan = Planner().plan("npu-01", {"ansible_facts": {"ascend": facts}}, Wishes(values, tables, problems))
    assert plan["stack"], plan["findings"]
    assert (plan["stack"]["mindformers"] or {}).get("version") == mindformers
    assert plan["stack"]["cann"]["version"] == cann
    assert steps.describe(plan["steps"][-1]) == proof
    assert plan["stack"]["python"]["version"] in facts["tools"]["pythons"]
    errors = {row["rule"] for row in plan["findings"] if row["severity"] == "error" and not row["accepted"]}
    assert errors == {"artifact-missing"}, "the packages are all that is lacking"


def test_a_python_that_the_host_lacks_is_refused_before_it_is_touched(tables, facts, tmp_path):
    values, problems = desired.read({"ascend_mindspore_version": "2.7.1", "ascend_artifacts": str(tmp_path)})
    facts.update(environments=[])
    facts["tools"]["pythons"] = ["3.7"]
    plan = Planner().plan("npu-01", {"ansible_facts": {"ascend": facts}}, Wishes(values, tables, problems))
    (told,) = [row["message"] for row in plan["findings"] if row["rule"] == "python-missing"]
    assert "Python 3.11" in told and "3.7 to make it with" in told and plan["status"] == "refused"
    with_uv, _none = desired.read({"ascend_mindspore_version": "2.7.1", "ascend_env_provider": "uv"})
    plan = Planner().plan("npu-01", {"ansible_facts": {"ascend": facts}}, Wishes(with_uv, tables, problems))
    assert "python-missing" not in {row["rule"] for row in plan["findings"]}

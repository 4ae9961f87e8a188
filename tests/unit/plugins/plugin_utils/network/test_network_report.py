# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network's verdict and the bandwidth in the report: by the schema, on screen and page, in the exit code."""

import json
from pathlib import Path

import jsonschema
import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import bandwidth
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import page, text
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.model import failures
from ansible_collections.ascend.fleet.tests.unit.sample_reports import facts, model
from small_fabric import LIMITS, Fabric

ROOT = Path(__file__).resolve().parents[5]
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def report():
    fabric = Fabric(hosts=4)
    fabric.walled.add("npu-03")
    runs = [
        bandwidth.measured(f"npu-0{n}", "910b", 8, {"available": True, "gb_s": speed, "bytes": 1 << 30})
        for n, speed in enumerate((160.0, 90.0, 161.0), 1)
    ] + [bandwidth.measured("npu-04", "910b", 8, {"available": False, "reason": "No toolkit.", "fix": "Install it."})]
    measured = bandwidth.verdict(runs, LIMITS[bandwidth.MEASURE], {}, {("npu-01", "910b x 8"): [150.0, 151.5]})
    hosts = {f"npu-0{n}": {"ascend_facts": facts(), "ascend_plan": {"status": "converged"}} for n in range(1, 5)}
    return model(hosts, network=fabric.verdict(), bandwidth=measured)


def test_it_fits_the_schema(report):
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(report, allow_nan=False)))
    plain = model({"a": {}})
    assert plain["network"] is None and plain["bandwidth"] is None
    jsonschema.Draft202012Validator(SCHEMA).validate(plain)


def test_the_run_fails_for_the_hosts_that_are_to_blame(report):
    told = failures(report)
    assert set(told) == {"npu-02", "npu-03"}
    assert told["npu-03"].startswith("network: host npu-03: ") and told["npu-02"].startswith("bandwidth: ")


def test_it_is_on_the_screen(report):
    lines = text.lines(report)
    assert max(map(len, lines)) <= text.WIDTH
    assert any(line.startswith("ALARM: host npu-03: No chip of another host reaches") for line in lines)
    assert any(line.startswith("ALARM: npu-02: The host is slower") for line in lines)
    assert "not measured: npu-04: No toolkit." in lines


def test_it_is_on_the_page(report):
    html = page.render(report, text.lines(report))
    assert 'id="network"' in html and 'id="bandwidth"' in html and "host npu-03" in html

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms a report takes: page, metrics, table."""

import base64
import functools
import hashlib
import html
import json
import re

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import page, prom, text
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.collect import collect
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.model import build
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import text as screen
from prometheus_client.parser import text_string_to_metric_families

from tests.report import samples

NASTY = '</script><script>window.hacked = 1</script><!-- "quoted" \\ back\nline \u2028 \x1b[31m 北京'


@functools.cache
def sample(size):
    return samples.report(size)


def nasty_report():
    hosts = {
        NASTY: {
            "rollout_outcome": {"status": "failed", "failed_step": NASTY, "message": NASTY, "fix": NASTY},
            "ascend_plan": {"findings": [{"rule": NASTY, "severity": "error", "message": NASTY}]},
            "inference_check_result": {"text": NASTY, "status": "passed"},
            "ascend_facts": {
                "driver": {"installed": NASTY},
                "npu": {"available": True, "chips": [{"name": NASTY, "health": NASTY}] * 2},
            },
        }
    }
    return build(collect(hosts, hosts), NASTY, "2026-11-22T16:30:00Z", NASTY)


def data_of(rendered):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', rendered, re.S).group(1))


@pytest.mark.parametrize("size", [4, 100])
def test_page_holds_the_whole_report(size):
    report = sample(size)
    data = data_of(page.render(report))
    assert [host["name"] for host in data["hosts"]] == [host["name"] for host in report["hosts"]]
    assert data["summary"] == report["summary"]
    first = data["hosts"][0]
    assert data["pools"]["versions"][first["versions"]] == report["hosts"][0]["versions"]
    assert len(first["chips"]) == len(report["hosts"][0]["chips"])


def test_page_is_self_contained():
    rendered = page.render(sample(4))
    outside = re.sub(r'<script type="application/json".*?</script>', "", rendered, flags=re.S)
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', outside) == []
    assert set(re.findall(r"https?://[^\"' )]+", outside)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in outside and "url(" not in outside
    assert not re.search(r"\son\w+=\"", outside), "no inline event handlers"
    assert "innerHTML" not in outside and "eval(" not in outside


def test_content_security_policy_names_exactly_the_style_and_the_script():
    rendered = page.render(sample(4))
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', rendered).group(1))
    for tag, inside in (("style", "<style>(.*?)</style>"), ("script", "<script>(.*?)</script>")):
        digest = base64.b64encode(hashlib.sha256(re.search(inside, rendered, re.S).group(1).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_nothing_in_the_data_ends_the_script_element():
    report = nasty_report()
    rendered = page.render(report, text.lines(report))
    assert rendered.count("<script") == 2
    assert "window.hacked = 1</script>" not in rendered
    assert data_of(rendered)["hosts"][0]["name"] == NASTY


def test_a_title_is_not_a_template():
    report = sample(4)
    rendered = page.render({**report, "title": "{{data}} {{script}}"})
    assert "<title>{{data}} {{script}}</title>" in rendered


def test_pages_of_large_fleets_stay_small():
    assert len(page.render(sample(1000))) < 1_500_000


def families(report):
    return {family.name: family for family in text_string_to_metric_families(prom.render(report))}


def test_metrics_of_the_demo_fleet():
    found = families(sample(4))
    drivers = {series.labels["host"]: series.labels["version"] for series in found["ascend_fleet_driver_info"].samples}
    assert drivers == dict.fromkeys(["train-910", "train-a2", "infer-310p", "guest"], "25.3.rc1")
    assert {s.labels["product"] for s in found["ascend_fleet_cann_info"].samples} == {"nnae", "nnrt"}
    assert len(found["ascend_fleet_firmware_info"].samples) == 3
    assert sum(series.value for series in found["ascend_fleet_chip_health"].samples) == 28
    assert [series.value for series in found["ascend_fleet_needs_reboot"].samples] == [0] * 4
    assert [series.value for series in found["ascend_fleet_compatible"].samples] == [1] * 4
    assert len(found["ascend_fleet_inference_tokens_per_second"].samples) == 3
    assert found["ascend_fleet_report_timestamp_seconds"].samples[0].value == 1795365000
    assert all(family.type == "gauge" and family.documentation for family in found.values())


def test_each_host_has_one_status():
    found = families(sample(100))
    by_host = {}
    for series in found["ascend_fleet_host_status"].samples:
        by_host.setdefault(series.labels["host"], []).append(series.value)
    assert len(by_host) == 100
    assert all(sum(values) == 1 for values in by_host.values())


def test_series_are_unique_and_labels_escaped():
    found = families(nasty_report())
    for family in found.values():
        keys = [(series.name, tuple(sorted(series.labels.items()))) for series in family.samples]
        assert len(keys) == len(set(keys))
    label = found["ascend_fleet_host_status"].samples[0].labels["host"]
    assert label == NASTY.replace("\x1b", " ")


@pytest.mark.parametrize("size", [4, 21, 100, 1000])
@pytest.mark.parametrize("limit", [60, 100])
def test_table_fits(size, limit):
    report = sample(size)
    lines = text.lines(report, limit)
    assert max(map(screen.width, lines)) <= limit
    assert len(lines) < 160
    assert all(line == line.rstrip() for line in lines)


def test_table_of_few_hosts_names_them_all():
    lines = text.lines(sample(4))
    for name in ("train-910", "train-a2", "infer-310p", "guest"):
        assert any(line.startswith(name) for line in lines)
    assert "4 hosts: 4 converged. 4 changed in this run. 28 chips: 28 ok." in lines
    assert "Second run: changed=0, installers_started=0, bytes_sent=0" in lines
    assert any("I love Beijing" in line for line in lines)


def test_table_of_many_hosts_counts_them_all():
    lines = text.lines(sample(1000))
    rows = [re.match(r"(\d+) +(?:[a-z ]+\d x|unreachable)", line) for line in lines]
    assert sum(int(row.group(1)) for row in rows if row) == 1000


def test_table_is_safe_to_print():
    for line in text.lines(nasty_report()):
        assert "\x1b" not in line and "\n" not in line

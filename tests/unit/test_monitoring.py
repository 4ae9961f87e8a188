"""The scrape file and the dashboard of roles/npu_exporter name what exists; Prometheus reads the first."""

import json
import re
import shutil
import subprocess

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import unit

from tests.support.paths import ROOT

FILES = ROOT / "roles" / "npu_exporter" / "files"
# github:Ascend/mind-cluster @22bb3d98, docs/zh/scheduling/06_api/00_npu_exporter.
EXPORTED = {
    *("machine_npu_nums", "machine_unhealthy_npu_nums"),
    *(
        f"npu_chip_info_{name}"
        for name in (
            *("utilization", "hbm_used_memory", "temperature", "power", "bandwidth_rx", "bandwidth_tx"),
            *("link_status", "health_status"),
        )
    ),
}
_NAME = re.compile(r"\b(?:machine|npu|ascend_fleet)_[a-z_]+")


def dashboard():
    return json.loads((FILES / "grafana.json").read_text())


def test_the_dashboard_asks_for_what_exporter_and_report_have():
    page = (ROOT / "docs" / "report.md").read_text()
    asked = {name for panel in dashboard()["panels"] for row in panel["targets"] for name in _NAME.findall(row["expr"])}
    reported = {name for name in asked if name.startswith("ascend_fleet_")}
    assert asked - reported <= EXPORTED and reported
    assert all(f"`{name}`" in page for name in reported)


def test_its_panels_have_a_place_each():
    places = [panel["gridPos"] for panel in dashboard()["panels"]]
    cells = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _y in cells) < 24
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(places)


def test_the_scrape_file_is_for_the_port_that_is_the_default():
    jobs = {job["job_name"]: job for job in yaml.safe_load((FILES / "prometheus.yml").read_text())["scrape_configs"]}
    assert jobs["npu-exporter"]["static_configs"] == [{"targets": [f"{unit.ADDRESS}:{unit.PORT}"]}]


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian package prometheus) is not installed")
def test_prometheus_own_tool_takes_the_scrape_file():
    done = subprocess.run(
        ["promtool", "check", "config", str(FILES / "prometheus.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

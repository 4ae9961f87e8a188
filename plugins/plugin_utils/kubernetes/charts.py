# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values for MindCluster's own Helm charts, and all that an installation without a network has to bring. Pure.

Source: github:Ascend/mind-cluster, helm-deploy-tool (app/values.yaml, app-crds/values.yaml, README).
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

# The first release with charts.
SINCE = "26.1.0"
REGISTRY = "swr.cn-south-1.myhuaweicloud.com/ascendhub"
VOLCANO = "v1.9.0"
_SYSTEM = "openeuler24.03"
_HEAD = "# Made by ascend.fleet.kubernetes from the observed hosts, for MindCluster {release}.\n"


def has_charts(release: str) -> bool:
    """Whether a release comes with charts; an older one is applied by its YAML files."""
    return versions.compare(release, SINCE) >= 0


def tag(row: dict[str, Any], release: str) -> str:
    """The tag of a chart's images."""
    return f"{VOLCANO + '-' if row.get('volcano') else ''}v{release}-{_SYSTEM}"


def enabled(catalog: Catalog, volcano: bool, exporter: bool) -> dict[str, bool]:
    """{chart: whether it is installed}.

    Args:
        volcano: whether Volcano schedules.
        exporter: whether the cluster brings the exporter; not where every host has it as a service.
    """
    wanted = {"ascend-for-volcano": volcano, "npu-exporter": exporter}
    rows = catalog["kubernetes_charts"]
    return {row["kubernetes_chart"]: wanted.get(row["kubernetes_chart"], not row.get("off")) for row in rows}


def app(catalog: Catalog, release: str, registry: str, on: dict[str, bool], soc: bool) -> dict[str, Any]:
    """The values of mindcluster-deploy-tool.

    Args:
        on: of enabled().
        soc: whether the workers are Atlas 200I SoC A1 boards, for which charts have a switch.
    """
    result: dict[str, Any] = {}
    for row in catalog["kubernetes_charts"]:
        name = row["kubernetes_chart"]
        part: dict[str, Any] = {"enabled": on[name]}
        for path, image in row["images"].items():
            place, keys = part, path.split(".")
            for key in keys[:-1]:
                place = place.setdefault(key, {})
            place[keys[-1]] = {
                "repository": f"{registry}/{image}",
                "tag": tag(row, release),
                "pullPolicy": "IfNotPresent",
            }
        if row.get("volcano"):
            part["volcanoVersion"] = VOLCANO
        if name in ("npu-exporter", "ascend-device-plugin"):
            part["is310P1usoc"] = soc
        if name == "ascend-device-plugin":
            part["volcanoType"] = on["ascend-for-volcano"]
        result[name] = part
    return result


def crds(catalog: Catalog, on: dict[str, bool]) -> dict[str, Any]:
    """The values of mindcluster-crds-deploy-tool."""
    result: dict[str, Any] = {}
    for row in catalog["kubernetes_charts"]:
        if row.get("crds"):
            part: dict[str, Any] = {"enabled": on[row["kubernetes_chart"]]}
            if row.get("volcano"):
                part["volcanoVersion"] = VOLCANO
            result[f"{row['kubernetes_chart']}-crds"] = part
    return result


def images(catalog: Catalog, release: str, registry: str, on: dict[str, bool]) -> list[str]:
    """The images that the charts which are on will pull."""
    rows = [row for row in catalog["kubernetes_charts"] if on[row["kubernetes_chart"]]]
    return sorted(f"{registry}/{image}:{tag(row, release)}" for row in rows for image in row["images"].values())


def files(catalog: Catalog, release: str, arches: list[str], on: dict[str, bool]) -> list[str]:
    """The vendor's files that an installation without a network takes beside the images."""
    if has_charts(release):
        return [f"Ascend-helm-deploy-tool_{release}_linux.zip"]
    rows = [row for row in catalog["kubernetes_charts"] if on[row["kubernetes_chart"]]]
    return sorted(f"Ascend-mindxdl-{row['zip']}_{release}_linux-{arch}.zip" for row in rows for arch in arches)


def text(data: dict[str, Any], release: str) -> str:
    """Values as the text of a YAML file, in their own order."""
    return _HEAD.format(release=release) + "\n".join(_lines(data, "")) + "\n"


def _lines(data: dict[str, Any], indent: str) -> list[str]:
    lines = []
    for key, value in data.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {json.dumps(value)}")
    return lines

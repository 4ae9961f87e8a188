# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over to Kubernetes: files for whoever runs the cluster, and what is to be said of the hosts. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import mindcluster, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.kubernetes import charts, checks, nodes
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Finding

LABELS, APP, CRDS, IMAGES, PAGE = "labels.sh", "values.yaml", "crds-values.yaml", "images.txt", "handover.md"


@dataclass(frozen=True)
class Wishes:
    """What the user says. release: of MindCluster, None for the best. control: names of the control nodes."""

    release: str | None = None
    registry: str = charts.REGISTRY
    control: tuple[str, ...] = ()
    volcano: bool = True


@dataclass
class Handover:
    """files: name -> text. hosts: name -> what is to be said of it. fleet: of all together."""

    release: str
    files: dict[str, str] = field(default_factory=dict)
    hosts: dict[str, list[Finding]] = field(default_factory=dict)
    fleet: list[Finding] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing stands against an installation."""
        said = [*self.fleet, *(one for found in self.hosts.values() for one in found)]
        return not any(one["severity"] == "error" for one in said)


def make(catalog: Catalog, hosts: list[nodes.Node], wishes: Wishes) -> Handover:
    """All of it, for the observed hosts.

    Args:
        catalog: plugin_utils.catalog.load().
        hosts: every host of the run, observed or not.
        wishes: what the user says.
    """
    seen = [one for one in hosts if not one.error]
    release = wishes.release or _release(catalog, seen)
    on = charts.enabled(catalog, wishes.volcano, not (seen and all(_has_exporter(one) for one in seen)))
    result = Handover(release)
    result.hosts = {one.name: checks.judge(catalog, one, release) for one in hosts}
    result.fleet = checks.of_all(hosts)
    workers = [one for one in seen if not nodes.name_problem(one.node)]
    result.files[LABELS] = nodes.commands(catalog, workers, wishes.control)
    images = charts.images(catalog, release, wishes.registry, on)
    if charts.has_charts(release):
        soc = bool(seen) and all(values.part(one.facts, "accelerators").get("variant") == "soc" for one in seen)
        result.files[APP] = charts.text(charts.app(catalog, release, wishes.registry, on, soc), release)
        result.files[CRDS] = charts.text(charts.crds(catalog, on), release)
        result.files[IMAGES] = "\n".join(images) + "\n"
    result.files[PAGE] = _page(catalog, result, workers, wishes, on)
    result.lines = _lines(result, len(workers))
    return result


def _release(catalog: Catalog, hosts: list[nodes.Node]) -> str:
    """The newest release that lists the drivers of most hosts."""
    best = [
        mindcluster.ordered(catalog, values.text(values.part(one.facts, "driver").get("installed")), None, one.family)[
            0
        ]
        for one in hosts
    ]
    newest = mindcluster.ordered(catalog, None, None, None)
    return max(newest, key=best.count)


def _has_exporter(host: nodes.Node) -> bool:
    return bool(values.part(host.facts, "npu_exporter").get("ours"))


def _arches(hosts: list[nodes.Node]) -> list[str]:
    return sorted({str(one.facts.get("arch")) for one in hosts if one.facts.get("arch")})


def _page(catalog: Catalog, found: Handover, workers: list[nodes.Node], wishes: Wishes, on: dict[str, bool]) -> str:
    """The page for whoever runs the cluster."""
    release, lines = found.release, [f"# MindCluster {found.release} on {len(workers)} nodes", ""]
    lines += ["Made by ascend.fleet.kubernetes from the observed hosts. No cluster was touched.", "", "## Hosts", ""]
    lines += ["| host | node | chips | driver |", "|---|---|---|---|"]
    for one in sorted(workers, key=lambda one: one.node):
        driver = values.part(one.facts, "driver").get("installed") or "none"
        lines.append(f"| {clean(one.name)} | {one.node} | {one.chips} x {one.family or '?'} | {clean(str(driver))} |")
    lines += ["", *_said(found), "## To bring along", ""]
    lines += [f"- `{name}`" for name in charts.files(catalog, release, _arches(workers), on)]
    if charts.has_charts(release):
        lines += [f"- the images of `{IMAGES}`; a registry of the site is named with ascend_kubernetes_registry"]
        lines += ["- what the charts pull themselves, as Helm says it without a cluster:"]
        lines += [f"  `helm template mindcluster mindcluster-deploy-tool-{release}.tgz -f {APP} | grep image:`"]
    lines += [
        "",
        "Kubernetes 1.19 to 1.34, Helm 3. Every node takes images for its own architecture: "
        + ", ".join(_arches(workers))
        + ".",
    ]
    lines += ["", "## In this order", ""]
    lines += [
        f"1. `sh {LABELS}`"
        + ("" if wishes.control else " (ascend_kubernetes_control names the control nodes; none is)")
    ]
    if charts.has_charts(release):
        lines += [
            f"2. `helm install mindcluster-crds mindcluster-crds-deploy-tool-{release}.tgz -f {CRDS}`",
            f"3. `helm install mindcluster mindcluster-deploy-tool-{release}.tgz -f {APP}`",
        ]
    else:
        lines += [
            f"2. Charts came with {charts.SINCE}: unpack the zips, build the image of each from its Dockerfile, and",
            f"   `kubectl apply -f <component>-v{release}.yaml`, the device plugin first.",
        ]
    if not on["npu-exporter"]:
        lines += ["", "The NPU exporter is off: every host has it as a service already."]
    lines += ["", "## Then", "", "`kubectl describe node` shows as Capacity and Allocatable:", ""]
    for node, chips in nodes.resources(catalog, workers).items():
        lines += [f"- {node}: " + ", ".join(f"`{name}: {count}`" for name, count in chips.items())]
    return "\n".join(lines) + "\n"


def _said(found: Handover) -> list[str]:
    rows = [("fleet", one) for one in found.fleet] + [(host, one) for host, said in found.hosts.items() for one in said]
    lines = [f"- {one['severity']}, {clean(host)}: {clean(one['message'])}" for host, one in rows]
    return ["## What stands against it", "", *lines, ""] if lines else []


def _lines(found: Handover, workers: int) -> list[str]:
    """What the screen shows."""
    lines = [
        f"MindCluster {found.release}: {workers} of {len(found.hosts)} hosts are described in "
        + ", ".join(sorted(found.files))
    ]
    grouped: dict[tuple[str, str], list[str]] = {}
    for host, said in found.hosts.items():
        for one in said:
            grouped.setdefault((one["severity"], one["message"]), []).append(host)
    for one in found.fleet:
        lines.append(f"{one['severity']}: {clean(one['message'])}")
    for (severity, message), names in sorted(grouped.items()):
        lines.append(f"{severity}: {clean(', '.join(names))}: {clean(message)}")
    return lines


def as_data(found: Handover) -> dict[str, Any]:
    """What the action returns of it."""
    return {"release": found.release, "hosts": found.hosts, "fleet": found.fleet, "ascend_lines": found.lines}

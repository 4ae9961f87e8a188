# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster has to know of its nodes: their labels, and the chips that the device plugin will report. Pure.

Source: github:Ascend/mind-cluster @22bb3d98, docs (k8s native object description) and hiascend.com.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import values
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

CONTROL = {"masterselector": "dls-master-node"}
_WORKER = {
    "node-role.kubernetes.io/worker": "worker",
    "workerselector": "dls-worker-node",
    "nodeDEnable": "on",
}
_ARCH = {"aarch64": "huawei-arm", "x86_64": "huawei-x86"}
# A name of a node is a DNS subdomain (RFC 1123).
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\Z")


@dataclass(frozen=True)
class Node:
    """One observed host. name: of the inventory. node: what the cluster calls it. seen: by kubernetes_probe."""

    name: str
    node: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None  # why nothing is known of it

    @property
    def chips(self) -> int:
        return int(values.part(self.facts, "accelerators").get("count") or 0)

    @property
    def family(self) -> str | None:
        return values.text(values.part(self.facts, "accelerators").get("family"))


def called(host: str, facts: Mapping[str, Any], variable: str | None) -> str:
    """What the cluster calls a host: as the variable says, else its own name in lower case, as kubelet does."""
    return str(variable or facts.get("hostname") or host).lower()


def name_problem(node: str) -> str | None:
    """Why no node can have this name, or None."""
    return None if _NAME.match(node) else "it takes small letters, digits, hyphens and dots, at most 253 of them"


def row(catalog: Catalog, node: Node) -> dict[str, Any] | None:
    """The row of the catalog for a host's chips, or None."""
    has = values.part(node.facts, "accelerators")
    for found in catalog["kubernetes_nodes"]:
        fits = (
            found["chip"] == node.family,
            found.get("chips") in (None, node.chips),
            found.get("product") in (None, has.get("product")),
            found.get("variant") in (None, has.get("variant")),
        )
        if all(fits):
            return found
    return None


def labels(catalog: Catalog, node: Node) -> dict[str, str]:
    """The labels of a worker, in the order of the guide; {} where no row of the catalog knows its chips."""
    found = row(catalog, node)
    arch = _ARCH.get(str(node.facts.get("arch")))
    if found is None or arch is None:
        return {}
    return {**_WORKER, "host-arch": arch, **found["labels"]}


def commands(catalog: Catalog, workers: Iterable[Node], control: Iterable[str]) -> str:
    """The commands that label the nodes, as a shell script. A label that is right already is left as it is."""
    lines = [
        "#!/bin/sh",
        "# Made by ascend.fleet.kubernetes from the observed hosts. Run it where kubectl reaches the cluster.",
        "set -eu",
    ]
    lines += [_command(node, CONTROL) for node in sorted(set(control))]
    found = {worker.node: labels(catalog, worker) for worker in workers}
    lines += [_command(node, pairs) for node, pairs in sorted(found.items()) if pairs]
    return "\n".join(lines) + "\n"


def _command(node: str, pairs: Mapping[str, str]) -> str:
    words = [shlex.quote(f"{key}={value}") for key, value in pairs.items()]
    return " ".join(["kubectl label --overwrite node", shlex.quote(node), *words])


def resources(catalog: Catalog, workers: Iterable[Node]) -> dict[str, dict[str, int]]:
    """{node: {resource: chips}}, what kubectl describe node shows once the device plugin runs."""
    rows = {worker.node: (row(catalog, worker), worker.chips) for worker in workers}
    return {node: {found["resource"]: count} for node, (found, count) in sorted(rows.items()) if found and count}

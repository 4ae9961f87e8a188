# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remarks on the operating system's settings that Ascend's documents ask for. See rules.py.

They take the facts with the probe's answer beside them, as facts["probe"]. None of them keeps a chip from working.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.host import tuning
from ansible_collections.ascend.fleet.plugins.plugin_utils import values
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.hardware import concerned
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.rule import HIDDEN, rule
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts

# HCCL_IF_BASE_PORT's default and the 31 ports behind it (HCCL documentation, HCCL_IF_BASE_PORT).
HCCL_PORTS = (60000, 60031)
_FILES = 65535
_VLLM = "vllm-ascend optimization_and_tuning.md"


def _seen(facts: Facts) -> dict[str, Any]:
    return values.part(facts["probe"], "tuning") if concerned(facts) else {}


def _sysctl(facts: Facts, name: str) -> str | None:
    return values.text(values.part(_seen(facts), "sysctl").get(tuning.SYSCTL[name]))


def _governor(facts: Facts) -> str | None:
    others = {name: count for name, count in values.part(_seen(facts), "governors").items() if name != "performance"}
    return ", ".join(f"{count} CPUs with {name}" for name, count in sorted(others.items()))


def _memory(facts: Facts) -> str | None:
    found = []
    swappiness, balancing = _sysctl(facts, "swappiness"), _sysctl(facts, "numa_balancing")
    if swappiness and swappiness.isdigit() and int(swappiness) > 1:
        found.append(f"vm.swappiness is {swappiness}")
    if balancing == "1":
        found.append("kernel.numa_balancing is 1")
    return ", ".join(found)


def _hugepages(facts: Facts) -> str | None:
    value = values.text(_seen(facts).get("transparent_hugepages"))
    return f"{tuning.THP} says {value}" if value and value != "always" else None


def _limits(facts: Facts) -> str | None:
    limits = values.part(_seen(facts), "limits")
    files = values.part(limits, "nofile").get("hard")
    memory = values.part(limits, "memlock").get("hard")
    found = []
    if isinstance(files, int) and files < _FILES:
        found.append(f"a session may have {files} files open at most")
    if isinstance(memory, int):
        found.append(f"a session may lock {memory // 1024} KiB of memory at most")
    return ", ".join(found)


def _ports(facts: Facts) -> str | None:
    reserved = values.part(_seen(facts), "sysctl").get(tuning.SYSCTL["reserved_ports"])
    given = values.text(_seen(facts).get("port_range"))
    if reserved is None or not given or facts["accelerators"]["count"] < 2:
        return None
    try:
        pairs = tuning.ports(str(reserved))
        first, last = (int(word) for word in given.split())
    except ValueError:
        return None
    free = [
        port
        for port in range(HCCL_PORTS[0], HCCL_PORTS[1] + 1)
        if first <= port <= last and not any(low <= port <= high for low, high in pairs)
    ]
    return f"clients get ports {first}-{last}, of which {free[0]}-{free[-1]} are HCCL's" if free else None


def _iommu(facts: Facts) -> str | None:
    if facts["host_kind"] != "physical":
        return None
    rows = [row for row in values.rows(_seen(facts), "accelerators") if str(row["iommu"]).startswith("DMA")]
    return ", ".join(f"{row['address']} ({row['iommu']})" for row in rows)


def _numa(facts: Facts) -> str | None:
    seen = _seen(facts)
    lost = [row["address"] for row in values.rows(seen, "accelerators") if row["numa_node"] is None]
    if not lost or seen["numa_nodes"] < 2:
        return None
    return f"{seen['numa_nodes']} NUMA nodes, none named for {', '.join(lost)}"


RULES = (
    rule(
        "cpu-governor",
        "info",
        _governor,
        "CPUs do not run at their full frequency; serving is slower for it.",
        "Set governor: performance in ascend_host_tuning, or cpupower -c all frequency-set -g performance.",
        f"{_VLLM} 4.1; MindIE 2.3.0",
        HIDDEN,
    ),
    rule(
        "memory-settings",
        "info",
        _memory,
        "The kernel swaps, or moves memory between NUMA nodes, under a running model.",
        "Set swappiness: 0 and numa_balancing: false in ascend_host_tuning.",
        f"{_VLLM} 4.2, 4.3",
        HIDDEN,
    ),
    rule(
        "transparent-hugepages",
        "info",
        _hugepages,
        "Transparent huge pages are not always used; MindIE is steadier with them.",
        "Set transparent_hugepages: always in ascend_host_tuning; leave them as they are on hosts of virtual machines.",
        "MindIE documentation",
        HIDDEN,
    ),
    rule(
        "limits-low",
        "info",
        _limits,
        "Jobs of many ranks may run into the limits of a session.",
        "Set open_files: 65535 and locked_memory: unlimited in ascend_host_tuning; services need LimitNOFILE and "
        "LimitMEMLOCK of their units.",
        "MindIE and training guides (ulimit -n 65535)",
        HIDDEN,
    ),
    rule(
        "hccl-ports-open",
        "info",
        _ports,
        "A client's socket may take a port that HCCL listens at (EI0019).",
        "Set reserved_ports: 60000-60031 in ascend_host_tuning, or the range that HCCL_IF_BASE_PORT leads to.",
        "HCCL documentation, HCCL_IF_BASE_PORT",
        HIDDEN,
    ),
    rule(
        "iommu-translates",
        "info",
        _iommu,
        "The IOMMU translates what these NPUs read and write; on bare metal that costs time.",
        "Boot with iommu.passthrough=1 (aarch64) or iommu=pt (x86_64), or switch the SMMU off in the BIOS where no "
        "virtual machine gets a card.",
        "vendor server guides",
        HIDDEN,
    ),
    rule(
        "numa-unknown",
        "info",
        _numa,
        "The firmware does not say which NUMA node an NPU is at; processes cannot be bound beside it.",
        "Switch NUMA on in the BIOS, or update it; until then bind by the topology that npu-smi info -t topo shows.",
        "vllm-ascend cpu_binding.md",
        HIDDEN,
    ),
)

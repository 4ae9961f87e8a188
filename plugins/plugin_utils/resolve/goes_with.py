# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a driver or a CANN release leaves open: which CANN a driver takes, and what else goes with a CANN, in words."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import filenames
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import host as host_rules
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import pairing
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row, torch_pairs
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

WORDS = {
    "published": "published as a pair",
    "listed": "accepted by the vendor's own lists",
    "reported": "users report that it works",
}
_RANK = {"published": 0, "listed": 1, "reported": 2}
PYPI = {"torch": "torch", "torch_npu": "torch-npu", "vllm_ascend": "vllm-ascend", "vllm": "vllm"}


def canns_of_driver(
    catalog: Catalog, driver: str, host: dict[str, Any], installed: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Every CANN release that is acceptable on a driver, the newest first.

    Each: cann, status (a key of WORDS), doubt (what speaks against it, or ""), and what with_cann says of it.
    """
    found = []
    for row in catalog["cann"]:
        case = Case(catalog, {"cann": row["cann"], "driver": driver}, host, installed)
        verdict = pairing.verdict(case)
        host_rules.cann_chip(case)
        if verdict.acceptable and not any(item["severity"] == "error" for item in case.findings):
            against = "" if verdict.status == "published" else " and ".join(verdict.against)
            entry = {"cann": row["cann"], "status": verdict.status, "doubt": verdict.doubt or against}
            found.append({**entry, **with_cann(catalog, row["cann"])})
    return sorted(found, key=lambda item: versions.key(item["cann"]), reverse=True)


def with_cann(catalog: Catalog, cann: str) -> dict[str, list[str]]:
    """What documents name for a CANN release.

    torch ("2.7.1 with torch_npu 2.7.1"), mindspore, vllm_ascend, mindie: versions, the newest first; empty lists
    where no document names any.
    """
    row = find_row(catalog, "cann", cann)
    name = row["cann"] if row else cann
    torch: dict[str, str] = {}
    for item, base, plugin in torch_pairs(catalog):
        if versions.same(item["cann"], name):
            torch.setdefault(base, plugin)
    mindspore = [
        item["mindspore"] for item in catalog["mindspore"] if any(versions.same(name, one) for one in item["cann"])
    ]
    engines = {
        table: [item[table] for item in catalog[table] if versions.same(item["cann"], name)]
        for table in ("vllm_ascend", "mindie")
    }
    return {
        "torch": [f"{base} with torch_npu {torch[base]}" for base in sorted(torch, key=versions.key, reverse=True)],
        "mindspore": sorted(mindspore, key=versions.key, reverse=True),
        **{table: sorted(found, key=versions.key, reverse=True) for table, found in engines.items()},
    }


def lines_of_driver(driver: str, chip: str | None, found: list[dict[str, Any]]) -> list[str]:
    """What a driver that stays leaves to choose, as text: one CANN release a paragraph."""
    if not found:
        return [f"no CANN release is known to run on driver {driver}"]
    lines = [f"driver {driver} stays: what may be installed on it{f' (chip {chip})' if chip else ''}"]
    for item in found:
        lines.append(f"  CANN {item['cann']:<13} {WORDS[item['status']]}")
        if item["doubt"]:
            lines.append(f"      but {item['doubt']}: try it on one host first")
        lines += [f"      {line}" for line in _frameworks(item)]
    return lines


def lines_of_cann(cann: str, found: dict[str, list[str]]) -> list[str]:
    """What goes with a CANN release, as text."""
    return [
        f"what goes with CANN {cann}",
        *(f"  {line}" for line in _frameworks(found) or ["no document names anything"]),
    ]


def _frameworks(found: dict[str, Any]) -> list[str]:
    titles = {"torch": "torch", "mindspore": "MindSpore", "vllm_ascend": "vLLM Ascend", "mindie": "MindIE"}
    return [f"{title} {', '.join(found[name])}" for name, title in titles.items() if found[name]]


def packages(catalog: Catalog, named: dict[str, str], cann: str | None, arch: str) -> list[str]:
    """What is installed by hand beside the stack, as text: NNAL with its file, Python packages with pins."""
    lines = []
    serving = {"vllm_ascend", "mindie", "nnal"} & set(named)
    row = find_row(catalog, "cann", cann) if cann else None
    if row is not None and cann and "nnal" in row["products"] and (serving or "torch_npu" in named):
        name = filenames.name_or_none("nnal", cann, None, arch, catalog["filenames"])
        need = "needed by the engine" if serving else "needed by the ATB operators of torch_npu and by serving engines"
        lines.append(f"NNAL {cann}: {need}; {name}")
    engine = find_row(catalog, "vllm_ascend", named["vllm_ascend"]) if "vllm_ascend" in named else None
    if engine:
        oldest, newest = engine["python"]
        lines.append(f"Python {oldest} to {newest}")
        lines.append(f"vllm=={engine['vllm'][0]}")
    for part in ("vllm_ascend", "torch", "torch_npu"):
        build = part in named and part != "torch" and ("+" in named[part] or ".dev" in named[part])
        note = " (a build that PyPI does not have: the engine's image holds it)" if build else ""
        lines += [f"{PYPI[part]}=={named[part]}{note}"] if part in named else []
    if engine and engine.get("triton_ascend"):
        lines.append(f"triton-ascend=={engine['triton_ascend']}")
    if "torch" in named and not engine:
        torch = next(
            (item for item in catalog["torch"] if versions.same(item["torch"], named["torch"].partition("+")[0])), {}
        )
        if torch.get("python"):
            lines.append(f"Python {torch['python'][0]} to {torch['python'][1]}")
    if named.get("torch") and arch == "x86_64":
        lines.append("torch on x86_64: the CPU build, from https://download.pytorch.org/whl/cpu")
    return lines

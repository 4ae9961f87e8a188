# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for what serves models and runs clusters: vLLM Ascend, MindIE, NNAL, MindCluster."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case, joins
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.framework import minor
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import pattern_holds, public, torch_pairs

TITLES = {
    "vllm_ascend": "vLLM Ascend",
    "mindie": "MindIE",
    "mindcluster": "MindCluster",
    "nnal": "NNAL",
    "torch_npu": "torch_npu",
    "triton_ascend": "triton-ascend",
    "vllm": "vLLM",
    "cann": "CANN",
    "mindspore": "MindSpore",
}
ENGINES = ("vllm_ascend", "mindie")
NNAL_SOURCE = "vllmascend installation; hiascend.com mindie installation (both need the toolkit, the kernels and NNAL)"


@joins("nnal", "cann")
def nnal_cann(case: Case) -> None:
    """nnal-cann: NNAL is of the version of CANN, and there is one."""
    nnal, cann, row = case.get("nnal"), case.get("cann"), case.row("cann")
    if not nnal or row is None:
        return
    if not versions.same(nnal, cann):
        case.error(
            "nnal-cann",
            f"NNAL {nnal} with CANN {cann}: both must be of one release (libatb.so otherwise lacks symbols). "
            f"Install NNAL "
            f"{cann}.",
            NNAL_SOURCE,
            "nnal",
        )
    elif "nnal" in row["products"]:
        case.confirm("nnal-cann", f"NNAL {nnal} belongs to CANN {cann}", row["source"])


def serving_flavor(case: Case) -> None:
    """serving-flavor: serving engines need the toolkit, not nnae or nnrt alone."""
    engine = next((name for name in ENGINES if case.get(name)), None)
    flavor = case.get("cann_flavor")
    if engine and flavor and flavor != "toolkit":
        case.error(
            "serving-flavor",
            f"{TITLES[engine]} {case.get(engine)} needs the toolkit and NNAL, not {flavor}. Set ascend_cann_flavor to "
            "toolkit.",
            NNAL_SOURCE,
            "cann_flavor",
        )


@joins("vllm_ascend", "cann")
def vllm_ascend_cann(case: Case) -> None:
    """vllm-ascend-stack: a release is built and tested with one CANN."""
    row = case.row("vllm_ascend")
    if row is not None:
        _cann(case, "vllm-ascend-stack", f"vLLM Ascend {case.get('vllm_ascend')}", row)


@joins("vllm_ascend", "python")
def vllm_ascend_python(case: Case) -> None:
    """vllm-ascend-stack: a release takes a range of Pythons."""
    row, python = case.row("vllm_ascend"), case.python("vllm_ascend")
    if row is None or not python:
        return
    oldest, newest = row["python"]
    if not versions.key(oldest) <= versions.key(minor(python)) <= versions.key(newest):
        text = f"vLLM Ascend {case.get('vllm_ascend')} takes Python {oldest} to {newest}, not {minor(python)}"
        _error(case, "vllm-ascend-stack", text, row, "python")


def vllm_ascend(case: Case) -> None:
    """vllm-ascend-stack: a release is built and tested with one torch and torch_npu."""
    row = case.row("vllm_ascend")
    if row is None or "vllm_ascend" in (case.get("pythons") or {}):
        return  # in an environment of its own it has them from the same row, whatever another environment has
    name = f"vLLM Ascend {case.get('vllm_ascend')}"
    same_one(case, "vllm-ascend-stack", name, row, "torch", row["torch"])
    same_one(case, "vllm-ascend-stack", name, row, "torch_npu", row["torch_npu"])
    vllm = case.get("vllm")
    if vllm and not any(versions.same(vllm, known) for known in row["vllm"]):
        _error(case, "vllm-ascend-stack", f"{name} is for vLLM {' or '.join(row['vllm'])}, not {vllm}", row, "vllm")
    if row.get("triton_ascend"):
        same_one(case, "vllm-ascend-stack", name, row, "triton_ascend", row["triton_ascend"])


def mindie(case: Case) -> None:
    """mindie-stack: a MindIE release goes with one CANN, one release of the PyTorch extension, one MindCluster."""
    row = case.row("mindie")
    if row is None:
        return
    name = f"MindIE {case.get('mindie')}"
    _cann(case, "mindie-stack", name, row)
    if row.get("extension"):
        _extension(case, "mindie-stack", name, row, [row["extension"]])
    cluster = case.get("mindcluster")
    if cluster and row.get("mindcluster") and not versions.same(cluster, row["mindcluster"]):
        text = f"{name} is published with MindCluster {row['mindcluster']}, not with {cluster}"
        case.warn("mindie-stack", f"{text}. Take that one.", row["source"], "mindcluster")
    if row.get("hdk") and case.get("driver") and not any(_holds(case, line) for line in row["hdk"]):
        text = f"{name}: its notes list HDK {', '.join(row['hdk'])}; driver {case.get('driver')} is not among them"
        case.info("mindie-stack", text, row["source"])


def mindcluster(case: Case) -> None:
    """mindcluster-stack: the lines of CANN, HDK, MindSpore and PyTorch extension a MindCluster release lists."""
    row = case.row("mindcluster")
    if row is None:
        return
    name = f"MindCluster {case.get('mindcluster')}"
    for component in ("cann", "mindspore"):
        version, lines = case.get(component), row.get(component)
        if version and lines and not any(versions.satisfies(version, line) for line in lines):
            _not_listed(case, name, f"{TITLES[component]} {version}", lines, row, component)
    lines = (row.get("hdk_of") or {}).get(case.chip) or row.get("hdk")
    if lines and case.get("driver") and not any(_holds(case, line) for line in lines):
        _not_listed(case, name, f"driver {case.get('driver')}", lines, row, "driver")
    if row.get("extension"):
        _extension(case, "mindcluster-stack", name, row, row["extension"])


def chip_support(case: Case) -> None:
    """chip-support: on which chips torch_npu and the serving engines run."""
    for component in dict.fromkeys(row["component"] for row in case.catalog.get("supports") or []):
        version = case.get(component) or (case.get("torch") if component == "torch_npu" else None)
        if version and case.chip:
            _supported(case, component, version)


def _supported(case: Case, component: str, version: str) -> None:
    rows = [row for row in case.catalog["supports"] if row["component"] == component]
    row = next((item for item in rows if item["chip"] == case.chip), None)
    name = f"{TITLES[component]} {version} on chip {case.chip}"
    good = " or ".join(item["chip"] for item in rows if item["level"] == "supported")
    fix = f"Take a host of chip {good}."
    if row is None:
        case.warn("chip-support", f"{name}: not documented. {fix}", rows[0]["source"], "chip")
        return
    words = f": {row['words']}" if row.get("words") else ""
    early = row.get("since") and versions.compare(public(version), row["since"]) < 0
    if row["level"] == "refused":
        case.error("chip-support", f"{name}{words}. {fix}", row["source"], "chip")
    elif early:
        case.warn(
            "chip-support", f"{name}: it came with {row['since']}. Take that or a newer one.", row["source"], component
        )
    elif row["level"] == "doubtful":
        case.warn("chip-support", f"{name}{words}. Try it on one host first.", row["source"], "chip")
    elif row["level"] == "limited":
        case.info("chip-support", f"{name}{words}", row["source"])
    else:
        case.confirm("chip-support", f"{name}: supported", row["source"])


def same_one(case: Case, rule: str, name: str, row: dict[str, Any], component: str, named: str) -> None:
    """One version that a release is made for: another one is an error, another build of it a warning."""
    version = case.get(component)
    if not version:
        return
    title = TITLES.get(component, component)
    if versions.same(public(version), public(named)):
        case.confirm(rule, f"{name} with {title} {version}: the pair of its release table", row["source"])
    elif versions.release(version) == versions.release(named):
        case.warn(
            rule, f"{name} was tested with {title} {named}, not {version}. Take {named}.", row["source"], component
        )
    else:
        _error(case, rule, f"{name} is made for {title} {named}, not {version}", row, component)


def _cann(case: Case, rule: str, name: str, row: dict[str, Any]) -> None:
    cann, named = case.get("cann"), row["cann"]
    if not cann or case.row("cann") is None:
        return
    if versions.same(case.row("cann")["cann"], named):
        case.confirm(rule, f"{name} on CANN {cann}: published as a pair", row["source"])
    elif versions.series(cann) == versions.series(named) or versions.compare(cann, named) > 0:
        text = f"{name} on CANN {cann}: not documented, it is published with CANN {named}"
        case.warn(rule, f"{text}. Set ascend_cann_version to {named}.", row["source"], "cann")
    else:
        text = f"{name} is made for CANN {named}; {cann} is older"
        case.error(rule, f"{text}. Set ascend_cann_version to {named}.", row["source"], "cann")


def _extension(case: Case, rule: str, name: str, row: dict[str, Any], wanted: list[str]) -> None:
    plugin = case.get("torch_npu")
    homes = [
        item["extension"]
        for item, _torch, known in torch_pairs(case.catalog)
        if plugin and item.get("extension") and versions.same(public(known), public(plugin))
    ]
    if homes and not any(versions.satisfies(home, line) for home in homes for line in wanted):
        lines = " or ".join(wanted)
        text = f"{name} goes with release {lines} of the PyTorch extension; torch_npu {plugin} is of {homes[0]}"
        offered = sorted(
            {
                known
                for item, _torch, known in torch_pairs(case.catalog)
                if any(versions.satisfies(item.get("extension") or "0", line) for line in wanted)
            },
            key=versions.key,
        )
        case.warn(rule, f"{text}. Take {' or '.join(offered)}.", row["source"], "torch_npu")


def _holds(case: Case, line: str) -> bool:
    rows = case.hdk_rows()
    return any(pattern_holds(row, line) for row in rows) or versions.satisfies(case.get("driver"), line)


def _not_listed(case: Case, name: str, what: str, lines: list[str], row: dict[str, Any], component: str) -> None:
    text = f"{name} lists {', '.join(lines)}; {what} is not among them"
    case.warn("mindcluster-stack", f"{text}. Take one of them.", row["source"], component)


def _error(case: Case, rule: str, text: str, row: dict[str, Any], component: str) -> None:
    case.error(rule, f"{text}. Change one of the two.", row["source"], component)

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about the network of the NPUs: what a port shows by itself, and the errors of HCCL in logs.

The checks are those of the room network; what only probes between hosts show is ascend.fleet.network's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.vendor import hccl_errors
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.rule import HIDDEN, rule
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import checks, compare, ports, thresholds
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import Host, Trouble

_SITE = "vllm-project/vllm-ascend pull request 16847"
_TOOL = "github:Ascend/mind-cluster, devmanager/hccn"
TLS = {
    "id": "tls-mixed",
    "severity": "error",
    "problem": "TLS of the NPUs' ports is not the same on all hosts.",
    "fix": "Make it the same on every chip (tls in ascend_device_network), or HCCL refuses to connect (EI0016).",
    "source": hccl_errors.SOURCE,
}
FLEET_RULES = (TLS,)


def _seen(*names: str) -> Callable[[dict[str, Any]], str | None]:
    """The evidence of the network's checks of these names."""

    def when(facts: dict[str, Any]) -> str | None:
        told = [one for one in _troubles(facts) if one.rule in names]
        return "; ".join(f"{_chips(one)}: {one.evidence}" for one in told) or None

    return when


def _troubles(facts: dict[str, Any]) -> list[Trouble]:
    if not (facts.get("device_network") or {}).get("chips"):
        return []
    rows = (facts.get("catalog") or catalog.load())[thresholds.TABLE]
    host = ports.of_host("this host", {"ansible_facts": {"ascend": facts}})
    return checks.of_hosts([host], thresholds.read(rows))


def _chips(trouble: Trouble) -> str:
    numbers = ", ".join(str(key.chip) for key in trouble.ports)
    return f"chip{'s' if len(trouble.ports) > 1 else ''} {numbers}"


def _logged(code: str) -> Callable[[dict[str, Any]], str | None]:
    def when(facts: dict[str, Any]) -> str | None:
        rows = [row for row in (facts.get("probe") or {}).get("hccl") or () if row.get("code") == code]
        return "; ".join(f"{row['file']}: {row['line']}" for row in rows[:3]) or None

    return when


RULES = (
    rule(
        "npu-address-not-on-chip",
        "error",
        _seen("address-not-on-chip"),
        "/etc/hccn.conf has an address for an NPU, which the NPU has not.",
        "hccn_tool -a -cfg recovery applies the file; ascend.fleet.site does where ascend_device_network is set.",
        _SITE,
        HIDDEN,
    ),
    rule(
        "npu-address-differs",
        "warning",
        _seen("file-differs"),
        "/etc/hccn.conf says something else than the NPU's port.",
        "Decide which is right; with ascend_device_network set, ascend.fleet.site makes them the same.",
        _SITE,
        HIDDEN,
    ),
    rule(
        "npu-link-down",
        "error",
        _seen("link-down", "no-light", "optic-dead", "optic-absent"),
        "The link of an NPU's port is down.",
        "Look at optic, cable and switch port; ascend.fleet.network says which.",
        _TOOL,
        HIDDEN,
    ),
    rule(
        "npu-link-flaps",
        "warning",
        _seen("link-flaps"),
        "The link of an NPU's port has gone down again and again.",
        "Reseat cable and optical module at both ends; look at the switch port's log.",
        _TOOL,
        HIDDEN,
    ),
    rule(
        "npu-optic-weak",
        "warning",
        _seen("optic-weak", "light-weak", "snr-low", "optic-flags"),
        "The light of an NPU's port is outside its range.",
        "Clean both ends of the cable, then replace the optical module, then the cable.",
        _TOOL,
        HIDDEN,
    ),
)
PROBE_RULES = tuple(
    rule(f"hccl-{code.lower()}", "warning", _logged(code), problem, fix, hccl_errors.SOURCE)
    for code, (problem, fix) in hccl_errors.CODES.items()
)


def across(observations: Mapping[str, Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
    """By host, what only shows when hosts are held against each other: TLS that is not the same.

    Args:
        observations: the registered results of host_facts, by host.
    """
    fleet: list[Host] = [ports.of_host(name, seen) for name, seen in observations.items()]
    found: dict[str, list[dict[str, str]]] = {}
    for trouble in compare.of_fleet(fleet):
        if trouble.rule == TLS["id"]:
            for host in dict.fromkeys(key.host for key in trouble.ports):
                found.setdefault(host, []).append({**TLS, "evidence": f"{trouble.where}: {trouble.evidence}"})
    return found


def with_pasted(probe: dict[str, Any], pasted: list[dict[str, str]]) -> dict[str, Any]:
    """What doctor_probe returned, with the errors of a log that the user gave beside those it found.

    Args:
        probe: the registered result of doctor_probe.
        pasted: rows as hccl_errors.codes gives them, each with its file.
    """
    seen = probe.get("doctor_probe")
    if not pasted or not isinstance(seen, dict):
        return probe
    return {**probe, "doctor_probe": {**seen, "hccl": [*pasted, *(seen.get("hccl") or ())]}}

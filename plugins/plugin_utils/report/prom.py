# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a Prometheus textfile (for node_exporter's textfile collector on the control node)."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterable
from time import strptime

from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component

from . import proof
from .model import STATUSES


def render(report: dict) -> str:
    """Return the metrics of a report; every family has HELP and TYPE, even when no host has a sample."""
    hosts = report["hosts"]
    families = [
        ("host_status", "Provisioning status of a host, 1 for the status it has.", _status(hosts)),
        *(
            (f"{one.name}_info", f"Installed {one.title} version.", _info(hosts, one))
            for one in components.ALL
            if one.headline
        ),
        ("needs_reboot", "1 when an installed version waits for a reboot to be loaded.", _flag(hosts, _reboot)),
        ("compatible", "1 when the plan has no error that is not accepted.", _flag(hosts, _compatible)),
        ("drifting_components", "Components that differ from the plan or from alike hosts.", _flag(hosts, _drift)),
        ("chip_health", "1 when npu-smi reports the chip as OK, 0 otherwise.", _chips(hosts)),
        ("chips_missing", "Chips on the PCI bus that npu-smi does not list.", _flag(hosts, _missing)),
        ("inference_passed", "1 when the host generated the expected text, 0 when it did not.", _flag(hosts, _passed)),
        ("inference_tokens_per_second", "Speed of the last text generation, tokens per second.", _flag(hosts, _speed)),
        ("model_info", "OM models of a host: for which chip, by which CANN, from which checkpoint.", _models(hosts)),
        ("model_proven", "1 when the model gave the answers of its reference, 0 when not.", _proven(hosts)),
        ("report_timestamp_seconds", "When the report was generated, Unix time.", [({}, _time(report["generated"]))]),
    ]
    out = []
    for name, help_text, samples in families:
        out.append(f"# HELP ascend_fleet_{name} {help_text}")
        out.append(f"# TYPE ascend_fleet_{name} gauge")
        out.extend(_sample(f"ascend_fleet_{name}", labels, value) for labels, value in samples)
    return "\n".join(out) + "\n"


def _sample(name: str, labels: dict, value: float) -> str:
    inside = ",".join(f'{key}="{escape(text)}"' for key, text in labels.items() if text is not None)
    return f"{name}{{{inside}}} {value:.10g}" if inside else f"{name} {value:.10g}"


def escape(text: object) -> str:
    """Return a label value as the text format wants it: backslash, quote and line feed escaped."""
    value = re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", " ", str(text))
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _time(generated: str) -> float:
    try:
        return float(timegm(strptime(generated[:19], "%Y-%m-%dT%H:%M:%S")))
    except ValueError:
        return 0.0


def _status(hosts: list[dict]) -> Iterable[tuple]:
    for host in hosts:
        for word in STATUSES:
            yield {"host": host["name"], "status": word}, float(host["status"] == word)


def _info(hosts: list[dict], component: Component) -> Iterable[tuple]:
    for host in hosts:
        labels = component.labels(host["versions"], host["desired"])
        if labels:
            yield {"host": host["name"], **labels}, 1.0


def _chips(hosts: list[dict]) -> Iterable[tuple]:
    for host in hosts:
        seen: dict = {}
        for place, chip in enumerate(host["chips"]):
            identity = chip["id"] or f"#{place}"
            seen[identity] = seen.get(identity, 0) + 1
            if seen[identity] > 1:  # two series with the same labels would make the whole file unreadable
                identity = f"{identity}#{place}"
            labels = {"host": host["name"], "chip": identity, "name": chip["name"]}
            yield {**labels, "health": chip["health"] or "unknown"}, float(chip["level"] == "ok")


def _flag(hosts: list[dict], read) -> Iterable[tuple]:
    for host in hosts:
        value = read(host)
        if value is not None:
            yield {"host": host["name"]}, float(value)


def _models(hosts: list[dict]) -> Iterable[tuple]:
    for host in hosts:
        for model in host["models"]:
            made = {"soc": model["soc"], "cann": model["cann"], "checkpoint": model["checkpoint_sha256"]}
            yield {"host": host["name"], "model": model["name"], **made}, 1.0


def _proven(hosts: list[dict]) -> Iterable[tuple]:
    for host in hosts:
        for model in host["models"]:
            if model["status"]:
                yield {"host": host["name"], "model": model["name"]}, float(model["status"] == "passed")


def _reboot(host: dict) -> bool | None:
    return host["reboot_required"] if any(host["versions"].values()) or host["chips"] else None


def _compatible(host: dict) -> bool | None:
    if host["status"] == "unreachable" or not (host["findings"] or host["plan"] or any(host["desired"].values())):
        return None
    return not any(item["severity"] == "error" and not item["accepted"] for item in host["findings"])


def _drift(host: dict) -> int:
    return len(host["drift"])


def _missing(host: dict) -> int | None:
    return host["chips_missing"] if host["chips"] else None


def _passed(host: dict) -> bool | None:
    said = proof.status(host["inference"])
    return said == "passed" if said in ("passed", "failed") else None


def _speed(host: dict) -> float | None:
    return host["inference"]["tokens_per_second"] if host["inference"] else None

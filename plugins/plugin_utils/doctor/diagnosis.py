# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnosis of one host from everything that was seen of it, and of a fleet in words."""

from __future__ import annotations

import textwrap
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import BASES
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import rules as doctor
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import software, unobserved
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired as _desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.steps import describe
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean

WIDTH = 96
# Compatibility rule -> the doctor's own rule about the same thing, which has the better evidence.
_SAME = {
    "driver-firmware-pair": "driver-firmware-mismatch",
    "cann-driver": "cann-driver-mismatch",
    "firmware-flash": "firmware-flash-newer",
    "firmware-host-kind": "firmware-on-guest",
    "kernels-cann": "kernels-without-base",
    "cann-wheels": "wheels-missing",
    "topi-removed": "topi-left-over",
    "glibc": "glibc-too-old",
    "training-on-inference-chip": "inference-chips",
}
# What no document promises, and NPUs that answer prove.
_PROVEN = ("os-support", "os-minimum-hdk", "hdk-chip")
# What the wishes of a host say is no sickness of the host: it is never worse than a warning.
WISH_RULES = (
    {
        "id": "variables",
        "severity": "warning",
        "problem": "The variables of this host cannot be used.",
        "fix": "Correct the variable named; until then no plan is made for this host.",
        "source": "docs/variables.md",
    },
    {
        "id": "plan-refused",
        "severity": "warning",
        "problem": "What is wanted here cannot be planned.",
        "fix": "The message names the way out; ansible-playbook ascend.fleet.plan shows the whole.",
        "source": "the plan",
    },
    {
        "id": "not-as-wanted",
        "severity": "warning",
        "problem": "The host is not as the variables want it.",
        "fix": "ansible-playbook ascend.fleet.site makes these changes.",
        "source": "the plan",
    },
)
_WISH = {rule["id"]: rule for rule in WISH_RULES}
_STATES = ("sick", "with warnings", "healthy")


def of_host(
    host: str, observation: dict[str, Any], probe: dict[str, Any], wish: Wishes, planner: Planner
) -> list[dict[str, str]]:
    """The problems of one host, the worst first; rows as doctor.diagnose gives them."""
    facts = (observation.get("ansible_facts") or {}).get("ascend")
    if observation.get("unreachable") or not facts:
        return [unobserved.explain(observation)]
    found = doctor.diagnose(facts, installed_findings(facts, wish), probe.get("doctor_probe"), wish.catalog)
    known = {problem["id"] for problem in found}
    settled = _PROVEN if facts["npu"]["available"] else ()
    found = [row for row in found if _SAME.get(row["id"]) not in known and row["id"] not in settled]
    found += _wishes(host, observation, wish, planner)
    return ordered(found)


def ordered(problems: list[dict[str, str]]) -> list[dict[str, str]]:
    """The problems, the worst first."""
    return sorted(problems, key=lambda problem: doctor.SEVERITIES.index(problem["severity"]))


def installed_findings(facts: dict[str, Any], wish: Wishes) -> list[dict[str, Any]]:
    """What the compatibility rules say of the versions that are there, whatever is wanted."""
    if not wish.catalog:
        return []
    bases = [row for row in facts["cann"] if row["product"] in BASES and row["version"]]
    current = [row for row in bases if row["latest"]] or bases
    base = {"driver": facts["driver"]["installed"], "firmware": facts["firmware"]["installed"]}
    if facts["host_kind"] == "container":
        base.pop("firmware")  # files of the host's, if they were mounted at all
    if len({row["version"] for row in current}) == 1:
        base.update(cann=current[0]["version"], cann_flavor=current[0]["product"])
    environments = [_framework(env) for env in facts["environments"] if env["python"]] or [{}]
    host = {
        "chip": facts["accelerators"]["family"],
        "arch": facts["arch"],
        "host_kind": facts["host_kind"],
        "glibc": facts["glibc"],
        "os": f"{facts['os']['id']} {facts['os']['version']}" if facts["os"]["id"] else None,
    }
    installed = software.installed_pair(facts)
    accept = wish.desired["ascend_accept_findings"]
    result: dict[tuple, dict[str, Any]] = {}
    for chosen in environments:
        versions = {name: version for name, version in {**base, **chosen}.items() if version}
        for row in compat.check(wish.catalog, versions, host, installed, accept) if versions else ():
            # That the catalog does not know a version is a gap of the catalog, not a fault of the host.
            severity = "warning" if row["rule"] == "unknown-version" and row["severity"] == "error" else row["severity"]
            result[row["rule"], row["message"]] = {**row, "severity": severity}
    return list(result.values())


def _framework(env: dict[str, Any]) -> dict[str, Any]:
    packages = env["packages"]
    mindspore = packages.get("mindspore") or packages.get("mindspore-ascend")
    return {
        "python": ".".join(env["python"].split(".")[:2]),
        "mindspore": mindspore,
        "mindformers": packages.get("mindformers") if mindspore else None,
        "torch": packages.get("torch", "").partition("+")[0],
        "torch_npu": packages.get("torch-npu"),
    }


def _wishes(host: str, observation: dict[str, Any], wish: Wishes, planner: Planner) -> list[dict[str, str]]:
    pinned = _desired.pins(wish.desired)
    chosen = any(pinned[name] for name in (*_desired.VERSION_VARIABLES.values(), "stack"))
    # Who wants nothing yet has not forgotten to choose.
    problems = [row for row in wish.problems if chosen or row.variable not in _desired.VERSION_VARIABLES]
    if problems or not chosen:
        return [{**_WISH["variables"], "evidence": str(problem)} for problem in problems]
    plan = planner.plan(host, observation, wish)
    if plan["status"] == "refused":
        errors = [row for row in plan["findings"] if row["severity"] == "error" and not row["accepted"]]
        return [{**_WISH["plan-refused"], "evidence": row["message"]} for row in errors]
    if plan["steps"]:
        return [{**_WISH["not-as-wanted"], "evidence": "; ".join(describe(step) for step in plan["steps"])}]
    return []


def state(problems: list[dict[str, str]]) -> str:
    """sick (an error), with warnings, or healthy."""
    severities = {problem["severity"] for problem in problems}
    return _STATES[0] if "error" in severities else _STATES[1] if "warning" in severities else _STATES[2]


def summary(facts: dict[str, Any] | None) -> str:
    """What a host has, in a few words."""
    if not facts:
        return "not observed"
    chips = facts["npu"]["chips"]
    parts = [f"{name} {facts[name]['installed']}" for name in ("driver", "firmware") if facts[name]["installed"]]
    parts += [f"{row['product']} {row['version']}" for row in facts["cann"] if row["latest"] and row["version"]]
    parts += [
        f"MindSpore {env['packages']['mindspore']}" for env in facts["environments"] if env["packages"].get("mindspore")
    ]
    if chips:
        parts.append(f"{sum(chip.get('health') == 'OK' for chip in chips)} of {len(chips)} chips OK")
    return ", ".join(parts) or "nothing of Ascend installed"


def lines(diagnoses: dict[str, list[dict[str, str]]], summaries: dict[str, str]) -> list[str]:
    """The diagnosis of every host as text, the sick ones first, at most WIDTH columns where words allow it.

    Of several hosts a healthy one has one line; what is remarked of it is spelled out when it is the only one.
    """
    states = {host: state(problems) for host, problems in diagnoses.items()}
    totals = [f"{count} {name}" for name in _STATES for count in [list(states.values()).count(name)] if count]
    result = [f"Diagnosis of {len(diagnoses)} host{'' if len(diagnoses) == 1 else 's'}: {', '.join(totals)}"]
    short = [host for host in diagnoses if states[host] == _STATES[-1] and len(diagnoses) > 1]
    for host in sorted(set(diagnoses) - set(short), key=lambda name: (_STATES.index(states[name]), name)):
        result.append("")
        result += _wrap(f"{host}: {states[host]} ({summaries[host]})", "  ", "    ")
        for number, problem in enumerate(diagnoses[host], 1):
            result += _wrap(
                f"{problem['severity']}: {problem['problem']} [{problem['id']}]", f"    {number}. ", " " * 7
            )
            result += _wrap(problem["evidence"], "       seen:   ", " " * 15)
            result += _wrap(problem["fix"], "       fix:    ", " " * 15)
            result += _wrap(problem["source"], "       source: ", " " * 15)
    if short:
        result.append("")
    for host in sorted(short):
        remarks = ", ".join(problem["id"] for problem in diagnoses[host])
        said = f"{host}: healthy ({summaries[host]}){'; remarks: ' if remarks else ''}{remarks}"
        result.append(f"  {clean(said)}")
    return result


def _wrap(text: str, first: str, rest: str) -> list[str]:
    # Commands and file names in a fix must stay copyable, so nothing is broken inside a word.
    return textwrap.wrap(
        clean(text), WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )

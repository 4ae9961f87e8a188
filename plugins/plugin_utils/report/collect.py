# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the plays left in the host variables to one record per host. Any part may be missing; no host is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from ansible_collections.ascend.fleet.plugins.module_utils.versions import matches
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import steps as planning
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import models, proof
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import SEVERITIES, Step
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import number, part, plain, rows, text

VERSIONED = tuple(one for one in components.ALL if one.has_version)
COMPONENTS = tuple(one.name for one in VERSIONED)
TITLES = {one.name: one.title for one in VERSIONED}
INPUTS = (
    "ascend_facts",
    "ascend_plan",
    "rollout_outcome",
    "inference_check_result",
    "om_check_result",
    "ascend_error",
    "ascend_observation",
    "__ascend_progress",
    "inference_check_others",
    "ascend_texts",
)
# Where a host can fail without being at a step of its plan; roles/rollout names them.
PHASES = ("stage", "drain", "verify", "undrain")

# Id of the step by which a host's first framework proves itself; those of the others go on with their names.
PROOF = "inference-verify"

_CUT_OFF = (
    "The run lost this host before its plan was done, most likely with the connection. "
    "Fix: see that the host is up and reachable, and run the playbook again; it takes up where it stopped."
)
_SILENT = {
    "failed": "The run failed on this host and left no message.",
    "unreachable": "The host could not be reached.",
}


def collect(
    hostvars: Mapping[str, Any],
    names: Iterable[str],
    plans: Mapping[str, Any] | None = None,
    check_mode: bool = False,
) -> list[dict]:
    """Return one record per name, in the given order, each name once.

    A variable that is undefined, has the wrong shape or cannot be templated counts as missing; the record then
    says so in its notes instead of hiding the host.

    Args:
        hostvars: variables by host.
        names: the hosts to report on.
        plans: the plans of the whole fleet by host, for hosts without a plan of their own.
        check_mode: nothing was changed, so a host that was taken up is still to be changed.
    """
    records = []
    for name in dict.fromkeys(str(name) for name in names):
        found = _read(hostvars, name)
        plan = found.get("ascend_plan") or plain((plans or {}).get(name))
        found["ascend_plan"] = plan if isinstance(plan, dict) else {}
        records.append(record(name, found, check_mode))
    return records


def _read(hostvars: Mapping[str, Any], name: str) -> dict:
    found: dict = {"problems": []}
    try:
        variables = hostvars[name]
    except Exception:  # no such host in the inventory: still reported
        return found
    for key in INPUTS:
        found[key] = _guard(functools.partial(variables.get, key), key, found["problems"])
    observed = part(part(found["ascend_observation"], "ansible_facts"), "ascend")
    found["ascend_facts"] = observed or found["ascend_facts"]
    if not found["ascend_facts"]:
        found["ascend_facts"] = _guard(lambda: variables.get("ansible_facts")["ascend"], None, [])
    return found


def _guard(read: Callable[[], Any], label: str | None, problems: list[str]) -> dict:
    try:
        value = plain(read())
    except Exception as error:  # templating errors have no common type across ansible-core versions
        problems.append(f"{label} could not be read: {error}")
        return {}
    if value and not isinstance(value, dict):
        problems.append(f"{label} is not a dictionary")
    return value if isinstance(value, dict) else {}


def _others(texts: Mapping[str, Any]) -> dict[str, Any]:
    """What further frameworks have said in this run, by their names."""
    return {
        str(step).removeprefix(f"{PROOF}-"): said for step, said in texts.items() if str(step).startswith(f"{PROOF}-")
    }


def record(name: str, found: Mapping[str, Any], check_mode: bool = False) -> dict[str, Any]:
    """Return the report's entry for one host (everything that does not depend on other hosts)."""
    facts, plan, outcome = (found.get(key) or {} for key in INPUTS[:3])
    if outcome.get("status") == "started":
        outcome = {} if check_mode else _cut_off(outcome, found.get("__ascend_progress") or {})
    stack = part(plan, "stack")
    accelerators, texts = part(facts, "accelerators"), part({"texts": found.get("ascend_texts")}, "texts")
    count = accelerators.get("count")
    chips = [_chip(entry) for entry in rows(part(facts, "npu"), "chips") if isinstance(entry, dict)]
    versions = _versions(facts, stack)
    desired = _desired(stack)
    host: dict[str, Any] = {
        "name": name,
        "status": "not_started",
        "changed": outcome.get("status") == "changed",
        "chip": text(accelerators.get("family")),
        "chip_name": next((chip["name"] for chip in chips if chip["name"]), None),
        "chip_count": count if isinstance(count, int) and not isinstance(count, bool) and count else len(chips) or None,
        "product": text(accelerators.get("product")),
        "os": text(part(facts, "os").get("name")) or text(part(facts, "os").get("id")),
        "arch": text(facts.get("arch")),
        "host_kind": text(facts.get("host_kind")),
        "versions": versions,
        "desired": desired,
        "drift": _drift(versions, desired) if facts else [],
        "plan": _steps(plan, outcome),
        "findings": [_finding(entry) for entry in rows(plan, "findings") if isinstance(entry, dict)],
        "chips": chips,
        "chips_missing": _missing(facts, chips),
        "reboot_required": bool(facts.get("reboot_required")),
        "reboot_reasons": [str(reason) for reason in rows(facts, "reboot_reasons")],
        "inference": proof.of_host(
            part(texts, PROOF) or found.get("inference_check_result") or {},
            facts,
            plan,
            others={**(found.get("inference_check_others") or {}), **_others(texts)},
            models=found.get("om_check_result") or {},
        ),
        "models": models.of_host(facts, found.get("om_check_result") or {}),
        "error": _error(found.get("ascend_error") or {}, outcome),
        "notes": list(found.get("problems") or ()) + _notes(facts),
        "reason": text(outcome.get("message")) if outcome.get("status") == "not_started" else None,
        "seconds": number(outcome.get("seconds")),
    }
    host["status"] = _status(host, facts, plan, outcome)
    if host["error"] is None:
        host["error"] = _derived_error(host)
    # That a host could not be observed is its error; the plan repeats it as a finding.
    host["findings"] = [item for item in host["findings"] if item["rule"] not in _SILENT]
    return host


def _cut_off(outcome: dict, progress: dict) -> dict:
    """The outcome of a host that the run lost: what it was at then, as far as that was noted."""
    known = {"failed_step": progress.get("step"), "steps_done": rows(progress, "done")} if progress else {}
    return {**outcome, **known, "status": "failed", "message": _CUT_OFF}


def _status(host: dict, facts: dict, plan: dict, outcome: dict) -> str:
    """Return the one word for a host; the first reason to worry wins, and nothing passes without evidence."""
    error = host["error"]
    planned = plan.get("status")
    if error:
        return "unreachable" if error["unreachable"] else "failed"
    if outcome.get("status") in ("failed", "not_started"):
        return str(outcome["status"])
    if planned in ("unreachable", "failed", "refused"):
        return str(planned)
    if proof.failed(host["inference"]):
        return "failed"
    if host["changed"]:
        return "changed" if host["drift"] or host["reboot_required"] else "converged"
    if planned in ("pending", "converged"):
        return str(planned)
    return "not_started"


def _derived_error(host: dict) -> dict | None:
    """Return the reason behind a status that came without an error of its own."""
    if host["status"] == "refused":
        blocking = [item for item in host["findings"] if item["severity"] == "error" and not item["accepted"]]
        message = blocking[0]["message"] if blocking else "The plan refused this host."
        return _as_error(message, step="plan")
    broken = proof.failed(host["inference"])
    if host["status"] == "failed" and broken:
        return _as_error(broken["reason"] or "The text generation failed.", step="inference")
    if host["status"] in ("failed", "unreachable"):
        told = [item["message"] for item in host["findings"] if item["rule"] == host["status"]]
        message = next(filter(None, told), _SILENT[host["status"]])
        return _as_error(message, step="observe", unreachable=host["status"] == "unreachable")
    return None


def _error(error: dict, outcome: dict) -> dict | None:
    if error.get("unreachable") or error.get("message"):
        return _as_error(
            error.get("message") or _SILENT["unreachable"],
            step=error.get("step") or error.get("failed_step"),
            cause=error.get("cause"),
            fix=error.get("fix"),
            unreachable=bool(error.get("unreachable")),
        )
    if outcome.get("status") == "failed":
        return _as_error(
            outcome.get("message") or _SILENT["failed"],
            step=outcome.get("failed_step"),
            cause=outcome.get("cause"),
            fix=outcome.get("fix"),
        )
    return None


def _as_error(message: Any, step: Any = None, cause: Any = None, fix: Any = None, unreachable: bool = False) -> dict:
    return {
        "unreachable": unreachable,
        "step": text(step),
        "message": (text(message) or "").removeprefix("Task failed: "),
        "cause": text(cause),
        "fix": text(fix),
    }


def _versions(facts: dict, stack: dict) -> dict:
    return {one.name: one.seen(facts, stack) for one in VERSIONED}


def _desired(stack: dict) -> dict:
    return {one.name: one.wanted(stack) for one in VERSIONED}


def _drift(versions: dict, desired: dict) -> list[dict]:
    return [
        {"component": component, "installed": versions[component], "expected": desired[component], "against": "desired"}
        for component in COMPONENTS
        if desired[component] and not matches(versions[component], desired[component])
    ]


def _steps(plan: dict, outcome: dict) -> list[dict]:
    """Return the plan's steps, each with `words` and `state`.

    States: planned, done, failed, skipped (not carried out in a run that failed), unknown (nothing tells: nothing is
    claimed about this one). A run that failed and went back leaves planned what it had done and undone.
    """
    entries = [entry for entry in rows(plan, "steps") if isinstance(entry, dict)]
    told = isinstance(outcome.get("steps_done"), list)
    done = {str(item.get("id") if isinstance(item, dict) else item) for item in rows(outcome, "steps_done")}
    undone = {str(name) for name in rows(outcome, "undone")}
    status, failed_at = outcome.get("status"), _failed_at(entries, outcome)
    known = failed_at is not None or outcome.get("failed_step") in PHASES
    steps = []
    for place, entry in enumerate(entries):
        if str(entry.get("id")) in done:
            state = "done"
            if str(entry.get("component")) in undone:
                state = "planned" if outcome.get("rolled_back") is True else "unknown"
        elif status == "changed":  # with --tags a part of the plan
            state = "planned" if told else "done"
        elif status != "failed":
            state = "planned"
        elif place == failed_at:
            state = "failed"
        elif not known:
            state = "unknown"
        else:
            state = "done" if not told and failed_at is not None and place < failed_at else "skipped"
        named = {"id": str(entry["id"])} if "id" in entry else {}
        steps.append({**entry, **named, "words": _words(entry), "state": state})
    return steps


def _failed_at(entries: list[dict], outcome: dict) -> int | None:
    """Return the place of the step that failed, by its id; None where it is none of the plan's."""
    ids = [str(entry.get("id")) for entry in entries]
    failed = outcome.get("failed_step")
    return ids.index(failed) if isinstance(failed, str) and failed in ids else None


def _words(step: dict) -> str:
    try:
        return planning.describe(cast(Step, step))
    except (KeyError, TypeError):
        return str(step.get("id") or step.get("component") or "step")


def _finding(entry: dict) -> dict:
    finding = {key: text(entry.get(key)) for key in ("rule", "severity", "message", "source", "variable")}
    if finding["severity"] not in SEVERITIES:
        finding["severity"] = "info"
    return {**finding, "accepted": bool(entry.get("accepted"))}


def _chip(entry: dict) -> dict[str, Any]:
    ids = [str(entry[key]) for key in ("npu_id", "chip_id") if entry.get(key) is not None]
    chip: dict[str, Any] = {
        "id": "/".join(ids) or None,
        "name": text(entry.get("name")),
        "health": text(entry.get("health")),
    }
    chip["level"] = health_level(chip["health"])
    for key in ("temperature_c", "power_w", "hbm_used_mb", "hbm_total_mb", "memory_used_mb", "memory_total_mb"):
        chip[key] = number(entry.get(key))
    return chip


def health_level(health: str | None) -> str:
    """Return ok, warning, bad or unknown for npu-smi's health word; a word nobody knows is bad, not fine."""
    word = (health or "").strip().casefold()
    if word in ("", "unknown", "na", "n/a", "-"):
        return "unknown"
    return {"ok": "ok", "warning": "warning"}.get(word, "bad")


def _missing(facts: dict, chips: list[dict]) -> int:
    """Return how many chips the PCI bus shows and npu-smi does not; 0 while npu-smi cannot answer at all."""
    npu, count = part(facts, "npu"), part(facts, "accelerators").get("count")
    return max(0, count - len(chips)) if npu.get("available") and isinstance(count, int) else 0


def _notes(facts: dict) -> list[str]:
    """Return what an operator wants to know about a host beside its versions."""
    notes = []
    for component in ("driver", "firmware"):
        if part(facts, component).get("damaged"):
            notes.append(f"{component}: {facts[component]['damaged']}")
    notes += [
        f"{item.get('product')} {item.get('version')}: {item['damaged']}"
        for item in rows(facts, "cann")
        if isinstance(item, dict) and item.get("damaged")
    ]
    npu, unfinished = part(facts, "npu"), part(part(facts, "journal"), "unfinished")
    if npu.get("available") is False and npu.get("message") and part(facts, "driver").get("installed"):
        notes.append(f"npu-smi: {npu['message']}")
    if unfinished:
        notes.append(f"An earlier run stopped during {unfinished.get('component')} {unfinished.get('action')}.")
    if rows(facts, "busy"):
        pids = ", ".join(str(item.get("pid")) for item in facts["busy"][:5] if isinstance(item, dict))
        notes.append(f"{len(facts['busy'])} process(es) use the NPUs: {pids}")
    return notes

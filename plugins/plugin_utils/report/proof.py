# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a host as the report has it: the text, the engine that made it, and what that is worth."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.proof import om_proofs
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, ladder
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import number, part, rows, text

_KEYS = ("prompt", "text", "engine", "device", "tokens_per_second", "status", "reason")
_EXTRA = ("model", "expected", "seconds", "time")


def of_host(
    given: dict, facts: dict, plan: dict, others: dict | None = None, models: dict | None = None
) -> dict[str, Any] | None:
    """The proof that this run gave, else the one that the host kept; None where there is neither.

    Those of further frameworks of the host are its C(also).

    Args:
        given: C(inference_check_result) of the host.
        facts: the host as observed.
        plan: its plan, whose stack says which proof it asks for and what that shows.
        others: C(inference_check_others) of the host, by framework.
        models: C(om_check_result) of the host, for one that runs OM models.
    """
    proof: dict | None = given or None
    stack = part(plan, "stack")
    if proof is None and stack and stack.get("inference") is None:
        proof = _of_models(models or part(part(facts, "proofs"), "om"), part(plan, "fingerprint"))
    if proof is None and stack and "inference" in stack and stack["inference"] is None:
        reason = plan.get("inference_reason") or stack.get("inference_reason")
        proof = {"status": "skipped", "reason": text(reason) or "The stack of this host has no inference."}
    kept = part(facts, "proofs")
    if proof is None:
        proof = part(kept, "inference")
    if not proof:
        return None
    planned = part(stack, "inference")
    found = []
    for row in rows(planned, "also"):
        name = str(row.get("framework"))
        also = part(others or {}, name) or part(part(kept, "others"), name)
        if also:
            found.append(_told(also, row))
    return {**_told(proof, planned), "also": found} if found else _told(proof, planned)


def every(inference: dict | None) -> list[dict]:
    """The proofs of a host: that of its first framework, and those of the others."""
    return [inference, *inference.get("also", ())] if inference else []


def failed(inference: dict | None) -> dict | None:
    """The first proof of a host that failed, or None."""
    return next((one for one in every(inference) if one["status"] == "failed"), None)


def status(inference: dict | None) -> str | None:
    """What is to be said of all proofs of a host: of several the first is told, unless one failed."""
    return "failed" if failed(inference) else inference["status"] if inference else None


def _told(proof: dict, planned: dict) -> dict[str, Any]:
    result: dict[str, Any] = {key: text(proof.get(key)) for key in _KEYS}
    result["tokens_per_second"] = number(proof.get("tokens_per_second"))
    if result["status"] not in ("passed", "failed", "skipped"):  # evidence is text, not a word nobody knows
        result["status"] = "passed" if result["text"] and not result["status"] else "failed"
    result.update({key: proof[key] for key in _EXTRA if proof.get(key) is not None})
    shown = proof.get("shown")  # beside the text, in the engine's words
    if isinstance(shown, list):
        result["shown"] = [item for item in shown if isinstance(item, str)]
    return {**result, **_worth(result, planned)}


def _of_models(proof: dict, stack: dict) -> dict[str, Any] | None:
    """The proof of a host that runs OM models, as one of a text; None where there is none of the stack that it has."""
    if not proof or (proof.get("stack") not in (None, stack) and proof.get("status") == "passed"):
        return None
    entries = {name: entry for name, entry in part(proof, "models").items() if isinstance(entry, dict)}
    said = [om_proofs.words(name, entry) for name, entry in sorted(entries.items()) if entry.get("status") == "passed"]
    shown = {"engine": om_proofs.ENGINE, "device": "Ascend", "model": ", ".join(sorted(entries)) or None}
    return {**shown, **{key: proof.get(key) for key in ("status", "reason", "time")}, "text": "; ".join(said) or None}


def _worth(proof: dict[str, Any], planned: dict[str, Any]) -> dict[str, str | None]:
    """What a proof shows and does not: as its plan says, else as the ladder does; nothing where none was given."""
    if proof["status"] == "skipped":
        return {"shows": None, "not_shown": None}
    if proof["engine"] == om_proofs.ENGINE:
        return {"shows": om_proofs.SHOWS, "not_shown": om_proofs.NOT_SHOWN}
    rung = planned if planned.get("engine") == proof["engine"] else {}
    if not rung.get("shows"):
        engine = proof["engine"] or ladder.FIRST_ENGINE
        table = catalog.load()["proofs"]
        place = ladder.place({"proofs": table}, engine, text(proof.get("model")))
        rung = table[place] if place is not None else {}
    return {name: text(rung.get(name)) for name in ("shows", "not_shown")}

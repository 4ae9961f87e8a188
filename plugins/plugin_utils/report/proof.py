# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a host as the report has it: the text, the engine that made it, and what that is worth."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, ladder
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import number, part, text

_KEYS = ("prompt", "text", "engine", "device", "tokens_per_second", "status", "reason")
_EXTRA = ("model", "expected", "seconds", "time")


def of_host(given: dict, facts: dict, plan: dict) -> dict[str, Any] | None:
    """The proof that this run gave, else the one that the host kept; None where there is neither.

    Args:
        given: C(inference_check_result) of the host.
        facts: the host as observed.
        plan: its plan, whose stack says which proof it asks for and what that shows.
    """
    proof: dict | None = given or None
    stack = part(plan, "stack")
    if proof is None and stack and "inference" in stack and stack["inference"] is None:
        reason = plan.get("inference_reason") or stack.get("inference_reason")
        proof = {"status": "skipped", "reason": text(reason) or "The stack of this host has no inference."}
    if proof is None:
        proof = part(part(facts, "proofs"), "inference")
    if not proof:
        return None
    result: dict[str, Any] = {key: text(proof.get(key)) for key in _KEYS}
    result["tokens_per_second"] = number(proof.get("tokens_per_second"))
    if result["status"] not in ("passed", "failed", "skipped"):  # evidence is text, not a word nobody knows
        result["status"] = "passed" if result["text"] and not result["status"] else "failed"
    result.update({key: proof[key] for key in _EXTRA if proof.get(key) is not None})
    shown = proof.get("shown")  # beside the text, in the engine's words
    if isinstance(shown, list):
        result["shown"] = [item for item in shown if isinstance(item, str)]
    return {**result, **_worth(result, part(stack, "inference"))}


def _worth(proof: dict[str, Any], planned: dict[str, Any]) -> dict[str, str | None]:
    """What a proof shows and does not: as its plan says, else as the ladder does; nothing where none was given."""
    if proof["status"] == "skipped":
        return {"shows": None, "not_shown": None}
    rung = planned if planned.get("engine") == proof["engine"] else {}
    if not rung.get("shows"):
        engine = proof["engine"] or ladder.FIRST_ENGINE
        rows = catalog.load()["proofs"]
        place = ladder.place({"proofs": rows}, engine, text(proof.get("model")))
        rung = rows[place] if place is not None else {}
    return {name: text(rung.get(name)) for name in ("shows", "not_shown")}

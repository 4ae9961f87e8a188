# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OM models of a host for the report: for which chip, by which CANN, from which checkpoint, and whether proven."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean, wrap
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import number, part, rows, text

SHORT = 12  # digits of a hash that people compare


def of_host(facts: dict, given: dict) -> list[dict[str, Any]]:
    """The models that lie on a host, and those that this run proved or refused there, by name.

    Args:
        facts: the host as observed: C(om_models), and the proof that it keeps.
        given: C(om_check_result), what this run found of models.
    """
    fresh, kept = part(given, "models"), part(part(part(facts, "proofs"), "om"), "models")
    staged = {row["name"]: row for row in rows(facts, "om_models") if isinstance(row, dict) and row.get("name")}
    found = []
    for name in sorted({*staged, *fresh}):
        row, now = staged.get(name) or {}, part(fresh, name)
        entry = now or part(kept, name)
        if not now and row.get("sha256") != entry.get("sha256"):
            entry = {}  # what was proven was another model of that name
        from_both = {**row, **{key: value for key, value in now.items() if value is not None}}
        source = part(from_both, "source")
        found.append(
            {
                "name": str(name),
                "soc": text(from_both.get("soc")),
                "cann": text(from_both.get("cann")),
                "sha256": text(from_both.get("sha256")),
                "framework": " ".join(filter(None, (text(source.get("framework")), text(source.get("version")))))
                or None,
                "checkpoint_sha256": text(source.get("checkpoint_sha256")),
                "status": entry["status"] if entry.get("status") in ("passed", "failed") else None,
                "reason": text(entry.get("reason")),
                "latency_ms": number(part(entry, "latency_ms").get("mean")),
                "throughput": number(entry.get("throughput")),
            }
        )
    return found


def lines(hosts: list[dict], named: Any, limit: int) -> list[str]:
    """The models in words; hosts that have the same share a line.

    Args:
        hosts: records of the report.
        named: writes the names of hosts as lines, given names, lines at most, columns and what stands before.
        limit: columns.
    """
    groups: dict[tuple, list[str]] = defaultdict(list)
    for host in hosts:
        for model in host["models"]:
            groups[(model["name"], _words(model))].append(host["name"])
    found = []
    for (name, words), names in groups.items():
        found += named(names, 2, limit, f"model {clean(name)} on ")
        found += wrap(words, limit, "  ", "  ")
    return found


def _words(model: dict[str, Any]) -> str:
    made = [model["soc"], model["cann"] and f"CANN {model['cann']}", model["framework"]]
    checkpoint = model["checkpoint_sha256"]
    made.append(f"checkpoint {checkpoint[:SHORT]}" if checkpoint else "checkpoint not told")
    made.append({"passed": "proven", "failed": "refused or wrong"}.get(model["status"], "not proven"))
    return ", ".join(word for word in made if word)

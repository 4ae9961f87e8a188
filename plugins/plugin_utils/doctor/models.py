# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about the OM models of a host: whether they fit its chips and its CANN. See rules.py."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import BASES
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import chip_names, om
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.wrong_input import InputError
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.rule import rule
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts


def _models(facts: Facts) -> list[dict[str, Any]]:
    return [row for row in facts.get("om_models") or () if row["present"]]


def _socs(facts: Facts, tables: dict[str, Any]) -> tuple[str, ...]:
    """The SoCs of the chips that npu-smi lists; none where one of their names does not tell."""
    found = set()
    for chip in facts["npu"]["chips"]:
        try:
            found.add(chip_names.family(chip["name"], tables)[1])
        except InputError:
            found.add(None)
    return () if None in found else tuple(sorted(soc for soc in found if soc))


def _other_chip(facts: Facts) -> str | None:
    models = _models(facts)
    tables = facts.get("catalog") or catalog.load() if models else {}
    socs = _socs(facts, tables) if models else ()
    reasons = ((row, om.for_another_chip(tables, row["soc"], facts["accelerators"]["family"], socs)) for row in models)
    return "; ".join(f"{row['name']}: {reason} ({row['path']})" for row, reason in reasons if reason) or None


def _newer_cann(facts: Facts) -> str | None:
    bases = [row for row in facts["cann"] if row["product"] in BASES and row["version"] and not row["damaged"]]
    current = [row["version"] for row in bases if row["latest"]] or [row["version"] for row in bases]
    newest = max(current, key=versions.key, default=None)
    rows = [row for row in _models(facts) if newest and om.of_a_newer_cann(row["cann"], newest)]
    return (
        "; ".join(f"{row['name']} is of CANN {row['cann']}, here is {newest} ({row['path']})" for row in rows) or None
    )


def _gone(facts: Facts) -> str | None:
    return "; ".join(row["path"] for row in facts.get("om_models") or () if not row["present"]) or None


RULES: tuple[dict[str, Any], ...] = (
    rule(
        "om-chip",
        "error",
        _other_chip,
        "An OM model is for another chip, and does not load.",
        "Convert the exported model for this chip (--soc_version): ascend.fleet.handover does, once for every SoC of "
        "the fleet.",
        "Tlntin/qwen-ascend-llm#12",
    ),
    rule(
        "om-cann",
        "error",
        _newer_cann,
        "An OM model was converted with a newer CANN than there is here.",
        "Convert it with the CANN of this host or an older one, or bring this host to that CANN (ascend_cann_version).",
        "atc-model-converter of awesome-ascend-skills",
    ),
    rule(
        "om-missing",
        "error",
        _gone,
        "The record of an OM model is there, and the model is not.",
        "Run the playbook that staged it again, or remove the record beside it (.om.json).",
        "files of this host",
    ),
)

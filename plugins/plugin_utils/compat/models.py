# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for a model: which MindFormers releases carry it, on which chips, and what it cannot do there."""

import difflib

from ansible_collections.ascend.fleet.plugins.module_utils import versions


def model(case):
    """model-unknown, model-mindformers, model-chip, model-feature."""
    name = case.get("model")
    if not name:
        return
    rows = {row["model"]: row for row in case.catalog["models"]}
    if name not in rows:
        near = difflib.get_close_matches(name, rows, n=3) or sorted(rows)[:3]
        case.error(
            "model-unknown",
            "model {} is not in the catalog; nearest: {}. Add it in your catalog overlay "
            "(models.yml) if your MindFormers has it.".format(name, ", ".join(near)),
            "catalog/models.yml",
            "model",
        )
        return
    row = rows[name]
    _release(case, row)
    chip = case.chip_row()
    if chip is not None and row["chips"] and case.chip not in row["chips"]:
        inference = chip["role"] == "inference"
        # MindFormers does not run there, and a generation is no graph of fixed sizes that ATC could convert.
        why = (
            f" {chip['name']} only infers, from models converted to OM; MindFormers does not run there, nor is its "
            "text generation converted."
            if inference
            else ""
        )
        (case.error if inference else case.warn)(
            "model-chip",
            f"model {name}: documented on chip {', '.join(row['chips'])}, not on {case.chip}.{why} Run it on a host "
            f"of chip {row['chips'][0]}.",
            row["source"],
            "model",
        )
    for feature, wanted in (
        ("int8", case.get("quantization") == "int8"),
        ("multi_card_inference", int(case.get("inference_cards") or 1) > 1),
    ):
        if wanted and feature in (row.get("cannot") or {}):
            _feature(case, row, feature, row["cannot"][feature])


def _feature(case, row, feature, limit):
    """limit: until = the last release that is known not to do it, from = the first whose package does, or None."""
    wanted, words = case.get("mindformers"), feature.replace("_", " ")
    since = "no later release documents it"
    if limit["from"]:
        since = "MindFormers {} is the first that has it".format(limit["from"])
    if wanted is None or versions.compare(wanted, limit["until"]) <= 0:
        case.error(
            "model-feature",
            "model {}: {} was not possible up to MindFormers {}; {}. Turn it off, or set "
            "ascend_mindformers_version accordingly.".format(row["model"], words, limit["until"], since),
            row["source"],
            "mindformers",
        )
    elif limit["from"] is None or versions.compare(wanted, limit["from"]) < 0:
        case.warn(
            "model-feature",
            "model {}: {} with MindFormers {} is not documented; {}.".format(row["model"], words, wanted, since),
            row["source"],
            "mindformers",
        )


def _release(case, row):
    wanted = case.get("mindformers")
    if not wanted or not row["mindformers"]:
        return
    first, last = row["mindformers"]
    if versions.compare(wanted, first) < 0 or versions.compare(wanted, last) > 0:
        case.error(
            "model-mindformers",
            "model {} is carried by MindFormers {} to {}, not by {}. Set "
            "ascend_mindformers_version to one of them or choose another "
            "model.".format(row["model"], first, last, wanted),
            row["source"],
            "mindformers",
        )
    elif row.get("configs_until") and versions.compare(wanted, row["configs_until"]) > 0:
        case.warn(
            "model-mindformers",
            "model {}: MindFormers {} still lists it, its configuration was last in {}. "
            "Take that release, or bring the configuration.".format(row["model"], wanted, row["configs_until"]),
            row["source"],
            "mindformers",
        )

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
        case.error("model-unknown", "model %s is not in the catalog; nearest: %s. Add it in your catalog overlay "
                   "(models.yml) if your MindFormers has it." % (name, ", ".join(near)), "catalog/models.yml", "model")
        return
    row = rows[name]
    _release(case, row)
    chip = case.chip_row()
    if chip is not None and row["chips"] and case.chip not in row["chips"]:
        severity = case.error if chip["role"] == "inference" else case.warn
        severity("model-chip", "model %s: documented on chip %s, not on %s. Run it on a host of chip %s." % (
            name, ", ".join(row["chips"]), case.chip, row["chips"][0]), row["source"], "model")
    for feature, wanted in (("int8", case.get("quantization") == "int8"),
                            ("multi_card_inference", int(case.get("inference_cards") or 1) > 1)):
        limit = (row.get("cannot") or {}).get(feature)
        mindformers = case.get("mindformers")
        if wanted and limit and (mindformers is None or versions.compare(mindformers, limit) <= 0):
            case.error("model-feature", "model %s: %s is not possible up to MindFormers %s. Turn it off, or take a release "
                       "whose documents name it." % (name, feature.replace("_", " "), limit), row["source"], "model")


def _release(case, row):
    wanted = case.get("mindformers")
    if not wanted or not row["mindformers"]:
        return
    first, last = row["mindformers"]
    where = "MindFormers %s to %s" % (first, last) if first != last else "MindFormers %s" % first
    if versions.compare(wanted, first) < 0 or versions.compare(wanted, last) > 0:
        case.error("model-mindformers", "model %s is carried by %s, not by %s. Set ascend_mindformers_version to one of them "
                   "or choose another model." % (row["model"], where, wanted), row["source"], "mindformers")

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ladder of proofs: which computation shows the most of what a stack is to do. Data of catalog/proofs.yml, pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

Rung = dict[str, Any]  # a row of the table proofs
# What proofs were made with before they said so.
FIRST_ENGINE = "mindformers-pipeline"


def rungs(catalog: Catalog, chosen: Mapping[str, str | None]) -> Iterator[Rung]:
    """The rungs that a stack can climb, the strongest first.

    Args:
        catalog: its table proofs is the ladder.
        chosen: component -> version of the stack; None or missing where the host gets none.
    """
    return (
        row
        for row in catalog["proofs"]
        if all(_within(chosen.get(name), *limits) for name, limits in row["needs"].items())
    )


def _within(version: str | None, first: str | None, last: str | None) -> bool:
    if version is None:
        return False
    key = versions.key(version)
    return (first is None or versions.key(first) <= key) and (last is None or key <= versions.key(last))


def takes(rung: Rung, model: str | None) -> bool:
    """Whether the engine of a rung generates with a model of the user's; with its own where model is None."""
    return model is None or "loads" not in rung or model in rung["loads"]


def climb(catalog: Catalog, chosen: Mapping[str, str | None], model: str | None = None) -> Rung | None:
    """The strongest rung that a stack can climb, None where none is known.

    Args:
        catalog: as for rungs().
        chosen: as for rungs().
        model: name of the user's model; None generates with the rung's own. One that the catalog knows to be missing
            from the stack's MindFormers goes to the engine below that loads it.
    """
    able = [rung for rung in rungs(catalog, chosen) if takes(rung, model)]
    carried = [rung for rung in able if "loads" in rung or not lacking(catalog, model, chosen.get("mindformers"))]
    return next(iter(carried or able), None)


def lacking(catalog: Catalog, model: str | None, mindformers: str | None) -> dict[str, Any] | None:
    """The row of a model that this MindFormers release does not carry; None where it does, or nobody knows."""
    row = next((item for item in catalog["models"] if item["model"] == model), None)
    if row is None or mindformers is None or _within(mindformers, *row["mindformers"]):
        return None
    return row


def place(catalog: Catalog, engine: str | None, model: str | None) -> int | None:
    """How strong a proof is: its rung's place from the top, 0 for the strongest; None for one that is no rung."""
    for number, row in enumerate(catalog["proofs"]):
        if (row["engine"], row["model"]) == (engine, model):
            return number
    return None


def words(engine: str | None, model: str | None) -> str | None:
    """A rung as plan and report call it: C(mindformers-pipeline, llama)."""
    return ", ".join(filter(None, (engine, model))) or None

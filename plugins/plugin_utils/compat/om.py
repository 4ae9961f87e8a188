# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for models on their way to inference chips: an OM is for one SoC, made by one CANN, from one graph."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import chip_names
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.wrong_input import InputError
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

# Chips whose boards are small computers of their own.
_SMALL = ("310b",)
_ANOTHER_CHIP = "github:Tlntin/qwen-ascend-llm#12 (an OM of a 910B does not load on a 310B); ATC's --soc_version"
_ANOTHER_CANN = "atcskill (the same or a newer CANN than the converter's)"


def for_another_chip(catalog: Catalog, om_soc: str, chip: str | None, socs: tuple[str, ...] = ()) -> str | None:
    """Why an OM does not load on a chip; None where it does, or the chip is not known well enough.

    Args:
        catalog: its table chips is asked.
        om_soc: the SoC that the OM was made for, such as Ascend310P3.
        chip: the family there, such as 310p.
        socs: the SoCs there, where they are known.
    """
    if socs:
        return None if om_soc in socs else f"it is for {om_soc}, and here is {', '.join(socs)}"
    if chip is None:
        return None
    try:
        family = chip_names.family(om_soc, catalog, "the OM's SoC")[0]
    except InputError:
        return f"it is for {om_soc}, which is no SoC that is known, and here is chip {chip}"
    return None if family == chip else f"it is for {om_soc}, a chip {family}, and here is chip {chip}"


def of_a_newer_cann(om_cann: str, cann: str) -> bool:
    """Whether an OM was made by a newer CANN than the one that shall run it."""
    return versions.compare(om_cann, cann) > 0


def om_chip(case: Case) -> None:
    """An OM on a host: for its chip, or for another one."""
    soc = case.get("om_soc")
    if not soc:
        return
    here = (case.host["soc"],) if case.host.get("soc") else ()
    reason = for_another_chip(case.catalog, soc, case.chip, here)
    if reason:
        case.error(
            "om-chip",
            f"The OM does not load on this host: {reason}. Convert the exported model for the chip of this host "
            "(--soc_version).",
            _ANOTHER_CHIP,
        )


def om_cann(case: Case) -> None:
    """An OM and the CANN that runs it, which may be newer than the one that made it and not older."""
    made, here = case.get("om_cann"), case.get("cann")
    if not made or not here:
        return
    if of_a_newer_cann(made, here):
        case.error(
            "om-cann",
            f"The OM was converted with CANN {made}, and this host has the older {here}. Convert it with CANN {here} "
            f"or an older one, or set ascend_cann_version to {made} or newer here.",
            _ANOTHER_CANN,
            "cann",
        )
    elif versions.compare(made, here) < 0:
        case.info(
            "om-cann",
            f"The OM was converted with CANN {made}, and the newer {here} runs it; on a virtual NPU it may not. The "
            "proof on the host tells.",
            _ANOTHER_CANN,
            "cann",
        )


def onnx_opset(case: Case) -> None:
    """The operators of an ONNX model, and what ATC of this CANN is written for. ATC has the last word."""
    asked, row = case.get("opset"), _converter(case)
    if not asked or row is None or asked in row["opsets"]:
        return
    known = ", ".join(map(str, row["opsets"]))
    case.warn(
        "onnx-opset",
        f"ONNX opset {asked}: ATC of CANN {case.get('cann')} is written for {known}, and refuses what else it has no "
        f"parser for (E19010). Export with one of these (model_export_opset: {max(row['opsets'])}).",
        row["source"],
        "model_export_opset",
    )


def atc_python(case: Case) -> None:
    """The Python and the numpy that ATC compiles operators with."""
    cann, python, numpy = case.get("cann"), case.get("atc_python"), case.get("atc_numpy")
    row = _converter(case)
    if python and row and row.get("python"):
        first, last = row["python"]
        if not versions.key(first) <= versions.key(".".join(python.split(".")[:2])) <= versions.key(last):
            # Of a release without a row of its own nobody says it.
            (case.error if versions.same(row["atc"], cann) else case.warn)(
                "atc-python",
                f"ATC of CANN {row['atc']} compiles with Python {first} to {last}, not {python}. Name another Python "
                "for the conversion, or convert with a newer CANN.",
                row["source"],
            )
    limits = [row for row in case.catalog["atc"] if row.get("numpy_below") and cann]
    for row in limits:
        if numpy and versions.compare(cann, row["atc"]) <= 0 <= versions.compare(numpy, row["numpy_below"]):
            case.error(
                "atc-python",
                f"ATC of CANN {cann} compiles with a numpy older than {row['numpy_below']}, not {numpy}. Take "
                f"an environment with numpy<{row['numpy_below']} for the conversion.",
                row["source"],
            )


def atc_memory(case: Case) -> None:
    """A small board that is to convert by itself."""
    if case.get("atc") == "here" and case.chip in _SMALL:
        case.warn(
            "atc-memory",
            f"A board of chip {case.chip} is small for a conversion: one took hours with 12 GB of memory, and "
            "smaller ones end it. Convert on a server with a toolkit, which needs no NPU for it; else set "
            "TE_PARALLEL_COMPILER and MAX_COMPILE_CORE_NUMBER to 1.",
            "github:Tlntin/qwen-ascend-llm#5",
        )


def _converter(case: Case) -> dict[str, Any] | None:
    """The row of the CANN being judged: its own, or the nearest one before it; None where there is none."""
    cann = case.get("cann")
    rows = [row for row in case.catalog["atc"] if cann and versions.compare(row["atc"], cann) <= 0]
    return max(rows, key=lambda row: versions.key(row["atc"]), default=None)

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for TensorFlow and the adapter that brings it to an NPU."""

from __future__ import annotations

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case, joins
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.framework import minor


def tensorflow_chip(case: Case) -> None:
    """tensorflow-chip: newer product lines have no adapter."""
    row = case.row("tensorflow")
    if row and case.chip and case.chip not in row["chips"]:
        case.error(
            "tensorflow-chip",
            f"the adapter of TensorFlow {row['tensorflow']} is for chip {' and '.join(row['chips'])}, not for "
            f"{case.chip}. Take PyTorch (ascend_torch_version) or MindSpore (ascend_mindspore_version) there.",
            row["source"],
            "tensorflow",
        )


@joins("tensorflow", "python")
def tensorflow_python(case: Case) -> None:
    """tensorflow-python: there are wheels for few Pythons only."""
    row, python = case.row("tensorflow"), case.get("python")
    if not row or not python:
        return
    oldest, newest = row["python"]
    if minor(oldest) <= minor(python) <= minor(newest):
        case.confirm(
            "tensorflow-python", f"TensorFlow {row['tensorflow']} has wheels for Python {python}", row["source"]
        )
        return
    span = oldest if oldest == newest else f"{oldest} to {newest}"
    case.error(
        "tensorflow-python",
        f"TensorFlow {row['tensorflow']} has wheels for Python {span}, not for {python}. Set ascend_python_version to "
        f'"{newest}".',
        row["source"],
        "python",
    )


@joins("tensorflow", "cann")
def tensorflow_cann(case: Case) -> None:
    """tensorflow-cann: the releases whose documents have the adapter."""
    row, cann = case.row("tensorflow"), case.get("cann")
    if not row or not cann:
        return
    oldest, newest = row["cann"]
    base = versions.community_base(cann)
    if versions.compare(base, oldest) >= 0 and versions.compare(base, newest) <= 0:
        told = f"the documents of CANN {oldest} to {newest} have the adapter of TensorFlow {row['tensorflow']}"
        case.confirm("tensorflow-cann", told, row["source"])
        return
    case.warn(
        "tensorflow-cann",
        f"the documents of CANN {cann} do not have the adapter of TensorFlow {row['tensorflow']}: known are {oldest} "
        f"to {newest}. Choose one of these with ascend_cann_version, or see that there is an adapter for it.",
        row["source"],
        "cann",
    )

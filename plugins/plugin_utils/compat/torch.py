# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for torch and torch_npu: with each other, with CANN, with Python."""

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.framework import minor


def _pairs(case):
    """Every (CANN row, torch, torch_npu) the catalog knows."""
    return [(row, torch, plugin) for row in case.catalog["torch_npu"] for torch, plugin in row["rows"].items()]


def torch_npu_torch(case):
    """torch-npu-torch: the wheel requires exactly one torch."""
    torch, plugin = case.get("torch"), case.get("torch_npu")
    if not torch or not plugin:
        return
    known = [(row, name) for row, name, item in _pairs(case) if versions.same(item, plugin)]
    if any(versions.same(name, torch) for _row, name in known):
        case.confirm("torch-npu-torch", f"torch_npu {plugin} is made for torch {torch}", known[0][0]["source"])
    elif known:
        case.error(
            "torch-npu-torch",
            f"torch_npu {plugin} requires torch {known[0][1]}, not {torch}. Set torch to {known[0][1]}.",
            known[0][0]["source"],
            "torch",
        )
    elif versions.release(torch) != versions.release(plugin):
        case.error(
            "torch-npu-torch",
            f"torch_npu {plugin} with torch {torch}: the first three numbers must be equal.",
            "torchnpu",
            "torch",
        )


def torch_npu_cann(case):
    """torch-npu-cann: each torch_npu release is made for one CANN release."""
    plugin, torch, cann = case.get("torch_npu"), case.get("torch"), case.row("cann")
    if cann is None or not (plugin or torch):
        return
    row = next((item for item in case.catalog["torch_npu"] if versions.same(item["cann"], cann["cann"])), None)
    if row is None:
        case.unknown(
            "torch-npu-cann", "CANN {}: no document names its torch_npu".format(case.get("cann")), cann["source"]
        )
        return
    offered = ", ".join(
        "torch {} with torch_npu {}".format(*pair)
        for pair in sorted(row["rows"].items(), key=lambda pair: versions.key(pair[0]), reverse=True)
    )
    if plugin:
        homes = [item["cann"] for item, _torch, name in _pairs(case) if versions.same(name, plugin)]
        if any(versions.same(name, cann["cann"]) for name in homes):
            case.confirm(
                "torch-npu-cann",
                "torch_npu {} on CANN {}: published as a pair".format(plugin, cann["cann"]),
                row["source"],
            )
        elif homes:
            case.error(
                "torch-npu-cann",
                "torch_npu {} is made for CANN {}, not {}. For CANN {} take {}.".format(
                    plugin, " or ".join(homes), case.get("cann"), case.get("cann"), offered
                ),
                row["source"],
                "cann",
            )
        else:
            case.warn(
                "torch-npu-cann",
                "torch_npu {} on CANN {}: not documented; documented are {}.".format(plugin, case.get("cann"), offered),
                row["source"],
                "cann",
            )
    elif not any(versions.same(name, torch) for name in row["rows"]):
        case.error(
            "torch-npu-cann",
            "torch {} has no torch_npu for CANN {}. For CANN {} take {}.".format(
                torch, case.get("cann"), case.get("cann"), offered
            ),
            row["source"],
            "cann",
        )


def torch_python(case):
    """torch-python: the Pythons a torch release has torch_npu wheels for."""
    torch, python = case.get("torch"), case.get("python")
    if not torch and case.get("torch_npu"):
        torch = next((name for _row, name, item in _pairs(case) if versions.same(item, case.get("torch_npu"))), None)
    if not torch or not python:
        return
    row = next((item for item in case.catalog["torch"] if versions.same(item["torch"], torch)), None)
    if row is None:
        return
    oldest, newest = row["python"]
    if not versions.key(oldest) <= versions.key(minor(python)) <= versions.key(newest):
        case.error(
            "torch-python",
            f"torch_npu for torch {torch} has wheels for Python {oldest} to {newest}, not for {minor(python)}. Set "
            f'ascend_python_version to "{newest}".',
            row["source"],
            "python",
        )

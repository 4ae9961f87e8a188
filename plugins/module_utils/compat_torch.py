# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for torch and torch_npu: with each other, with CANN, with Python."""

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.compat_framework import minor


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
        case.confirm("torch-npu-torch", "torch_npu %s is made for torch %s" % (plugin, torch), known[0][0]["source"])
    elif known:
        case.error(
            "torch-npu-torch",
            "torch_npu %s requires torch %s, not %s. Set torch to %s." % (plugin, known[0][1], torch, known[0][1]),
            known[0][0]["source"],
            "torch",
        )
    elif versions.release(torch) != versions.release(plugin):
        case.error(
            "torch-npu-torch",
            "torch_npu %s with torch %s: the first three numbers must be equal." % (plugin, torch),
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
        case.unknown("torch-npu-cann", "CANN %s: no document names its torch_npu" % case.get("cann"), cann["source"])
        return
    offered = ", ".join(
        "torch %s with torch_npu %s" % pair
        for pair in sorted(row["rows"].items(), key=lambda pair: versions.key(pair[0]), reverse=True)
    )
    if plugin:
        homes = [item["cann"] for item, _torch, name in _pairs(case) if versions.same(name, plugin)]
        if any(versions.same(name, cann["cann"]) for name in homes):
            case.confirm(
                "torch-npu-cann", "torch_npu %s on CANN %s: published as a pair" % (plugin, cann["cann"]), row["source"]
            )
        elif homes:
            case.error(
                "torch-npu-cann",
                "torch_npu %s is made for CANN %s, not %s. For CANN %s take %s."
                % (plugin, " or ".join(homes), case.get("cann"), case.get("cann"), offered),
                row["source"],
                "cann",
            )
        else:
            case.warn(
                "torch-npu-cann",
                "torch_npu %s on CANN %s: not documented; documented are %s." % (plugin, case.get("cann"), offered),
                row["source"],
                "cann",
            )
    elif not any(versions.same(name, torch) for name in row["rows"]):
        case.error(
            "torch-npu-cann",
            "torch %s has no torch_npu for CANN %s. For CANN %s take %s."
            % (torch, case.get("cann"), case.get("cann"), offered),
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
            "torch_npu for torch %s has wheels for Python %s to %s, not for %s. Set "
            'ascend_python_version to "%s".' % (torch, oldest, newest, minor(python), newest),
            row["source"],
            "python",
        )

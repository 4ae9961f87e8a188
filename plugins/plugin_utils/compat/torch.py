# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for torch and torch_npu: with each other, with CANN, with Python.

Versions are compared without their local part: torch prints 2.10.0+cpu, a build of torch_npu 2.9.0.post1+git4c901a4.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case, joins
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.framework import minor
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import public, stands_for, torch_pairs


def _plugin(case: Case) -> str | None:
    """The torch_npu asked for, by the name the catalog has of it."""
    plugin = case.get("torch_npu")
    return public(stands_for(case.catalog, "torch_npu", plugin) or plugin) if plugin else None


def _torch(case: Case) -> str | None:
    return public(case.get("torch")) if case.get("torch") else None


def _of(case: Case, plugin: str) -> list[tuple[dict[str, Any], str]]:
    """Every (row, torch) of a torch_npu; that of its wheel alone where no document names its CANN."""
    pairs = [(row, torch) for row, torch, known in torch_pairs(case.catalog) if versions.same(public(known), plugin)]
    wheels = [(row, row["torch"]) for row in case.catalog["torch"] if plugin in (row.get("torch_npu") or [])]
    return pairs or wheels


@joins("torch", "torch_npu")
def torch_npu_torch(case: Case) -> None:
    """torch-npu-torch: the wheel requires exactly one torch."""
    torch, plugin = _torch(case), _plugin(case)
    if not torch or not plugin:
        return
    known = _of(case, plugin)
    if any(versions.same(name, torch) for _row, name in known):
        text = f"torch_npu {case.get('torch_npu')} is made for torch {torch}"
        case.confirm("torch-npu-torch", text, known[0][0]["source"])
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
            f"torch_npu {plugin} with torch {torch}: the first three numbers must be equal. Set torch to "
            f"{'.'.join(plugin.split('.')[:3])}.",
            "torchnpu",
            "torch",
        )
    else:
        case.warn(
            "torch-npu-torch",
            f"torch_npu {case.get('torch_npu')} with torch {torch}: their first three numbers are equal, as they must "
            "be, but no document calls them a pair. Take a torch_npu that the catalog names for this torch.",
            "torchnpu",
            "torch_npu",
        )


@joins("torch_npu", "cann")
def torch_npu_cann(case: Case) -> None:
    """torch-npu-cann: the CANN a torch_npu is made for, or one that Huawei calls compatible with it."""
    plugin, torch, cann = _plugin(case), _torch(case), case.row("cann")
    if cann is None or not (plugin or torch):
        return
    oldest = cann.get("torch_npu_minimum")
    if oldest and versions.compare(plugin or torch, oldest) < 0:
        what = f"torch_npu {plugin}" if plugin else f"torch_npu for torch {torch}"
        case.error(
            "torch-npu-cann",
            f"{what} does not load on CANN {case.get('cann')}, whose libraries it needs are gone. Take torch_npu "
            f"{oldest} "
            "or newer, or an older CANN.",
            cann["source"],
            "cann",
        )
        return
    row: dict[str, Any] = next(
        (item for item in case.catalog["torch_npu"] if versions.same(item["cann"], cann["cann"])), {}
    )
    if plugin:
        _plugin_on_cann(case, plugin, cann, row)
    elif torch:
        _torch_on_cann(case, torch, cann, row)


def _offered(case: Case, row: dict[str, Any]) -> str:
    """What the documents name for the CANN asked for, the newest torch first, as a sentence."""
    if not row:
        return "No document names its torch_npu."
    first = [(torch, named[0] if isinstance(named, list) else named) for torch, named in row["rows"].items()]
    first.sort(key=lambda pair: versions.key(pair[0]), reverse=True)
    named = ", ".join(f"torch {torch} with torch_npu {plugin}" for torch, plugin in first)
    return f"For CANN {case.get('cann')} take {named}."


def _plugin_on_cann(case: Case, plugin: str, cann: dict[str, Any], row: dict[str, Any]) -> None:
    homes = [item for item, _torch in _of(case, plugin) if item.get("cann")]
    name, what = cann["cann"], f"torch_npu {case.get('torch_npu')} on CANN {case.get('cann')}"
    home = next((item for item in homes if versions.same(item["cann"], name)), None)
    if home:
        case.confirm("torch-npu-cann", f"{what}: published as a pair", home["source"])
        return
    made = " or ".join(item["cann"] for item in homes)
    released = ".dev" not in plugin
    also = next((item for item in homes if released and name in (item.get("also_cann") or [])), None)
    if also:
        text = f"{what}: compatible by Huawei's table, made for CANN {made}"
        case.info("torch-npu-cann", text, also["source"])
    elif not homes and not row:
        case.unknown(
            "torch-npu-cann", f"{what}: no document names the CANN of one or the torch_npu of the other", cann["source"]
        )
    elif not homes:
        case.warn(
            "torch-npu-cann",
            f"{what}: not documented, no source names the CANN of this torch_npu. {_offered(case, row)}",
            row["source"],
            "torch_npu",
        )
    elif any(_near(name, item["cann"]) for item in homes):
        case.warn(
            "torch-npu-cann",
            f"{what}: not documented, it is made for CANN {made}. {_offered(case, row)}",
            (row or homes[0])["source"],
            "cann",
        )
    else:
        case.error(
            "torch-npu-cann",
            f"torch_npu {plugin} is made for CANN {made}, not {case.get('cann')}. {_offered(case, row)}",
            (row or homes[0])["source"],
            "cann",
        )


def _near(cann: str, home: str) -> bool:
    """Of one series, or a newer CANN of the same first number: CANN keeps what it offers until that changes."""
    same = versions.key(cann)[0] == versions.key(home)[0]
    return versions.series(cann) == versions.series(home) or (same and versions.compare(cann, home) > 0)


def _torch_on_cann(case: Case, torch: str, cann: dict[str, Any], row: dict[str, Any]) -> None:
    name = cann["cann"]
    if any(versions.same(known, torch) for known in row.get("rows") or {}):
        return
    homes = [item for item, known, _plugin in torch_pairs(case.catalog) if versions.same(known, torch)]
    what = f"torch {torch} on CANN {case.get('cann')}"
    also = next((item for item in homes if name in (item.get("also_cann") or [])), None)
    if also:
        text = f"{what}: its torch_npu for CANN {also['cann']} is compatible by Huawei's table"
        case.info("torch-npu-cann", text, also["source"])
    elif not row:
        case.unknown("torch-npu-cann", f"CANN {case.get('cann')}: no document names its torch_npu", cann["source"])
    elif any(_near(name, item["cann"]) for item in homes) or not homes:
        case.warn("torch-npu-cann", f"{what}: not documented. {_offered(case, row)}", row["source"], "cann")
    else:
        case.error(
            "torch-npu-cann",
            f"torch {torch} has no torch_npu for CANN {case.get('cann')}. {_offered(case, row)}",
            row["source"],
            "cann",
        )


def torch_python(case: Case) -> None:
    """torch-python: the Pythons a torch release has torch_npu wheels for."""
    torch, plugin, python = _torch(case), _plugin(case), case.python("torch")
    if not torch and plugin:
        torch = next((name for _row, name in _of(case, plugin)), None)
    if not torch or not python:
        return
    row = next((item for item in case.catalog["torch"] if versions.same(item["torch"], torch)), None)
    if row is None or not row.get("python"):
        case.unknown(
            "torch-python", f"torch {torch} with Python {minor(python)}: no document names its Pythons", "torchnpu"
        )
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

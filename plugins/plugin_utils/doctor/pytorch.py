# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about PyTorch: its build, the CANN and the NNAL that torch_npu looks for. See rules.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import BASES
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.rule import rule
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts
from ansible_collections.ascend.fleet.plugins.plugin_utils.torch_packages import CPU_BUILD

_WHEEL = "torch_npu's __init__.py as published on PyPI (2.7.1.post4)"
_ATB_SINCE = "2.5.1"  # torch_npu from which on its ATB operators call NNAL


def _environments(facts: Facts) -> Iterator[tuple[str, str | None, str]]:
    """(name, torch, torch_npu) of every environment that has a torch_npu."""
    for env in facts["environments"]:
        plugin = env["packages"].get("torch-npu")
        if plugin:
            yield env["name"], env["packages"].get("torch"), plugin


def _bases(facts: Facts) -> list[str]:
    """The releases of toolkit, nnae or nnrt that are there."""
    return [row["version"] for row in facts["cann"] if row["product"] in BASES and row["version"]]


def _nnal(facts: Facts) -> list[str]:
    return [row["version"] for row in facts["cann"] if row["product"] == "nnal" and row["version"]]


def _cuda(facts: Facts) -> str | None:
    """A torch for CUDA says +cu126; on PyPI the one for x86_64 says nothing and is for CUDA all the same."""
    build = CPU_BUILD.get(facts["arch"], "")
    rows = [
        f"{name} has torch {torch} beside torch_npu {plugin}"
        for name, torch, plugin in _environments(facts)
        if torch and ("+cu" in torch or (build and not torch.endswith(build) and "+" not in torch))
    ]
    return "; ".join(rows) or None


def _without_cann(facts: Facts) -> str | None:
    rows = [] if _bases(facts) else [f"{name} has torch_npu {plugin}" for name, _torch, plugin in _environments(facts)]
    return "; ".join(rows) or None


def _nnal_missing(facts: Facts) -> str | None:
    if _nnal(facts) or not _bases(facts):
        return None
    rows = [
        f"{name} has torch_npu {plugin}"
        for name, _torch, plugin in _environments(facts)
        if versions.compare(plugin, _ATB_SINCE) >= 0
    ]
    return "; ".join(rows) or None


def _nnal_other(facts: Facts) -> str | None:
    here, bases = _nnal(facts), _bases(facts)
    strange = [version for version in here if bases and not any(versions.same(version, base) for base in bases)]
    return f"NNAL {', '.join(strange)}, CANN {', '.join(bases)}" if strange else None


RULES: tuple[dict[str, Any], ...] = (
    rule(
        "torch-cuda",
        "error",
        _cuda,
        "This torch is a build for CUDA, and torch_npu refuses to load beside it.",
        "Put the build for the CPU in its place: torch==<version>+cpu from https://download.pytorch.org/whl/cpu. The "
        "role ascend.fleet.torch does, from the bundle.",
        _WHEEL,
    ),
    rule(
        "torch-without-cann",
        "error",
        _without_cann,
        "torch_npu finds no CANN; from 2.5.1 on even import torch fails then.",
        "Install CANN (ascend_torch_version brings it), and source its set_env.sh, or start through bin/ascend-run of "
        "the environment. TORCH_DEVICE_BACKEND_AUTOLOAD=0 lets torch be imported without torch_npu.",
        _WHEEL,
        container="Use an image with CANN in it, and source its set_env.sh.",
    ),
    rule(
        "nnal-missing",
        "warning",
        _nnal_missing,
        "There is no NNAL: the ATB operators of torch_npu and serving engines do not find libatb.so.",
        "Install Ascend-cann-nnal of CANN's version (ascend_torch_version or ascend_nnal_version bring it); it stands "
        "on the toolkit, not on nnae. Then source nnal/atb/set_env.sh.",
        "vllm-ascend#152; installation guide of Ascend/pytorch",
    ),
    rule(
        "nnal-other-release",
        "error",
        _nnal_other,
        "NNAL and CANN are of different releases.",
        "Install the NNAL of CANN's version: symbols are missing in libatb.so otherwise.",
        "vllm-ascend#117",
    ),
)

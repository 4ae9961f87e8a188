# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people start from when they ask `resolve`: MindSpore, torch, torch_npu, an engine, CANN, or a driver alone.

Frameworks and engines that no component installs become the CANN they need; what they are and where they come from is
told beside the stack. Whoever names no framework is asked for none: the vendor's packages are the stack then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import VARIABLES
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.serving import ENGINES, TITLES
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import (
    cited,
    find_row,
    known_versions,
    public,
    stands_for,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

# What may be asked for and is not installed: name -> its variable. Engines name their torch_npu, that its torch.
_OTHERS = ("vllm_ascend", "mindie", "mindcluster", "torch_npu", "torch", "nnal")
OTHERS = {name: VARIABLES[name] for name in _OTHERS if name not in components.NAMES}
VENDORS = tuple(one.name for one in components.ALL if one.packaged and not one.aside)
FRAMEWORKS = tuple(one.name for one in components.ALL if one.versioned and not one.packaged)


@dataclass
class Asked:
    """pins: for the resolver. named: what else belongs to the answer, name -> version. problem: why there is none."""

    pins: dict[str, Any]
    named: dict[str, str] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)
    problem: str | None = None
    canns: list[str] = field(default_factory=list)  # further CANN releases that would do, the best first


def read(catalog: Catalog, pins: Mapping[str, Any]) -> Asked:
    """The question in the resolver's words.

    Args:
        catalog: plugin_utils.catalog.load().
        pins: as resolver.resolve takes them, and versions of OTHERS.

    Returns:
        Asked; its problem names the variable and the nearest known versions when one is not known.
    """
    others = {name: pins[name] for name in OTHERS if pins.get(name) not in (None, "", "auto")}
    asked = Asked({name: value for name, value in pins.items() if name not in OTHERS})
    for name, version in others.items():
        if not _known(catalog, name, version):
            near = ", ".join(versions.nearest(version, known_versions(catalog, name)))
            asked.problem = (
                f"{OTHERS[name]} {version} is not in the catalog; nearest known: {near}. Correct the version, or "
                f"describe "
                "it in a catalog overlay (ascend_catalog_overlay, see docs/catalog.md)."
            )
            return asked
    asked.named.update(others)
    _follow(catalog, asked)
    _parts(catalog, asked)
    return asked


def _known(catalog: Catalog, name: str, version: str) -> bool:
    known = [public(one) for one in known_versions(catalog, name)]
    found = any(versions.same(public(version), one) for one in known)
    return found or stands_for(catalog, name, version) is not None


def _follow(catalog: Catalog, asked: Asked) -> None:
    """From the engine to torch_npu, torch and CANN."""
    named = asked.named
    for engine in ENGINES:
        if engine in named:
            row = find_row(catalog, engine, named[engine]) or {}
            for name in ("torch_npu", "torch"):
                if row.get(name):
                    named.setdefault(name, row[name])
            _cann(catalog, asked, [row["cann"]], f"{TITLES[engine]} {named[engine]} is published with", row["source"])
    if "mindcluster" in named and "cann" not in asked.pins:
        row = find_row(catalog, "mindcluster", named["mindcluster"]) or {}
        fitting = [
            one["cann"] for one in catalog["cann"] if any(versions.satisfies(one["cann"], line) for line in row["cann"])
        ]
        finished = [name for name in fitting if versions.same(versions.community_base(name), name)]
        newest = sorted(finished, key=versions.key, reverse=True)
        _cann(
            catalog, asked, newest, f"MindCluster {named['mindcluster']} lists {', '.join(row['cann'])}:", row["source"]
        )


def _cann(catalog: Catalog, asked: Asked, names: list[str], told: str, source: str) -> None:
    """Take the first of names as the CANN, where the user did not; the others are tried when it fits nowhere."""
    if "cann" in asked.pins or not names:
        return
    asked.pins["cann"] = names[0]
    asked.canns = names[1:]
    asked.why.append(f"cann {names[0]}: {told} CANN {names[0]} ({cited(catalog, source)})")


def _parts(catalog: Catalog, asked: Asked) -> None:
    """Which components an answer has, and the flavour of CANN, where the question does not say."""
    pins = asked.pins
    given = {name for name, value in pins.items() if value not in (None, "", "auto", [])}
    serves = bool({*ENGINES} & set(asked.named))
    if "components" not in given and serves and not given & {"stack", *FRAMEWORKS}:
        # What an engine brings of Python is told beside the stack; its packages of the vendor are the stack.
        pins["components"] = list(VENDORS)
    if "cann_flavor" not in given and "stack" not in given and serves:
        pins["cann_flavor"] = "toolkit"
        asked.why.append("CANN flavour toolkit: serving engines need it")

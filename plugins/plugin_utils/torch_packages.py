# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of an environment of PyTorch beside torch and torch_npu, and what there is to say of all of them."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import on_pypi, torch_pairs, torch_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Stack

# PyPI has the CUDA build of torch for x86_64; the one for the CPU bears this in its version. For aarch64 PyPI has that.
CPU = "+cpu"
CPU_BUILD = {"x86_64": CPU}
RULE = "torch-companion"
VARIABLE = "ascend_torch_companions"
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*==\s*([A-Za-z0-9][A-Za-z0-9._+!-]*)\Z")


def beside(catalog: Catalog, python: str | None) -> list[str]:
    """The requirements that an environment of torch_npu has beside it, for a Python as 3.11."""
    row = next((row for row in catalog["torch_python"] if row["python"] == python), None)
    if row:
        return list(row["packages"])
    names = [text.partition("==")[0] for row in catalog["torch_python"] for text in row["packages"]]
    return list(dict.fromkeys(names))


def wheel(plugin: str, torch: str, python: str, arch: str) -> str:
    """The file name of a torch_npu wheel. Source: the files on PyPI and in the vendor's releases."""
    tag = f"cp{python.replace('.', '')}"
    abi = f"{tag}m" if tag == "cp37" else tag
    old = f"manylinux_2_17_{arch}.manylinux2014_{arch}" if versions.compare(torch, "2.1.0") >= 0 else f"linux_{arch}"
    platform = f"manylinux_2_28_{arch}" if versions.compare(torch, "2.7.1") >= 0 else old
    return f"torch_npu-{plugin}-{tag}-{abi}-{platform}.whl"


def companions(choice: Choice, torch: str, local: str) -> list[str]:
    """The requirements of what the user names beside torch; what cannot be is a remark of the choice.

    Args:
        choice: its pins name them.
        torch: the release, as 2.7.1.
        local: what the version of the build for the CPU ends with, as +cpu; or nothing.
    """
    found = []
    for said in choice.pins.get("torch_companions") or []:
        row = _row(choice.catalog, str(said).partition("==")[0])
        pinned = _PINNED.match(str(said).strip())
        if row and row.get("inside"):
            choice.why.append(f"{row['companion']}: inside {row['inside']}, nothing to install")
        elif pinned:
            build = local if row and row.get("cpu_build") and "+" not in pinned.group(2) else ""
            found.append(f"{_normal(pinned.group(1))}=={pinned.group(2)}{build}")
            _other(choice, row, pinned.group(2), torch)
        elif row and torch in row["versions"]:
            found.append(f"{row['companion']}=={row['versions'][torch]}{local if row.get('cpu_build') else ''}")
        elif row:
            made = ", ".join(row["versions"])
            choice.case.error(
                RULE,
                f"{VARIABLE} names {said}, and no source says which {row['companion']} goes with torch {torch}; it is "
                f"known for torch {made}. Add the version ({row['companion']}==...), choose such a torch, or leave it "
                "out.",
                row["source"],
                VARIABLE,
            )
        else:
            known = ", ".join(item["companion"] for item in choice.catalog["torch_companions"])
            choice.case.error(
                RULE,
                f"{VARIABLE} names {said!r}; it takes {known}, or a distribution with its version, as "
                "transformers==4.51.3.",
                "catalog",
                VARIABLE,
            )
    return found


def _row(catalog: Catalog, name: str) -> dict[str, Any] | None:
    return next((row for row in catalog["torch_companions"] if row["companion"] == _normal(name)), None)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _other(choice: Choice, row: dict[str, Any] | None, version: str, torch: str) -> None:
    """Warn of a version that its table does not name for this torch."""
    named = (row or {}).get("versions", {}).get(torch)
    if row and named and not versions.same(version.partition("+")[0], named):
        choice.case.warn(
            RULE,
            f"{row['companion']} {version} with torch {torch}: {named} goes with it. Take that one.",
            row["source"],
            VARIABLE,
        )


def explain(choice: Choice, entry: dict[str, Any], stack: Stack) -> None:
    """Where the parts of a PyTorch stack come from, and what an index lacks of it, for people."""
    plugin, torch = entry["torch_npu"], entry["version"]
    homes = [row for row, _base, known in torch_pairs(choice.catalog) if known == plugin]
    cann = choice.versions.get("cann")
    if cann and any(versions.same(row["cann"], cann) for row in homes):
        choice.why.append(f"torch_npu {plugin} is made for CANN {cann}")
    row = torch_row(choice.catalog, torch) or {}
    if row.get("python"):
        choice.why.append(
            f"Python {row['python'][0]} to {row['python'][1]}: torch_npu for torch {torch} has wheels for them"
        )
    elif not stack.get("python"):
        choice.case.error(
            "torch-python",
            f"no document names the Pythons of torch_npu for torch {torch}: set ascend_python_version.",
            row.get("source", "torchnpu"),
            "python",
        )
    if not on_pypi(choice.catalog, plugin):
        there = [
            name
            for name in row.get("pypi") or []
            if any(name == known for _r, _b, known in torch_pairs(choice.catalog))
        ]
        instead = f", or take one that PyPI has: {', '.join(there)}" if there else ""
        choice.case.warn(
            "torch-npu-pypi",
            f"torch_npu {plugin} is not on PyPI (images and gitcode.com/Ascend/pytorch have builds): put its wheel "
            f"into wheels/ of ascend_artifacts, or name an index that has it in ascend_wheels{instead}.",
            row.get("source", "torchnpu"),
            "torch_npu",
        )
    if entry["indexes"]:
        needs = " and ".join(text for text in entry["pypi_lacks"] if "+" in text)
        choice.case.info(
            "torch-cpu-build",
            f"{needs} is not on PyPI, whose torch for {choice.subject['arch']} is the CUDA build, beside which "
            f"torch_npu refuses to load. {' and '.join(entry['indexes'])} has it: ansible-playbook ascend.fleet.bundle "
            "takes it from there; an index in ascend_wheels has to offer it too.",
            "pypi_wheel torch_npu (requires torch==<version>+cpu on x86_64)",
        )

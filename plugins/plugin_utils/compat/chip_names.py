# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people and tools call a chip: its family, its SoC, what npu-smi prints, a nickname, the server it is in."""

from __future__ import annotations

import difflib
import re
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.wrong_input import InputError
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

_TWO_910B = (
    "npu-smi prints 910B for the first generation (chip 910), and the family 910B1 to 910B4 is A2 (chip 910b). "
    "Write 910 or "
    "910b."
)
_TWO_910 = (
    "npu-smi prints Ascend910 for every A3 (chip a3), and it is the name of the first generation (chip 910). Write "
    "a3 or "
    "910; the PCI id tells them apart (lspci -n -d 19e5:): d801 is 910, d803 is a3."
)
_VENDOR = re.compile(r"\A(?:huawei\s+)?(?:ascend[\s-]*)?", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:_\d+|vir\d+\w*)\Z", re.IGNORECASE)  # Ascend950PR_9579, Ascend310P3vir04


def family(value: Any, catalog: Catalog, where: str = "host.chip") -> tuple[str, str | None]:
    """(family, SoC or None) of what somebody calls a chip.

    910B and Ascend910 are refused, because each is the name of two things and guessing would stage the wrong driver;
    the SoC Ascend910B, written so, is clear. Raises InputError.
    """
    rows = catalog["chips"]
    keys = [row["chip"] for row in rows]
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InputError(f"{where} is {value!r}; it takes one of {', '.join(keys)}.")
    text = str(value).strip()
    if text in keys:
        return text, None
    named = _VENDOR.sub("", text).lower()
    if named == "910b" and text != "Ascend910B":
        raise InputError(f'{where} is "{text}", which means two things: {_TWO_910B}')
    if named == "910" and named != text.lower():
        raise InputError(f'{where} is "{text}", which means two things: {_TWO_910}')
    for name in dict.fromkeys((named, _SUFFIX.sub("", named))):
        for row in rows:
            soc = next((one for one in row["soc"] if one.lower() == "ascend" + name), None)
            others = [*(row.get("npu_smi_names") or []), *(row.get("also") or [])]
            if soc or name in [_VENDOR.sub("", one).lower() for one in others]:
                return row["chip"], soc
        if name in keys:
            return name, None
    return _of_product(text, catalog, where), None


def _of_product(text: str, catalog: Catalog, where: str) -> str:
    """The family of a server or card by its name: Atlas 800T A2, 300I Duo."""
    wanted = _words(text)
    found = {
        row["chip"]: product
        for row in catalog["chips"]
        for product in [*row["products"], *(item["product"] for item in row["pci"])]
        for name in _names(product)
        if name == wanted
    }
    if len(found) == 1:
        return next(iter(found))
    keys = [row["chip"] for row in catalog["chips"]]
    if found:
        listed = ", ".join(f"{product} is chip {chip}" for chip, product in found.items())
        raise InputError(f'{where} is "{text}", the name of several servers: {listed}. Write the chip.')
    near = difflib.get_close_matches(text.lower(), keys, n=2)
    hint = f" (nearest: {', '.join(near)})" if near else ""
    raise InputError(
        f"{where} {text!r} is not in the catalog{hint}; it takes one of {', '.join(keys)}, a SoC such as "
        f"Ascend910B3, or a "
        "server or card such as Atlas 800T A2."
    )


def _words(name: str) -> str:
    return " ".join(re.sub(r"\b(?:huawei|atlas)\b|[/()]", " ", name.lower()).split())


def _names(product: str) -> set[str]:
    """Every name in a product entry: "Atlas 800 (9000, 9010)" is Atlas 800, 800 9000 and 800 9010; A / B is two."""
    result = set()
    for part in product.split(" / "):
        head, _bracket, models = part.partition("(")
        result.add(_words(head))
        result |= {_words(f"{head} {model}") for model in re.split(r"[,/]", models.rstrip(") ")) if model.strip()}
    return result - {""}

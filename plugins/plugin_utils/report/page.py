# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one self-contained HTML page: assets, style, script and data in one file, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_ASSETS = Path(__file__).with_name("assets")
_SCRIPTS = ("core.js", "overview.js", "proof.js", "chips.js", "network.js", "details.js", "hosts.js")
_CHIP_KEYS = ("id", "name", "health", "level", "temperature_c", "power_w", "used", "total")
_POOLED = ("plan", "findings", "desired", "versions")


def render(report: dict, lines: Sequence[str] = ()) -> str:
    """Return the page. `lines` is the text table, shown to readers whose browser runs no scripts."""
    style, script = _style(), _script()
    policy = "; ".join(
        (
            "default-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            f"style-src {_digest(style)}",
            f"script-src {_digest(script)}",
        )
    )
    parts = {
        "policy": html.escape(policy, quote=True),
        "title": html.escape(str(report["title"])),
        "style": style,
        "script": script,
        "fallback": html.escape("\n".join(lines)),
        "data": embed(pack(report)),
    }
    page = _asset("page.html")
    pieces = page.split("{{")
    out = [pieces[0]]
    for piece in pieces[1:]:  # one pass: a title holding {{data}} stays a title
        name, _dummy, rest = piece.partition("}}")
        out += [parts[name.strip()], rest]
    return "".join(out)


def embed(data: object) -> str:
    """Return JSON that is safe inside a script element: nothing in it can end the element or start a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def pack(report: dict) -> dict:
    """Return the report with what many hosts share stored once, and chips as rows: a tenth of the size."""
    pools: dict[str, list] = {key: [] for key in _POOLED}
    places: dict[tuple, int] = {}

    def pooled(key: str, value: object) -> int:
        identity = (key, json.dumps(value, sort_keys=True))
        if identity not in places:
            places[identity] = len(pools[key])
            pools[key].append(value)
        return places[identity]

    hosts = []
    for host in report["hosts"]:
        packed = {key: value for key, value in host.items() if value not in (None, [], False)}
        packed.update(name=host["name"], status=host["status"])
        packed.update({key: pooled(key, host[key]) for key in _POOLED})
        packed["chips"] = [_chip_row(chip) for chip in host["chips"]]
        hosts.append(packed)
    return {**report, "hosts": hosts, "pools": pools, "chip_keys": _CHIP_KEYS}


def _chip_row(chip: dict) -> list:
    memory = "hbm" if chip["hbm_total_mb"] else "memory"
    values = {**chip, "used": chip[f"{memory}_used_mb"], "total": chip[f"{memory}_total_mb"]}
    return [values[key] for key in _CHIP_KEYS]


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    return _asset("page.css") + _asset("hosts.css")


@cache
def _script() -> str:
    return '(() => {\n"use strict";\n' + "\n".join(_asset(name) for name in _SCRIPTS) + "\n})();\n"


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii") + "'"

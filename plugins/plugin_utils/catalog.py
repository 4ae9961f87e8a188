# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads catalog/*.yml once a process, and a user's overlay on top of it."""

from __future__ import annotations

import contextlib
import functools
import re
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.ascend.fleet.plugins.module_utils.versions import is_version

# The fast one where libyaml is there.
Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

FOLDER = Path(__file__).resolve().parents[2] / "catalog"
CONFIDENCE = ("official", "official-code", "user")

# Table -> (file, key of a row, fields a row must have besides its key, source and confidence).
TABLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "sources": ("sources.yml", "id", ("text",)),
    "chips": ("chips.yml", "chip", ("name", "role", "soc", "products", "default_flavor", "kernels", "pci")),
    "hdk": ("hdk.yml", "id", ("hdk", "driver", "firmware", "chips")),
    "cann": ("cann.yml", "cann", ("hdk", "layout", "products")),
    "mindspore": ("mindspore.yml", "mindspore", ("cann", "python", "package", "wheels", "distribution")),
    "mindformers": ("mindformers.yml", "mindformers", ("mindspore", "python", "distribution")),
    "torch_npu": ("torch_npu.yml", "cann", ("rows",)),
    "torch": ("torch_npu.yml", "torch", ("python",)),
    "filenames": ("filenames.yml", "id", ("pattern",)),
    "os_support": ("os_support.yml", "id", ("os", "name", "versions")),
    "os_minimum": ("os_support.yml", "id", ("products", "os", "arch", "driver", "firmware")),
    "models": ("models.yml", "model", ("mindformers", "chips")),
    "stacks": ("stacks.yml", "stack", ("pins",)),
    "downloads": ("downloads.yml", "id", ("components", "url", "folder")),
    "checksums": ("downloads.yml", "file", ("sha256",)),
}
# Fields whose values are version numbers, so must be text: 3.10 without quotes is the number 3.1.
_VERSION_FIELDS = (
    "hdk",
    "driver",
    "firmware",
    "firmware_minimum",
    "cann",
    "mindspore",
    "mindformers",
    "python",
    "torch",
    "also",
    "requires",
    "component",
    "chips",
    "chip",
)
_VERSIONS = ("hdk", "driver", "firmware", "firmware_minimum", "cann", "mindspore", "mindformers", "torch", "requires")
_LISTS = ("chips", "also", "hdk_compatible", "soc", "products", "wheels", "components", "pci", "codes")
_MEMO: dict[tuple, dict[str, Any]] = {}


class CatalogError(Exception):
    """A catalog file or overlay that cannot be used; the message names the file, the row and the fix."""


def _stamp(folder: Path) -> tuple:
    return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(folder.glob("*.y*ml")))


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CatalogError(f"{path}: cannot be read as YAML: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise CatalogError(f"{path}: expected tables (`hdk:`, `cann:`, ...) at the top, found {type(data).__name__}")
    return data


def _unquoted(value: Any) -> Any:
    """The first number found where a version belongs, or None."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, list):
        return next((found for found in map(_unquoted, value) if found is not None), None)
    return None


def check_row(table: str, row: Any, where: str) -> None:
    """Raise CatalogError unless row fits its table. where names file and position for the message."""
    _file, key, required = TABLES[table]
    if not isinstance(row, dict):
        raise CatalogError(f"{where}: a row of `{table}` is a mapping with the key `{key}`, found {type(row).__name__}")
    if key not in row:
        raise CatalogError(f"{where}: the row has no `{key}`, the key of table `{table}`")
    name = f"{where}, {key} {row[key]}"
    for field in _VERSION_FIELDS:
        number = _unquoted(row.get(field))
        if number is not None:
            raise CatalogError(f'{name}: `{field}` holds the number {number}; quote versions and chips, "{number}"')
    for field in _VERSIONS:
        value = row.get(field)
        if isinstance(value, str) and not is_version(value):
            raise CatalogError(f'{name}: `{field}` is {value!r}, which is no version; an example is "25.3.rc1"')
    if not isinstance(row[key], str):
        raise CatalogError(f"{name}: `{key}` must be text")
    missing = [field for field in required if field not in row]
    if missing:
        raise CatalogError(f"{name}: missing {', '.join(missing)} (every row of `{table}` has {', '.join(required)})")
    for field in _LISTS:
        if table != "filenames" and row.get(field) is not None and not isinstance(row[field], list):
            raise CatalogError(f"{name}: `{field}` must be a list, found {type(row[field]).__name__}")
    if table != "sources":
        if not isinstance(row.get("source"), str) or not row["source"].strip():
            raise CatalogError(f"{name}: missing `source`: say where the row's facts come from")
        if table != "filenames" and row.get("confidence") not in CONFIDENCE:
            raise CatalogError(f"{name}: `confidence` must be one of {', '.join(CONFIDENCE)}")
    if "pattern" in row:
        try:
            re.compile(row["pattern"].replace("<V>", "x"))
        except (re.error, AttributeError) as error:
            raise CatalogError(f"{name}: `pattern` is not a regular expression: {error}") from error


def _rows(data: dict[str, Any], path: Path) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = {}
    for table, rows in data.items():
        if table not in TABLES:
            raise CatalogError(f"{path}: unknown table `{table}`; known: {', '.join(TABLES)}")
        if not isinstance(rows, list):
            raise CatalogError(f"{path}: `{table}` must be a list of rows, found {type(rows).__name__}")
        key = TABLES[table][1]
        seen: set[str] = set()
        for index, row in enumerate(rows, 1):
            check_row(table, row, f"{path}, table {table}, row {index}")
            if row[key] in seen:
                raise CatalogError(f"{path}, table {table}, row {index}: {key} {row[key]} stands twice in this file")
            seen.add(row[key])
        tables[table] = rows
    return tables


def _folder(folder: Path) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("*.y*ml")):
        for table, rows in _rows(_read(path), path).items():
            tables.setdefault(table, []).extend(rows)
    return tables


def _merge(base: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """base with the overlay's rows: a row whose key exists replaces that row in place, others come first."""
    merged = dict(base)
    for table, rows in overlay.items():
        key = TABLES[table][1]
        replaced = {row[key]: row for row in rows}
        kept = [replaced.pop(row[key], row) for row in base.get(table, [])]
        merged[table] = list(replaced.values()) + kept
    families = {row["chip"] for row in merged["chips"]}
    for row in overlay.get("hdk", []):
        unknown = [chip for chip in row["chips"] if chip not in families]
        if unknown:
            raise CatalogError(
                f"ascend_catalog_overlay, table hdk, id {row['id']}: chip {', '.join(unknown)} is not in the table "
                f"chips; it knows {', '.join(sorted(families))}"
            )
    return merged


def load(overlay: str | None = None) -> dict[str, Any]:
    """The catalog as plain data: table name -> list of rows.

    overlay: a folder with YAML files of the same tables (`ascend_catalog_overlay`); its rows replace rows of the
    same key and add the others. Read once; an overlay again when its files change. Treat the result as read-only.
    Raises CatalogError.
    """
    over = Path(overlay).expanduser() if overlay else None
    if over is not None and not over.is_dir():
        raise CatalogError(
            f"ascend_catalog_overlay: {overlay} is not a folder on the control node; "
            "it should hold YAML files such as hdk.yml"
        )
    if over is None:
        return _own()
    stamp = _stamp(over)
    if stamp not in _MEMO:
        _MEMO[stamp] = _merge(_own(), _folder(over))
    return _MEMO[stamp]


@functools.cache
def _own() -> dict[str, Any]:
    """The collection's own tables: its files do not change while a run lasts, and every host asks for them."""
    return {**{table: [] for table in TABLES}, **_folder(FOLDER)}


def load_early() -> None:
    """For actions, where they are imported: that is before Ansible forks its workers, which then have it all.

    Otherwise every worker reads it again. A broken catalog is reported by the task that needs it.
    """
    with contextlib.suppress(CatalogError):
        _own()

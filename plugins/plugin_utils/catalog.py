# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads catalog/*.yml once a process, and a user's overlay on top of it."""

from __future__ import annotations

import contextlib
import functools
import json
import re
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils import components, forks
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.shared_cache import once
from ansible_collections.ascend.fleet.plugins.plugin_utils.schema import Validator

# The fast one where libyaml is there.
Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

FOLDER = Path(__file__).resolve().parents[2] / "catalog"
SCHEMA: dict[str, Any] = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
_VALIDATOR = Validator(SCHEMA)
_ROWS: dict[str, dict[str, Any]] = {
    **{
        table: _VALIDATOR.definitions[rows["items"]["$ref"].rpartition("/")[2]]
        for table, rows in SCHEMA["properties"].items()
    },
    # A component may bring the table of its releases itself.
    **{component.name: component.row for component in components.ALL if component.row},
}
# Table -> the field that tells its rows apart: the first one that a row must have.
TABLES: dict[str, str] = {table: row["required"][0] for table, row in _ROWS.items()}
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


def check_row(table: str, row: Any, where: str) -> None:
    """Raise CatalogError unless row fits its table in schema.json. where names file and position for the message."""
    key = TABLES[table]
    if not isinstance(row, dict):
        raise CatalogError(f"{where}: a row of `{table}` is a mapping with the key `{key}`, found {type(row).__name__}")
    if key not in row:
        raise CatalogError(f"{where}: the row has no `{key}`, the key of table `{table}`")
    name = f"{where}, {key} {row[key]}"
    if table != "sources" and not row.get("source"):
        raise CatalogError(f"{name}: missing `source`: say where the row's facts come from")
    try:
        re.compile(str(row.get("pattern", "")).replace("<V>", "x"))
    except re.error as error:
        raise CatalogError(f"{name}: `pattern` is not a regular expression: {error}") from error
    problem = _VALIDATOR.problem(row, _ROWS[table])
    if problem:
        raise CatalogError(f"{name}: {problem}")


def _rows(data: dict[str, Any], path: Path) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = {}
    for table, rows in data.items():
        if table not in TABLES:
            raise CatalogError(f"{path}: unknown table `{table}`; known: {', '.join(TABLES)}")
        if not isinstance(rows, list):
            raise CatalogError(f"{path}: `{table}` must be a list of rows, found {type(rows).__name__}")
        key = TABLES[table]
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
        key = TABLES[table]
        replaced = {row[key]: row for row in rows}
        kept = [replaced.pop(row[key], row) for row in base.get(table, [])]
        merged[table] = list(replaced.values()) + kept
    families = {row["chip"] for row in merged["chips"]}
    for table, rows in overlay.items():
        for row in rows:
            named = row.get("chips", [row["chip"]] if "chip" in row else [])
            unknown = [chip for chip in named if chip not in families]
            if unknown:
                raise CatalogError(
                    f"ascend_catalog_overlay, table {table}, {TABLES[table]} {row[TABLES[table]]}: chip "
                    f"{', '.join(unknown)} is not in the table chips; it knows {', '.join(sorted(families))}"
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
    """The collection's own tables: its files do not change while a run lasts, and every host asks for them.

    YAML takes long to read and its rows to check: an eighth of a second of each run, if what was found were not kept.
    """
    files = [Path(__file__), *sorted(path for path in FOLDER.iterdir() if path.is_file())]
    try:
        # By one name for all copies of the collection: none leaves a file behind.
        return once("catalog", "own", [_state(path) for path in files], _read_own)
    except (ArtifactError, OSError):  # no place to keep it
        return _read_own()


def _read_own() -> dict[str, Any]:
    return {**{table: [] for table in TABLES}, **_folder(FOLDER)}


def _state(path: Path) -> list[Any]:
    """What tells this content of a file from another."""
    info = path.stat()
    return [str(path), info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino]


def load_early() -> None:
    """For actions, where they are imported: that is before Ansible forks its workers, which then have it all.

    Otherwise every worker reads it again. What is loaded by then is shared with them (forks). A broken catalog is
    reported by the task that needs it.
    """
    with contextlib.suppress(CatalogError):
        _own()
    forks.share()

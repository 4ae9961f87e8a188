# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the catalog with the VERSION_MAP.json inside MindFormers wheels.

    python -m tests.checks.version_map mindformers-2.1.0-py3-none-any.whl ...

The file says which MindSpore a MindFormers is for, which CANN a MindSpore, which HDK a CANN; the wheels from 1.3.2 on
have it. One line per difference; ends with 1 when there is one, with 2 when a wheel has no such file.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import yaml

from tests.support.paths import ROOT

CATALOG = ROOT / "catalog"
NAME = "mindformers/VERSION_MAP.json"
TABLES = ("mindformers", "mindspore", "cann")
# Section of the file: the table of its keys, and the field of that table's rows that names what goes with them.
SECTIONS = {"mf": ("mindformers", "mindspore"), "ms": ("mindspore", "cann"), "cann": ("cann", "hdk")}


def read(wheel: Path) -> dict[str, dict[str, list[str]]]:
    """section -> release -> what goes with it, from the file in a wheel.

    Raises:
        ValueError: there is no such file in it, or it has another form than the one that is known.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = json.loads(archive.read(NAME))
        return {
            section: {release: [row["prefer"], *row["support"]] for release, row in data[section].items()}
            for section in SECTIONS
        }
    except (KeyError, TypeError, AttributeError, zipfile.BadZipFile, json.JSONDecodeError) as error:
        raise ValueError(f"{wheel.name} has no {NAME} of a known form: {error!r}") from error


def tables(folder: Path = CATALOG) -> dict[str, list[dict[str, Any]]]:
    """The catalog's rows by table."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in TABLES:
        found.update(yaml.safe_load((folder / f"{name}.yml").read_text(encoding="utf-8")))
    return found


def differences(said: dict[str, dict[str, list[str]]], catalog: dict[str, list[dict[str, Any]]]) -> list[str]:
    """What the catalog lacks or says otherwise, a line each."""
    lines = []
    for section, (table, field) in SECTIONS.items():
        rows = {_spelt(name): row for row in catalog[table] for name in [row[table], *row.get("also", [])]}
        for release, partners in said[section].items():
            row = rows.get(_spelt(release))
            if row is None:
                lines.append(f"{table} {release}: no row in the catalog")
                continue
            # hdk_compatible: what a CANN is published for beside its own HDK.
            known = {_spelt(name) for key in (field, f"{field}_compatible") for name in row.get(key) or []}
            lines += [
                f"{table} {release}: the wheel names {field} {partner}, "
                f"the catalog {', '.join(sorted(known)) or 'none'}"
                for partner in dict.fromkeys(partners)
                if _spelt(partner) not in known
            ]
    return lines + _chains(said, catalog)


def _chains(said: dict[str, dict[str, list[str]]], catalog: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Differences of what a MindFormers row itself says of CANN and HDK, by way of its MindSpore."""
    lines = []
    for row in catalog["mindformers"]:
        release, at = row["mindformers"], said["mf"].get(row["mindformers"])
        if at is None:
            continue
        cann = said["ms"].get(at[0], [None])[0]
        hdk = said["cann"].get(cann or "", [None])[0]
        for field, wheel in (("cann", cann), ("hdk", hdk)):
            if wheel and row.get(field) and _spelt(row[field]) != _spelt(wheel):
                lines.append(f"mindformers {release}: the wheel leads to {field} {wheel}, the catalog to {row[field]}")
    return lines


def _spelt(release: str) -> str:
    """Wheels write HDK releases in both cases."""
    return str(release).casefold()


def main(arguments: list[str]) -> int:
    if not arguments:
        print(__doc__)
        return 2
    catalog, code = tables(), 0
    for name in arguments:
        try:
            found = differences(read(Path(name)), catalog)
        except (OSError, ValueError) as error:
            print(error)
            code = 2
            continue
        print(f"{Path(name).name}: {len(found)} differences")
        print("".join(f"  {line}\n" for line in found), end="")
        code = code or int(bool(found))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

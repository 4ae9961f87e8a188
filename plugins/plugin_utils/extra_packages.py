# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of ascend_extra_packages: completed from the catalog, and judged before any host is touched. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.secure import places
from ansible_collections.ascend.fleet.plugins.plugin_utils import filenames
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

VARIABLE = "ascend_extra_packages"
KEYS = (
    "file",
    "name",
    "version",
    "options",
    "upgrade_options",
    "remove",
    "user",
    "install_path",
    "proof",
    "pattern",
    "stands_on",
)
_WORDS = ("options", "upgrade_options", "remove", "stands_on")
_TEXTS = ("file", "name", "version", "user", "install_path", "proof", "pattern")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+{}-]*\Z")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]*\Z")
_NO_INSTALLATION = ("--uninstall", "--check", "--version", "--help", "-h", "--info", "--list", "--noexec")
# What is no installer goes another way.
_ELSEWHERE = {
    ".whl": "a wheel goes into an environment by ascend_python_extra",
    ".tar.gz": "unpack it: wheels in it go into an environment by ascend_python_extra",
    ".zip": "unpack it: ascend.fleet.bundle takes the .run files out of the vendor's archives",
    ".rpm": "it takes the vendor's .run packages",
    ".deb": "it takes the vendor's .run packages",
}


def read(
    entries: Iterable[Any], catalog: Catalog, install_path: str, products: Mapping[str, str], names: Iterable[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The entries with all their keys, and what is wrong with them in sentences.

    Args:
        entries: as the variable has them, templated.
        catalog: plugin_utils.catalog.load(); `extra` has the products, `filenames` the grammar.
        install_path: where the vendor's packages go (ascend_install_path).
        products: what components of ours install: product -> the variable that chooses its version.
        names: the components there are, on which a package may stand.

    Returns:
        (rows of KEYS, problems); rows are complete only where there is no problem.
    """
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    for number, entry in enumerate(entries, 1):
        row, wrong = _entry(entry, catalog, install_path, products)
        where = f"{VARIABLE}, entry {number}" + (f" ({row['name'] or row['file']})" if row.get("file") else "")
        problems += [f"{where}: {text}" for text in wrong]
        if not wrong:
            wrong = _meets(row, rows)
            strange = sorted(set(row["stands_on"]) - set(names))
            if strange:
                wrong.append(f"stands_on names {', '.join(strange)}; it takes components: {', '.join(names)}.")
            problems += [f"{where}: {text}" for text in wrong]
            rows.append(row)
    return rows, problems


def _entry(
    entry: Any, catalog: Catalog, install_path: str, products: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    if not isinstance(entry, Mapping):
        return {}, [f"it is {entry!r}; it takes a mapping with the key file, the name of a .run package."]
    wrong = _wrong_keys(entry)
    if wrong:
        return {}, wrong
    row: dict[str, Any] = {**dict.fromkeys(KEYS), **entry}
    ending = next((end for end in _ELSEWHERE if str(row["file"] or "").endswith(end)), None)
    if not row["file"] or not _FILE.match(row["file"]) or not row["file"].endswith(".run"):
        hint = _ELSEWHERE[ending] if ending else "it takes the name of a .run file in ascend_artifacts"
        return row, [f"file is {row['file']!r}: {hint}."]
    said = filenames.parse_package(row["file"].replace("{arch}", "aarch64"), catalog["filenames"]) or {}
    product = str(said.get("component") or "")
    if product in products:
        return row, [
            f"{row['file']} is a package that a component of the collection installs. Take the entry out and choose "
            f"the version with {products[product]}."
        ]
    known = next((item for item in catalog["extra"] if item["extra"] == product), None) or {}
    user_needed = known.get("user") is True
    for key in KEYS:
        if row[key] is None and key in known and key != "user":
            row[key] = known[key]
    row["name"] = row["name"] or product or None
    row["version"] = row["version"] or said.get("version")
    row["install_path"] = row["install_path"] or (None if row["user"] or user_needed else install_path)
    for key in _WORDS:
        row[key] = list(row[key] or [])
    row["arch"] = None if "{arch}" in row["file"] else said.get("arch")
    return row, _lacks(row, user_needed, bool(known)) or _faults(row, said, products)


def _wrong_keys(entry: Mapping[Any, Any]) -> list[str]:
    unknown = sorted(str(key) for key in set(entry) - set(KEYS))
    if unknown:
        near = difflib.get_close_matches(unknown[0], KEYS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"It takes {', '.join(KEYS)}."
        return [f"{', '.join(unknown)} is no key of an entry. {hint}"]
    for key, value in entry.items():
        if value is None:
            continue
        if key in _TEXTS and not isinstance(value, str):
            quotes = " Put it in quotes." if isinstance(value, (int, float)) else ""
            return [f"{key} is {value!r}; it takes a text.{quotes}"]
        if key in _WORDS and not (isinstance(value, (list, tuple)) and all(isinstance(word, str) for word in value)):
            return [f"{key} is {value!r}; it takes a list of words, such as [--install, --quiet]."]
    user = entry.get("user")
    if user is not None and places.name_problem(user):
        return [f"user is {user!r}: {places.name_problem(user)}."]
    return []


def _lacks(row: dict[str, Any], user_needed: bool, known: bool) -> list[str]:
    if user_needed and not row["user"]:
        return ["user is not set: the ordinary user who installs it, the one whom the vendor's guide wants for it."]
    lacking = [key for key in ("name", "version", "options", "proof", "install_path") if not row[key]]
    if not lacking:
        return []
    why = "" if known else " The catalog does not know this file name (table extra), so the entry has to say it."
    return [f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} not set.{why}"]


def _faults(row: dict[str, Any], said: Mapping[str, Any], products: Mapping[str, str]) -> list[str]:
    name, proof = row["name"], row["proof"]
    found = []
    if places.name_problem(name):
        found.append(f"name is {name!r}: {places.name_problem(name)}.")
    elif name in products:
        found.append(f"name is {name}, which a component of the collection is called. Choose another name.")
    if not _VERSION.match(row["version"]):
        found.append(f"version is {row['version']!r}; it takes a version such as 7.3.0.")
    elif said.get("version") and row["version"].lower() != said["version"].lower():
        found.append(f"version is {row['version']}, but {row['file']} is {said['version']} by its name.")
    if places.path_problem(row["install_path"]):
        found.append(f"install_path is {row['install_path']!r}: {places.path_problem(row['install_path'])}.")
    if proof.startswith("/") or ".." in proof.split("/") or not proof.strip() or "\n" in proof:
        found.append(f"proof is {proof!r}; it takes a path below install_path, such as sdk/version.info.")
    found += _pattern_faults(row["pattern"])
    if not row["remove"] or row["remove"][0].startswith("-"):
        pass
    elif row["remove"][0].startswith("/") or ".." in row["remove"][0].split("/"):
        found.append(f"remove begins with {row['remove'][0]!r}; it takes a script below install_path, or options.")
    for key in ("options", "upgrade_options", "remove"):
        bad = [word for word in row[key] if not word or any(ord(char) < 32 for char in word)]
        if bad:
            found.append(f"{key} holds {bad[0]!r}; each word is one option, without line breaks.")
    forbidden = [word for word in row["options"] if word in _NO_INSTALLATION]
    if forbidden:
        found.append(f"options holds {forbidden[0]}, with which the package does not install. Leave it out.")
    return found


def _pattern_faults(pattern: str | None) -> list[str]:
    if pattern is None:
        return []
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        return [f"pattern is {pattern!r}, which is no regular expression: {error}."]
    return [] if groups else [f"pattern is {pattern!r}; it needs a group, which is the version: version=(\\S+)."]


def _meets(row: dict[str, Any], others: list[dict[str, Any]]) -> list[str]:
    """Why a row cannot stand beside earlier ones."""
    for other in others:
        if other["name"] == row["name"]:
            return [
                f"{row['name']} is named twice ({other['file']} and {row['file']}): a host has one version of it. Take "
                "one of them out, or give it another name and install_path."
            ]
        if (other["install_path"], other["proof"]) == (row["install_path"], row["proof"]):
            return [
                f"{row['name']} and {other['name']} are both proven by {row['proof']} in {row['install_path']}: they "
                "would overwrite each other. Give one another install_path."
            ]
    return []

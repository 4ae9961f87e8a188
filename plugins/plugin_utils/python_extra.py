# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of ascend_python_extra: judged before any host is touched. Reads files of the control node."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.environment.wanted import normalize
from ansible_collections.ascend.fleet.plugins.module_utils.secure import places
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog

VARIABLE = "ascend_python_extra"
KEYS = ("environment", "python", "requirements", "from", "owner", "imports")
BUNDLE = "bundle"
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[A-Za-z0-9,._ -]*\])?\s*==\s*([A-Za-z0-9][A-Za-z0-9.!+_-]*)\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
_MINOR = re.compile(r"3\.\d{1,2}\Z")


def read(
    entries: Iterable[Any], catalog: Catalog, frameworks: Collection[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The entries with all their keys, and what is wrong with them in sentences.

    Args:
        entries: as the variable has them, templated.
        catalog: plugin_utils.catalog.load(); `placeholders` has what no index is asked for.
        frameworks: the names of the environments that frameworks have.

    Returns:
        (rows of KEYS with requirements as {"name==version"} texts, problems).
    """
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    for number, entry in enumerate(entries, 1):
        row, wrong = _entry(entry, catalog, frameworks)
        where = f"{VARIABLE}, entry {number}" + (f" ({row['environment']})" if row.get("environment") else "")
        if not wrong and any(other["environment"] == row["environment"] for other in rows):
            wrong = ["this environment has an entry already: put the requirements of both into one."]
        problems += [f"{where}: {text}" for text in wrong]
        rows += [] if wrong else [row]
    return rows, problems


def names(entries: Any) -> list[str]:
    """The distributions that entries name, whatever else is wrong with them."""
    found: set[str] = set()
    for entry in entries if isinstance(entries, (list, tuple)) else []:
        wanted = entry.get("requirements") if isinstance(entry, Mapping) else None
        for text in _lines(wanted)[0]:
            match = _NAME.match(text)
            found |= {normalize(match.group(0))} if match else set()
    return sorted(found)


def pin(text: str) -> tuple[str, str]:
    """(normalized name, version) of a requirement of an entry. Raises ValueError when it is not in one version."""
    match = _PIN.match(text)
    if match is None:
        raise ValueError(text)
    return normalize(match.group(1)), match.group(2)


def _entry(entry: Any, catalog: Catalog, frameworks: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    if not isinstance(entry, Mapping):
        return {}, [f"it is {entry!r}; it takes a mapping with the keys environment, python and requirements."]
    unknown = sorted(str(key) for key in set(entry) - set(KEYS))
    if unknown:
        near = difflib.get_close_matches(unknown[0], KEYS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"It takes {', '.join(KEYS)}."
        return {}, [f"{', '.join(unknown)} is no key of an entry. {hint}"]
    row: dict[str, Any] = {**dict.fromkeys(KEYS), **entry}
    wrong = _places(row, frameworks)
    texts, problem = _lines(row["requirements"])
    if problem:
        return row, [*wrong, problem]
    wrong += _unlocked(texts, catalog)
    imports = row["imports"] or []
    if not isinstance(imports, (list, tuple)) or not all(
        isinstance(one, str) and _MODULE.match(one) for one in imports
    ):
        wrong.append(f"imports is {imports!r}; it takes a list of modules, such as [msit].")
    elif not wrong:
        row.update(requirements=sorted({"==".join(pin(text)) for text in texts}), imports=list(imports))
    row["from"] = row["from"] or None
    return row, wrong


def _places(row: dict[str, Any], frameworks: Collection[str]) -> list[str]:
    found = []
    name, python, owner, origin = row["environment"], row["python"], row["owner"], row["from"]
    if not name or places.name_problem(name):
        found.append(f"environment is {name!r}: {places.name_problem(name)}.")
    if python is not None and not (isinstance(python, str) and _MINOR.match(python)):
        quotes = " in quotes, because 3.10 without is 3.1" if isinstance(python, float) else ""
        found.append(f'python is {python!r}; it takes a version such as "3.11"{quotes}.')
    elif python is None and name not in frameworks:
        found.append('python is not set: the Python of this environment, such as "3.11".')
    elif python is not None and name in frameworks:
        found.append(f"python is set, but {name} is a framework's environment, which has its own. Leave python out.")
    if owner is not None and places.name_problem(owner):
        found.append(f"owner is {owner!r}: {places.name_problem(owner)}.")
    if owner is not None and name in frameworks:
        found.append(f"owner is set, but {name} is a framework's environment, whose role says it. Leave owner out.")
    if origin is not None and not (isinstance(origin, str) and (origin == BUNDLE or origin.startswith("https://"))):
        found.append(
            f"from is {origin!r}; it takes bundle (wheels/ of ascend_artifacts), or the https URL of an index."
        )
    return found


def _lines(wanted: Any) -> tuple[list[str], str | None]:
    """The requirements of an entry, a list of them or the path of a file with them, and what is wrong with that."""
    if isinstance(wanted, (list, tuple)):
        strange = [item for item in wanted if not isinstance(item, str)]
        if strange or not wanted:
            return [], f"requirements is {wanted!r}; it takes a list such as [msit==8.2.0], or the path of a file."
        return [item.strip() for item in wanted], None
    if not isinstance(wanted, str) or not wanted:
        return [], f"requirements is {wanted!r}; it takes a list such as [msit==8.2.0], or the path of a file."
    try:
        text = Path(wanted).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [], f"requirements: {wanted} cannot be read on the control node ({error})."
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in re.sub(r"\\\n", " ", text).splitlines()]
    # The hashes of a lock are those of the index's files; what is installed is held to the artifacts' own lock.
    found = [re.sub(r"\s--hash=\S+", "", line).strip() for line in lines if line]
    if not found:
        return [], f"requirements: {wanted} holds none."
    return found, None


def _unlocked(texts: list[str], catalog: Catalog) -> list[str]:
    found: list[str] = []
    seen: dict[str, str] = {}
    refused = {normalize(row["distribution"]): row for row in catalog["placeholders"]}
    for text in texts:
        if text.startswith("-"):
            found.append(f"{text.split()[0]} is an option of pip. Leave it out; where packages come from says `from`.")
            continue
        name = _NAME.match(text)
        row = refused.get(normalize(name.group(0))) if name else None
        if row:
            found.append(
                f"{row['distribution']} on an index of Python packages is a placeholder and not CANN: "
                f"{row['instead']}, which takes the vendor's own packages."
            )
            continue
        try:
            package, version = pin(text)
        except ValueError:
            found.append(
                f"{text!r} is not locked: name one exact version, such as {name.group(0) if name else 'x'}==1.0."
            )
            continue
        if seen.setdefault(package, version) != version:
            found.append(f"{package} is wanted in {seen[package]} and in {version}. Leave one of them out.")
    return found

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A .run package that somebody declares, because no component of ours knows it: how it is called, and what proves it.

Pure, given a host_view.HostView. A declaration says how the package is installed and removed, and which of its own
files states its version. What we installed is kept, with its declaration, in a record of its own below the state
folder: it is ours then, and can be removed when no variable names it any more.
"""

import json
import posixpath
import re

from ansible_collections.ascend.fleet.plugins.module_utils import defaults, kept_file
from ansible_collections.ascend.fleet.plugins.module_utils.secure import places

FOLDER = "extra"  # below the state folder: <name>.json
OF_COMPONENTS = "components"  # the same, of what a component of ours declares
PREFIX = "extra:"  # of its name in the journal
# What a file calls its version unless a declaration says otherwise: "Version=1.0", "mindie : MindIE 2.1.RC2".
PATTERN = r"version[^\n:=]*[:=]\s*[\"']?([0-9A-Za-z][\w.+-]*)"
PLACE = "{install_path}"  # in an option: where it is installed
# What host_facts is told of a package that may be there.
PROOF = {
    "name": {"type": "str", "required": True},
    "install_path": {"type": "path", "required": True},
    "proof": {"type": "str", "required": True},
    "pattern": {"type": "str"},
}
_LIMIT = 64 * 1024
_TEXTS = ("version", "package", "sha256", "user", "install_path", "proof", "pattern")
_LISTS = ("options", "upgrade_options", "remove")


def journal_name(name):
    """What the journal calls a declared package."""
    return PREFIX + name


def name_of(component):
    """The declared package that a component of the journal is, or None."""
    return component[len(PREFIX) :] if component.startswith(PREFIX) else None


def record_path(state_dir, name, of_component=False):
    """Where the record of a declared package is; of_component: one that a component of ours declares."""
    return "%s/%s/%s.json" % (state_dir.rstrip("/"), OF_COMPONENTS if of_component else FOLDER, name)


def parse_record(text):
    """A record as a dictionary with fixed keys, or None where the text is none.

    Keys: name, version (None for one that broke on its way), package, sha256, user, install_path, proof, pattern,
    options, upgrade_options, remove, stands_on ({component: version}), open (bool), before (a record or None), kept
    (files that its installer changes and that are not its own, as kept_file keeps them).
    """
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return _tidy(value) if isinstance(value, dict) else None


def _tidy(value):
    if places.name_problem(value.get("name")) or places.path_problem(value.get("install_path")):
        return None
    record = {"name": value["name"], "open": value.get("open") is not False}
    for key in _TEXTS:
        record[key] = value[key] if isinstance(value.get(key), str) and value[key] else None
    for key in _LISTS:
        words = value.get(key)
        record[key] = [word for word in words if isinstance(word, str)] if isinstance(words, list) else []
    stands_on = value.get("stands_on")
    record["stands_on"] = {
        key: text for key, text in (stands_on if isinstance(stands_on, dict) else {}).items() if isinstance(text, str)
    }
    kept = value.get("kept")
    record["kept"] = [one for one in kept if kept_file.is_kept(one)] if isinstance(kept, list) else []
    before = value.get("before")
    # One step back is all that a rollback goes.
    record["before"] = dict(_tidy(dict(before, before=None)) or {}) or None if isinstance(before, dict) else None
    return record


def records(view, state_dir):
    """The records of all declared packages that we installed, by name."""
    folder = "%s/%s" % (state_dir.rstrip("/"), FOLDER)
    found = [parse_record(view.read(folder + "/" + file)) for file in view.listdir(folder) if file.endswith(".json")]
    return {record["name"]: record for record in found if record}


def state(view, declaration):
    """What is on the host of a declared package, as installed.component() says it of others.

    The file that proves it is read without following a link out of the install path: an ordinary user may own it.
    """
    root, proof = declaration["install_path"].rstrip("/"), declaration["proof"]
    path = root + "/" + proof
    base, real = view.realpath(root).rstrip("/"), view.realpath(path)
    inside = real.startswith(base + "/")
    text = view.read_inside(base, real[len(base) + 1 :], _LIMIT) if inside else None
    version = stated(text, declaration.get("pattern"))
    damaged = None
    if not version and view.exists(path):
        reason = "leads out of %s" % root if not inside else "states no version" if text is not None else "is no file"
        damaged = "%s %s" % (path, reason)
    return {
        "version": version,
        "damaged": damaged,
        "path": root if version or damaged else None,
        "install_path": root,
        "info_file": path,
        "uninstall": None,
    }


def stated(text, pattern=None):
    """The version that a text states, by the first group of a pattern; None where it states none."""
    match = re.search(pattern or PATTERN, text or "", re.IGNORECASE | re.MULTILINE)
    return (match.group(1) or "").strip() or None if match else None


def observed(view, state_dir, declarations):
    """facts["extra_packages"]: what we installed, and of what is only declared, that somebody else has it there.

    Args:
        declarations: rows with name, install_path, proof and pattern.
    """
    known = records(view, state_dir)
    rows = []
    for record in sorted(known.values(), key=lambda row: row["name"]):
        rows.append(_row(view, record, True))
    for declaration in declarations:
        if declaration["name"] not in known and not places.path_problem(declaration["install_path"]):
            row = _row(view, dict(_tidy(dict(declaration, open=False)) or {}, version=None), False)
            if row["version"] or row["damaged"]:
                rows.append(row)
    return rows


def _row(view, record, ours):
    found = state(view, record)
    return {
        "name": record["name"],
        "version": found["version"],
        "damaged": found["damaged"],
        "ours": ours,
        "open": record["open"] and ours,
        "user": record["user"],
        "install_path": record["install_path"],
        "proof": found["info_file"],
        "stands_on": record["stands_on"],
        "package": record["package"],
        "before": record["before"],
    }


def install_argv(declaration, package, upgrade=False):
    """The command that installs it.

    Args:
        package: path of the .run file.
        upgrade: something is installed, and stays there while the new version takes its place.
    """
    words = list(declaration["upgrade_options"] if upgrade else declaration["options"])
    if declaration["install_path"].rstrip("/") != defaults.INSTALL_PATH:
        words += declaration.get("place_options") or []
    return ["bash", package] + _placed(words, declaration)


def uninstall_argv(declaration, package):
    """The command that removes it, or None when there is no way to: a script of its own, else the package.

    Args:
        package: path of the .run file it was installed from, None where that is gone.
    """
    words = _placed(declaration["remove"] or ["--uninstall"], declaration)
    if not words[0].startswith("-"):
        return ["bash", posixpath.join(declaration["install_path"], words[0])] + words[1:]
    return ["bash", package] + words if package else None


def _placed(words, declaration):
    return [word.replace(PLACE, declaration["install_path"].rstrip("/")) for word in words]

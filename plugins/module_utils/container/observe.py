# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""facts["container_runtime"]: the vendor's runtime, and the engine that is to use it. Reads only, through a view."""

import json

from ansible_collections.ascend.fleet.plugins.module_utils import kept_file, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.container import engines
from ansible_collections.ascend.fleet.plugins.module_utils.container.daemon_json import BadConfig
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import declared

COMPONENT, CONFIGURATION = "container_runtime", "container_engine"  # as the journal calls package and configuration
RECORD = CONFIGURATION + ".json"  # below the state folder
# As run_package reads it, and catalog/extra.yml says.
PATTERN = r"^version=v?(\S+)"
_TIMEOUT = 20
_PATHS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
NOT_ASKED = {
    "asked": False,
    "version": None,
    "damaged": None,
    "ours": False,
    "open": False,
    "path": None,
    "package": None,
    "configured": False,
    "engine": None,
}


def record(text):
    """Our record of an engine's configuration: {"engine", "origin", "previous", "written"}, or {} where there is none.

    origin, previous: the file before our first and our last change, as kept_file keeps it; written: its SHA-256 as we
    left it.
    """
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(value, dict) or value.get("engine") not in engines.ENGINES:
        return {}
    if not all(kept_file.is_kept(value.get(key)) for key in ("origin", "previous")):
        return {}
    return {key: value.get(key) for key in ("engine", "origin", "previous", "written")}


def observe(view, state_dir, install_path, engine, asked):
    """The facts.

    Args:
        view: the host.
        engine: the one that is asked for.
        asked: whether a component asks for it; where not, only what we have done ourselves is looked at.
    """
    known = record(view.read("%s/%s" % (state_dir, RECORD)))
    ours = declared.parse_record(view.read(declared.record_path(state_dir, COMPONENT, True)))
    if not (asked or known or ours):
        return dict(NOT_ASKED)
    root = ours["install_path"] if ours else install_path
    state = declared.state(view, {"install_path": root, "proof": engines.INFO, "pattern": PATTERN})
    binary = engines.binary(root)
    damaged = state["damaged"]
    if state["version"] and not view.isfile(binary):
        damaged = "%s is not there" % binary
    return {
        "asked": bool(asked),
        "version": state["version"],
        "damaged": damaged,
        "ours": bool(ours),
        "open": bool(ours and ours["open"]),
        "path": binary if state["version"] else None,
        "package": ours["package"] if ours else None,
        "configured": bool(known),
        "engine": look(view, engine if asked else known.get("engine") or engine),
    }


def look(view, engine):
    """The state of one engine; a null answer where it has none to give."""
    known = engines.ENGINES[engine]
    seen = {
        "name": engine,
        "installed": any(view.isfile("%s/%s" % (path, known["program"])) for path in _PATHS),
        "active": False,
        "config": known["config"],
        "problem": None,
        "runtime": None,
        "default": None,
        "answer": None,
        "live_restore": False,
        "running": [],
    }
    said = {}
    try:
        said = engines.described(engine, view.read(known["config"]) or "")
    except BadConfig as error:
        seen["problem"] = str(error)
    seen.update({key: said[key] for key in said})
    facts = view.stat_owner(known["config"])
    if not seen["problem"] and facts and (facts["uid"] != 0 or int(facts["mode"], 8) & 0o022):
        seen["problem"] = (
            "it belongs to %s with mode %s: whoever may write it decides what root runs. Give it to root and take the "
            "right to write from others" % (facts["owner"], facts["mode"])
        )
    if not seen["installed"]:
        return seen
    state = view.run(["systemctl", "is-active", known["unit"]], timeout=_TIMEOUT)
    seen["active"] = bool(state and state[1].strip() == "active")
    if not seen["active"]:
        return seen
    words = engines.answer(engine)
    told = view.run(words, timeout=_TIMEOUT) if words else None
    seen["answer"] = engines.parse_answer(told[1]) if told else None
    if seen["answer"]:
        # The running engine knows better than a file that was changed since.
        seen["live_restore"] = seen["answer"]["live_restore"]
    if known["list"]:
        told = view.run(known["list"], timeout=_TIMEOUT)
        seen["running"] = engines.parse_names(told[1]) if told and told[0] == 0 else []
    return seen


def read_record(path):
    """record() of a file."""
    return record(whole_file.read(path))

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The NPU exporter of a host as it is. Pure, given a host_view.HostView; changes nothing.

It is ours when our record below the state folder, which only root can write, names the very program that lies there.
One that somebody put in its place since is somebody else's.
"""

import json

from ansible_collections.ascend.fleet.plugins.module_utils.exporter import unit

_TEXTS = ("version", "sha256", "unit")


def parse_record(text):
    """What we installed, or None: version, sha256 (of the program), unit (its text), made (folders), open."""
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    record = {key: value[key] if isinstance(value.get(key), str) else None for key in _TEXTS}
    made = value.get("made")
    record["made"] = [path for path in made if path in (unit.LOGS, unit.LOG_FOLDER)] if isinstance(made, list) else []
    record["open"] = value.get("open") is not False
    return record


def observed(view, state_dir):
    """facts["npu_exporter"].

    Args:
        view: the host.
        state_dir: of the collection.

    Returns:
        dict: installed (version), ours, path (the program, else the unit; None without both), state (of the unit),
        enabled, pid, address, port, damaged.
    """
    record = parse_record(view.read(state_dir.rstrip("/") + "/" + unit.RECORD))
    program, text = view.exists(unit.PROGRAM), view.read(unit.UNIT)
    seen = dict.fromkeys(("installed", "path", "state", "pid", "address", "port", "damaged"))
    seen.update(ours=False, enabled=False)
    if not program and text is None:
        return seen
    seen.update(_service(view), path=unit.PROGRAM if program else unit.UNIT)
    seen["address"], seen["port"] = unit.place(text)
    same = program and record is not None and view.sha256(unit.PROGRAM) == record["sha256"]
    seen["ours"] = record is not None and (same or record["open"] or not program)
    if same:
        seen["installed"] = record["version"]
    elif program:
        seen["installed"] = version(view)
    if seen["ours"]:
        seen["damaged"] = _damage(record, program, text)
    return seen


def version(view):
    """What the program says it is, asked as the user whose it is; or None."""
    answer = view.run([unit.PROGRAM, "-version"], owner_of=unit.PROGRAM)
    return unit.version(answer[1]) if answer and answer[0] == 0 else None


def _service(view):
    argv = ["systemctl", "show", unit.NAME, "--property=ActiveState,UnitFileState,MainPID"]
    answer = view.run(argv)
    said = dict(line.split("=", 1) for line in (answer[1] if answer else "").splitlines() if "=" in line)
    pid = said.get("MainPID", "")
    return {
        "state": said.get("ActiveState"),
        "enabled": said.get("UnitFileState") == "enabled",
        "pid": int(pid) if pid.isdigit() and pid != "0" else None,
    }


def _damage(record, program, text):
    if not program:
        return "its program is gone"
    if text is None:
        return "its unit is gone"
    return None if text == record["unit"] or record["open"] else "its unit was changed"


def marked(rows, seen):
    """The users of the NPUs, with paused for the exporter of ours: who needs the NPUs at rest stops and starts it."""
    return [dict(row, paused=True) if seen["ours"] and row["pid"] == seen["pid"] else row for row in rows]

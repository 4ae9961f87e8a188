# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a host's journal of changes: what was started and how it ended.

Pure; the caller appends the lines and syncs them. A change is one "start" line and one "end" line with the
same id. A start without an end is a change that died: whatever the version files say then, nobody knows
whether the installer came to its end, so the next run makes the change again.

Results of an end line: "ok" (the version files were read back and agree), "refused" (the installer said no
before it touched anything) and "failed" (anything else; counts as unfinished as well).
"""

import json
import re
import time

FILE_NAME = "journal.jsonl"
_SETTLED = ("ok", "refused")
# An id is the name of a folder below runs/.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_TEXTS = (
    "time",
    "boot_id",
    "action",
    "from",
    "to",
    "package",
    "sha256",
    "controller",
    "result",
    "install_path",
    "took_over",
)
# No change takes longer; a number beyond is none.
_LONGEST = 10**8
# What the journal calls the managed Python environments; the path says which.
ENVIRONMENT = "python"
# More distributions than any environment has.
_MOST_PACKAGES = 5000
# Ends the name of a run that went back to what an earlier run had found.
ROLLBACK = ", rollback"


def new_id(now, suffix):
    """An id such as 20261122T160102Z-ab12 from seconds since the epoch and a random suffix."""
    return "%s-%s" % (time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now)), suffix)


def timestamp(now):
    """Seconds since the epoch as ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))


def start(
    entry_id,
    now,
    boot_id,
    component,
    action,
    before,
    after,
    package=None,
    sha256=None,
    controller=None,
    install_path=None,
    took_over=None,
):
    """The entry that is written before anything happens.

    Args:
        entry_id, now, boot_id: the change, seconds since the epoch, this boot.
        component, action, before, after: what is changed, how, from which version to which.
        package, sha256, controller: the file, its hash, and the control process.
        install_path: where the component is, or is going to be.
        took_over: the version of somebody else's that the change takes the place of, or None.
    """
    return {
        "id": entry_id,
        "event": "start",
        "time": timestamp(now),
        "boot_id": boot_id,
        "component": component,
        "action": action,
        "from": before,
        "to": after,
        "package": package,
        "sha256": sha256,
        "controller": controller,
        "install_path": install_path,
        "took_over": took_over,
    }


def end(started, now, boot_id, rc, result, reboot_required, seconds, to=None):
    """The entry that closes ``started``; ``to`` is the version that was read back."""
    entry = dict(
        started,
        event="end",
        time=timestamp(now),
        boot_id=boot_id,
        rc=rc,
        result=result,
        reboot_required=bool(reboot_required),
        seconds=round(float(seconds), 1),
    )
    entry["to"] = to
    return entry


def with_packages(entry, packages):
    """An entry of an environment, with what is in it then: {distribution: version}."""
    return dict(entry, packages=dict(packages))


def line(entry):
    """One entry as the line to append. Starts with a newline-free JSON text and ends with a newline."""
    return json.dumps(entry, sort_keys=True, ensure_ascii=True) + "\n"


def parse(text):
    """The entries of a journal, oldest first.

    A line that is not an entry is left out: a power cut may leave half a line or a run of NUL bytes at the end
    (whole_file.append_line closes such a line before it writes the next). So is one without a component, or whose id
    could not be ours. Of an entry, a value of a wrong type is not known (None): what was begun still counts.
    """
    entries = []
    for row in (text or "").replace("\0", "").split("\n"):
        row = row.strip()
        if not row:
            continue
        try:
            entry = json.loads(row)
        except (ValueError, RecursionError):
            continue
        if _is_entry(entry):
            entries.append(_with_types(entry))
    return entries


def _is_entry(entry):
    return (
        isinstance(entry, dict)
        and entry.get("event") in ("start", "end")
        and isinstance(entry.get("component"), str)
        and bool(entry["component"])
        and isinstance(entry.get("id"), str)
        and bool(_ID.match(entry["id"]))
    )


def _is_number(value):
    """Whether this is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_packages(value):
    return (
        isinstance(value, dict)
        and len(value) <= _MOST_PACKAGES
        and all(isinstance(text, str) for text in value.values())
    )


def _with_types(entry):
    """The entry, with None in place of values that cannot be what their key says."""
    wrong = [key for key in _TEXTS if entry.get(key) is not None and not isinstance(entry[key], str)]
    seconds = entry.get("seconds")
    # Not a number (NaN) is neither smaller nor larger than anything.
    if seconds is not None and not (_is_number(seconds) and 0 <= seconds <= _LONGEST):
        wrong.append("seconds")
    rc = entry.get("rc")
    if rc is not None and not (isinstance(rc, int) and _is_number(rc) and abs(rc) <= _LONGEST):
        wrong.append("rc")
    if not isinstance(entry.get("reboot_required", False), bool):
        wrong.append("reboot_required")
    if not _is_packages(entry.get("packages", {})):
        wrong.append("packages")
    return dict(entry, **dict.fromkeys(wrong)) if wrong else entry


def unfinished(entries, component=None):
    """The newest start entry that no end settled, or None.

    An end with result "failed" does not settle: the installer died or gave up half way. A later change of the
    same component that ended "ok" makes an older one moot.

    Args:
        entries: of parse().
        component: only look at this component.
    """
    ends = {entry["id"]: entry.get("result") for entry in entries if entry["event"] == "end"}
    open_entries = {}
    for entry in entries:
        name = entry.get("component")
        if component is not None and name != component:
            continue
        if entry["event"] == "end":
            if entry.get("result") == "ok":
                open_entries.pop(name, None)
        elif ends.get(entry["id"]) not in _SETTLED:
            open_entries[name] = entry
    # Insertion order of a dict is not chronological once a key was replaced; the list is.
    for entry in reversed(entries):
        if entry["event"] == "start" and open_entries.get(entry.get("component")) is entry:
            return entry
    return None


def without_end(entries):
    """The start entries that have no end entry at all, oldest first: their process may still be alive."""
    ended = {entry["id"] for entry in entries if entry["event"] == "end"}
    return [entry for entry in entries if entry["event"] == "start" and entry["id"] not in ended]


def completed(entries, component=None):
    """The end entries of changes that succeeded, oldest first."""
    return [
        entry
        for entry in entries
        if entry["event"] == "end" and entry.get("result") == "ok" and component in (None, entry.get("component"))
    ]


def previous(entries):
    """{component: version before its last completed change}; what a rollback goes back to."""
    result = {}
    for entry in completed(entries):
        # A repair or a reinstallation of the same version did not replace a version.
        if entry.get("from") != entry.get("to"):
            result[entry.get("component")] = entry.get("from")
    return result


def unfinished_components(entries):
    """The components with a change that no end settled, in order of name."""
    names = {entry["component"] for entry in entries if isinstance(entry.get("component"), str)}
    return sorted(name for name in names if unfinished(entries, name) is not None)


def rollback_name(controller):
    """What a run that goes back is called in the journal."""
    return controller + ROLLBACK


def last_run(entries):
    """The name of the control process that changed the host last, or None."""
    names = [entry.get("controller") for entry in entries if entry["event"] == "start"]
    name = names[-1] if names else None
    return name[: -len(ROLLBACK)] if name and name.endswith(ROLLBACK) else name


def _last_run_starts(entries):
    """The start entries of the last run that changed the host, the newest first.

    A run is what one control process did: its name is in every entry. Changes that failed count as well, for they
    may have left something behind. Runs belong together when the later one undid the earlier one, so that going back
    twice goes back once, or took up what the earlier one had left unfinished: that is nothing to go back to.
    """
    settled = {entry["id"] for entry in entries if entry["event"] == "end" and entry.get("result") in _SETTLED}
    starts = [entry for entry in entries if entry["event"] == "start"]
    broken = {entry.get("controller") for entry in starts if entry["id"] not in settled}
    found = []
    run = starts[-1].get("controller") if starts else None
    for entry in reversed(starts):
        name = entry.get("controller")
        if name != run and name not in broken and not (run or "").endswith(ROLLBACK):
            break
        run = name
        found.append(entry)
    return found


def before_last_run(entries):
    """{component: version} as it was before the last run that changed the host; None for what was not there."""
    return {entry.get("component"): entry.get("from") for entry in _last_run_starts(entries)}


def environments_before_last_run(entries):
    """{path: {"python": [before, after], "packages": {name: [before, after]}}} of what the last run changed.

    None for what was not there. Of the distributions only those are named that differ, all where the Python does; what
    people installed by hand since is in neither list, and so it is left alone.
    """
    before = {}
    for entry in _last_run_starts(entries):
        if entry["component"] == ENVIRONMENT and entry.get("install_path"):
            before[entry["install_path"]] = (entry.get("from"), entry.get("packages") or {})
    found = {}
    for path, (python, packages) in before.items():
        last = [entry for entry in entries if entry["component"] == ENVIRONMENT and entry.get("install_path") == path][
            -1
        ]
        now = last.get("packages") or {}
        other = last.get("to") if last["event"] == "end" else last.get("from")
        names = [name for name in set(packages) | set(now) if python != other or packages.get(name) != now.get(name)]
        found[path] = {
            "python": [python, other],
            "packages": {name: [packages.get(name), now.get(name)] for name in sorted(names)},
        }
    return found


def origin(entries):
    """{component: version before the first change the journal knows}; None for what we installed first."""
    result = {}
    for entry in completed(entries):
        result.setdefault(entry.get("component"), entry.get("from"))
    return result


def durations(entries):
    """{component: seconds the last successful installation took}; removals do not count, nor work inside of one."""
    return {
        entry.get("component"): entry.get("seconds")
        for entry in completed(entries)
        if entry.get("action") not in ("uninstall", "configure") and entry.get("seconds") is not None
    }


def reboot_pending(entries, boot_id, component=None):
    """Whether a completed change of this boot still waits for a reboot.

    The last completed change of each component counts; one made before the last boot has had its reboot.
    """
    last = {entry.get("component"): entry for entry in completed(entries, component)}
    return any(entry.get("reboot_required") and entry.get("boot_id") == boot_id for entry in last.values())

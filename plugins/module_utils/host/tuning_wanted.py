# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From ascend_host_tuning to the files and values that a host is to have, and what of them is missing. Pure.

Only what is asked for is in any of them. A file is ours when our record names it.
"""

import json

from ansible_collections.ascend.fleet.plugins.module_utils.host import tuning

COMPONENT = "host_tuning"
RECORD = "host_tuning.json"  # below the state folder
SYSCTL_FILE = "/etc/sysctl.d/90-ascend-fleet.conf"
LIMITS_FILE = "/etc/security/limits.d/90-ascend-fleet.conf"
TMPFILES_FILE = "/etc/tmpfiles.d/90-ascend-fleet.conf"
FILES = (SYSCTL_FILE, LIMITS_FILE, TMPFILES_FILE)
GOVERNORS = ("performance", "powersave", "ondemand", "conservative", "schedutil")
HUGEPAGES = ("always", "madvise", "never")
_HEAD = "# Of ascend.fleet (ascend_host_tuning): its next run writes it anew.\n"
_GOVERNOR_GLOB = tuning.CPUS + "/cpu*/cpufreq/scaling_governor"
NOT_ASKED = {
    "asked": False,
    "recorded": False,
    "can_go_back": False,
    "files": {},
    "live": {},
    "available_governors": None,
}
_LOWEST_FILES = 1024  # below it logging in may fail


def problems(wish):
    """Why a wish cannot be granted on any host, in words."""
    found = []
    unknown = sorted(set(wish) - set(tuning.SYSCTL) - set(tuning.LIMITS) - {"governor", "transparent_hugepages"})
    if unknown:
        found.append("%s is no setting" % ", ".join(unknown))
    for name, allowed in (("governor", GOVERNORS), ("transparent_hugepages", HUGEPAGES)):
        if name in wish and wish[name] not in allowed:
            found.append("%s is %r; it takes %s" % (name, wish[name], ", ".join(allowed)))
    for name, least, most in (
        ("swappiness", 0, 100),
        ("hugepages", 0, 2**31 - 1),
        ("open_files", _LOWEST_FILES, 2**30),
    ):
        if name in wish and not (_is_number(wish[name]) and least <= wish[name] <= most):
            found.append("%s is %r; it takes a number from %d to %d" % (name, wish[name], least, most))
    for name in ("locked_memory", "processes"):
        text = str(wish.get(name, tuning.UNLIMITED))
        if text != tuning.UNLIMITED and not (text.isdigit() and 0 < int(text) < 2**53):
            found.append("%s is %r; it takes unlimited or a number" % (name, wish[name]))
    try:
        tuning.ports(str(wish.get("reserved_ports", "")))
    except ValueError:
        found.append("reserved_ports is %r; it takes ports such as 60000-60031,8080" % wish["reserved_ports"])
    return found


def normal(wish):
    """The wish without what is not set, ports as the kernel writes them."""
    found = {name: value for name, value in wish.items() if value is not None}
    if "reserved_ports" in found:
        found["reserved_ports"] = _merged(found["reserved_ports"])
    return found


def files(wish):
    """{path: text} of the files that make the settings hold after a boot, and for new sessions."""
    lines = {path: [] for path in FILES}
    for name, kernel in sorted(tuning.SYSCTL.items()):
        if name in wish:
            lines[SYSCTL_FILE].append("%s = %s" % (kernel, _text(wish[name])))
    for name, (item, _words) in sorted(tuning.LIMITS.items()):
        if name in wish:
            # The star does not stand for root (limits.conf(5)).
            lines[LIMITS_FILE] += ["%s - %s %s" % (who, item, _text(wish[name])) for who in ("*", "root")]
    if "governor" in wish:
        lines[TMPFILES_FILE].append("w %s - - - - %s" % (_GOVERNOR_GLOB, wish["governor"]))
    if "transparent_hugepages" in wish:
        lines[TMPFILES_FILE].append("w %s - - - - %s" % (tuning.THP, wish["transparent_hugepages"]))
    return {path: _HEAD + "\n".join(rows) + "\n" for path, rows in lines.items() if rows}


def live(wish, governor_files):
    """{path: value} of what the kernel is to have now. governor_files: those of the host's CPUs."""
    found = {tuning.sysctl_path(kernel): _text(wish[name]) for name, kernel in tuning.SYSCTL.items() if name in wish}
    if "transparent_hugepages" in wish:
        found[tuning.THP] = wish["transparent_hugepages"]
    if "governor" in wish:
        found.update(dict.fromkeys(governor_files, wish["governor"]))
    return found


def target(wish, record, governor_files):
    """(files, live) that the host is to have: what we set earlier and is not asked for any more goes back."""
    wanted_files = dict.fromkeys(record["files"])
    wanted_files.update(files(wish))
    wanted_live = dict(record["before"])
    wanted_live.update(live(wish, governor_files))
    return wanted_files, wanted_live


def differences(wanted, now):
    """[{"where", "now", "wanted"}] of what is not as it should be, in the order of the paths.

    Args:
        wanted: {path: text or None}.
        now: the same, as it is.
    """
    return [
        {"where": path, "now": now.get(path), "wanted": wanted[path]}
        for path in sorted(wanted)
        if now.get(path) != wanted[path]
    ]


def words(wish, values=None):
    """Settings in words: "governor performance, swappiness 0". values: of other settings than the wish's."""
    shown = wish if values is None else values
    return ", ".join("%s %s" % (name, _text(shown[name])) for name in sorted(wish) if name in shown)


def value(path, text):
    """The value that a file of the kernel's shows."""
    if text is None:
        return None
    return tuning.chosen(text) if path == tuning.THP else " ".join(text.split())


def parse_record(text):
    """Our record: {"files": [path], "before": {path: value}, "previous": the same and what they were, or None}.

    files: that we made. before: what the kernel had before we first set it. previous: C(files) and C(live) before our
    last change, and C(record) of then.
    """
    empty = {"files": [], "before": {}, "previous": None}
    try:
        said = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return empty
    if not _is_record(said):
        return empty
    previous = said.get("previous")
    good = (
        isinstance(previous, dict)
        and _is_record(previous.get("record"))
        and all(isinstance(previous.get(key), dict) for key in ("files", "live"))
        and all(path in FILES for path in previous["files"])
        and all(_is_kernels(path) for path in previous["live"])
        and all(text is None or isinstance(text, str) for key in ("files", "live") for text in previous[key].values())
    )
    return {"files": list(said["files"]), "before": dict(said["before"]), "previous": previous if good else None}


def observed(view, state_dir, asked):
    """facts["host_tuning"]. asked: whether somebody asks for it; what we have set ourselves is looked at anyway."""
    record = parse_record(view.read("%s/%s" % (state_dir, RECORD)))
    if not (asked or record["files"] or record["before"]):
        return dict(NOT_ASKED)
    governors = tuning.governor_files(view)
    paths = [tuning.THP] + [tuning.sysctl_path(name) for name in tuning.SYSCTL.values()] + governors
    choices = view.read(governors[0].replace("scaling_governor", "scaling_available_governors")) if governors else None
    return {
        "asked": bool(asked),
        "recorded": bool(record["files"] or record["before"]),
        "can_go_back": bool(record["previous"]),
        "files": {path: {"text": view.read(path), "ours": path in record["files"]} for path in FILES},
        "live": {path: {"now": value(path, view.read(path)), "before": record["before"].get(path)} for path in paths},
        "available_governors": None if choices is None else choices.split(),
    }


def _is_record(said):
    return (
        isinstance(said, dict)
        and isinstance(said.get("files"), list)
        and all(path in FILES for path in said["files"])
        and isinstance(said.get("before"), dict)
        and all(_is_kernels(path) and isinstance(text, str) for path, text in said["before"].items())
    )


def _is_kernels(path):
    """Whether a path is one of those that we write; a record that names another is none."""
    known = [tuning.THP] + [tuning.sysctl_path(name) for name in tuning.SYSCTL.values()]
    return path in known or tuning.is_governor_file(path)


def _is_number(said):
    return isinstance(said, int) and not isinstance(said, bool)


def _text(said):
    return str(int(said)) if isinstance(said, bool) else str(said)


def _merged(text):
    """Ports as the kernel writes them: in order, ranges joined; the text itself where it is no list of ports."""
    try:
        pairs = sorted(tuning.ports(str(text)))
    except ValueError:
        return text
    found = []
    for first, last in pairs:
        if found and first <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    return ",".join(str(first) if first == last else "%d-%d" % (first, last) for first, last in found)

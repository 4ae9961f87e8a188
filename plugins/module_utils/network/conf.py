# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/etc/hccn.conf: `key_N=value` lines, N the physical chip. Read to data, and changed line by line, so that comments,
order and every key that is not asked for stay as they are. Pure.

Keys and their spelling: the vendor's deployer (PyPI ascend-deployer 26.0.0, library/process_hccn.py) and the driver's
own sources (gitcode.com/cann/driver, src/custom/network/hccn).
"""

import re

PATH = "/etc/hccn.conf"
# A chip can have several lines of these.
MULTIPLE = ("ip_rule", "ip_route", "arp")
_LINE = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]{0,60}?)_([0-9]{1,4})\s*=(.*)\Z")


def parse(text):
    """Read hccn.conf.

    Args:
        text: of the file; None and "" are a file without a line.

    Returns:
        {chip (str): {key without its number: value}}; keys of MULTIPLE are lists in the file's order, of any other the
        last line counts, as for the tool. What is no `key_N=value` is nobody's and no error.
    """
    chips = {}
    for line in (text or "").split("\n"):
        place = _place(line)
        if not place:
            continue
        key, chip, value = place
        known = chips.setdefault(chip, {})
        if key in MULTIPLE:
            known.setdefault(key, []).append(value)
        else:
            known[key] = value
    return chips


def address(row):
    """The address among a chip's values: of IPv4, else of IPv6; None without one."""
    return row.get("address") or row.get("IPv6address")


def render(text, wanted):
    """The file with the wanted values in it, everything else untouched.

    Args:
        text: of the file now; None or "" for none.
        wanted: {chip: {key: value | [values] | None}}; None takes the key's lines away. Keys that are not named stay.

    Returns:
        str: the text; the same one where the file says all of it already.
    """
    waiting = {(key, str(chip)): listed(value) for chip, keys in wanted.items() for key, value in keys.items()}
    lines = (text or "").split("\n")
    closed = lines[-1] == ""
    lines = lines[:-1] if closed else lines
    places = [_place(line) for line in lines]
    said = {}
    for place in places:
        if place:
            said.setdefault(place[:2], []).append(place[2])
    right = {place for place, found in waiting.items() if said.get(place, []) == found}
    if len(right) == len(waiting):
        return text or ""
    result, last = [], {}
    for line, place in zip(lines, places):
        asked = place[:2] if place else None
        if asked in waiting and asked not in right:
            if not waiting[asked]:
                continue
            line = "%s_%s=%s" % (asked[0], asked[1], waiting[asked].pop(0))
        result.append(line)
        if place:
            last[place[1]] = len(result)
    # New lines of a chip go behind its last one, those of a new chip to the end; from the end, so that places hold.
    added = {}
    for place, found in waiting.items():
        if place not in right:
            added.setdefault(place[1], []).extend("%s_%s=%s" % (place[0], place[1], value) for value in found)
    for chip in sorted((chip for chip in added if chip in last), key=lambda chip: -last[chip]):
        result[last[chip] : last[chip]] = added[chip]
    for chip in sorted((chip for chip in added if chip not in last), key=int):
        result.extend(added[chip])
    return "\n".join(result) + "\n" if result else ""


def _place(line):
    """(key, chip, value) of a line, or None."""
    found = _LINE.match(line)
    return (found.group(1), str(int(found.group(2))), found.group(3).strip()) if found else None


def listed(value):
    """A value of a key as the list of its lines; None is none."""
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]

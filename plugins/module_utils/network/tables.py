# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads hccn_tool's longer answers: counters (-stat), history (-link_stat), neighbour (-lldp), optics (-optical).

Sources as in parse.py. Every reader raises HccnError, and nothing else.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils.network.parse import (
    LIMIT,
    HccnError,
    classify,
    fail,
    lines_of,
    rows_of,
    values,
)
from ansible_collections.ascend.fleet.plugins.module_utils.npu_smi import integer, null, number

_DEVICE = re.compile(r"\s{0,8}\[dev(?:ice|id)? ?[0-9]{1,6}\]")
_COUNTER = re.compile(r"[A-Za-z][\w ()/.-]{0,80}\Z")
_CHANGE = re.compile(r"(\S.{0,40}?)\s{2,16}LINK[ _](UP|DOWN)\s*\Z")
_MEASURED = re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)\s{0,4}([A-Za-z%]{0,8})")
_FLAG = re.compile(r"0x([0-9A-Fa-f]{1,8})\Z")
# Quantity as the tool spells it, without blanks and case -> (key of the result, units it may have).
_LANES = {
    "txpower": "tx_power",
    "rxpower": "rx_power",
    "txbias": "tx_bias_ma",
    "hostsnrlane": "host_snr_db",
    "mediasnrlane": "media_snr_db",
}
_FLAGS = {"txlosflag": "tx_los", "rxlosflag": "rx_los", "txlolflag": "tx_lol", "rxlolflag": "rx_lol"}
_TEXTS = {
    "vendor name": "vendor",
    "vendor part number": "part_number",
    "vendor serial number": "serial_number",
    "xsfp identifier": "identifier",
    "identifier": "identifier",
}
_LIMITS = re.compile(r"(vcc|temp|temperature|txpower|rxpower|tx power|rx power|txbias|tx bias) (high|low) thres")
_TABLE_LIMITS = {"highalarm": "high_alarm", "highwarn": "high_warn", "lowalarm": "low_alarm", "lowwarn": "low_warn"}


def parse_stat(text):
    """Read `-stat -g`: {"counters": {name: int}} with the tool's own names."""
    lines = lines_of(text)
    counters = {}
    for line in lines:
        key, _colon, value = line.partition(":")
        key = key.strip()
        if _COUNTER.match(key) and integer(value.strip()) is not None and len(counters) < LIMIT:
            counters[key] = integer(value.strip())
    if not counters:
        fail(lines)
    return {"counters": counters}


def parse_link_stat(text):
    """Read `-link_stat -g`, also the table of a 950.

    Returns:
        {"current_time": str | None, "up_count": int | None, "down_count": int | None, "changes": [{"time", "link"}]},
        the newest change first; times as printed.
    """
    lines = [_DEVICE.sub("", line) for line in lines_of(text)]
    result = {"current_time": None, "up_count": None, "down_count": None, "changes": []}
    names = {"link up count": "up_count", "link down count": "down_count"}
    known = False
    for line in lines:
        key, _colon, value = line.partition(":")
        key = " ".join(key.lower().split())
        if key in names:
            result[names[key]], known = integer(value.strip()), True
        elif key == "current time":
            result["current_time"], known = value.strip()[:40] or None, True
        elif key == "link change records":
            known = True
        else:
            change = _CHANGE.search(line)
            if change and not line.lstrip().startswith("|") and len(result["changes"]) < LIMIT:
                result["changes"].append({"time": change.group(1).strip(), "link": change.group(2)})
    for row in rows_of(lines):
        link = (row.get("link status") or "").upper().replace(" ", "_")
        if link in ("LINK_UP", "LINK_DOWN") and len(result["changes"]) < LIMIT:
            result["changes"].append({"time": row.get("time stamp") or None, "link": link[5:]})
            known = True
    if not known:
        fail(lines)
    return result


def parse_lldp(text):
    """Read `-lldp -g`.

    Returns:
        {"system": str | None, "port": str | None, "port_description": str | None, "chassis": str | None, "management":
        str | None}: the switch, its port, and what it says of both.
    """
    lines = lines_of(text)
    sections, current = {}, None
    for line in lines:
        stripped = line.strip()
        if stripped.endswith("TLV") or re.match(r"[A-Z][\w /-]{2,40} TLV \(?[0-9]{1,4}\)?\Z", stripped):
            current = stripped.split(" TLV")[0].lower()
            sections.setdefault(current, [])
        elif current and stripped and len(sections[current]) < 16:
            sections[current].append(stripped)
    result = {
        "system": _first(sections, "system name"),
        "port": _first(sections, "port id"),
        "port_description": _first(sections, "port description"),
        "chassis": _first(sections, "chassis id"),
        "management": _first(sections, "management address"),
    }
    if result["port"] is None:
        # Some releases print the sections in one; the line of the port's name is the same.
        result["port"] = next((value for key, value in values(lines) if key == "ifname" and value), None)
    if not any(result.values()):
        fail(lines)
    return result


def parse_optical(text):
    """Read `-optical -g`, in either form (a line for each value, or the table with alarms and warnings).

    Returns:
        {"present": bool, "temperature_c", "vcc_mv", "vendor", "part_number", "serial_number", "identifier",
        "power_unit": "mW" | "dBm" | None, "tx_power": [], "rx_power": [], "tx_bias_ma": [], "host_snr_db": [],
        "media_snr_db": [], "tx_los", "rx_los", "tx_lol", "rx_lol": int | None, "limits": {name: number}}; lanes in
        order, None where a lane says nothing. An absent module is present: False and nothing else.
    """
    lines = lines_of(text)
    result = dict.fromkeys(("temperature_c", "vcc_mv", "power_unit", *_FLAGS.values(), *_TEXTS.values()))
    result.update({name: [] for name in _LANES.values()}, present=None, limits={})
    pairs = values(lines)
    for key, value in pairs:
        _optical_value(result, key, value)
    for row in rows_of(lines):
        _optical_row(result, row)
    kind = classify(lines)[0] if result["present"] is None else None
    if result["present"] is None and kind in ("no_optics", "link_unreachable") and not result["tx_power"]:
        raise HccnError(*classify(lines))
    if result["present"] is None:
        if not result["tx_power"] and not result["rx_power"]:
            fail(lines)
        result["present"] = True
    return result


def _optical_value(result, key, value):
    squeezed = key.replace(" ", "")
    quantity, lane = squeezed.rstrip("0123456789"), squeezed[len(squeezed.rstrip("0123456789")) :]
    limit = _LIMITS.match(key)
    if key == "present":
        result["present"] = value.lower() == "present"
    elif limit:
        _limit(result, limit.group(1).replace(" ", ""), limit.group(2), value)
    elif quantity in _LANES and (lane or null(value)):
        _lane(result, _LANES[quantity], integer(lane), value)
    elif squeezed in _FLAGS:
        found = _FLAG.match(value)
        result[_FLAGS[squeezed]] = int(found.group(1), 16) if found else None
    elif key in ("temperature", "vcc"):
        found = _MEASURED.match(value)
        name = {"temperature": "temperature_c", "vcc": "vcc_mv"}[key]
        result[name] = number(found.group(1)) if found else None
    elif key in _TEXTS and not null(value):
        result[_TEXTS[key]] = value[:80]


def _optical_row(result, row):
    name = next((row[key] for key in ("item", "name", "parameter", "") if row.get(key)), None)
    if name is None and row:
        name = next(iter(row.values()))
    key = " ".join((name or "").lower().replace("(", " (").split("(")[0].split())
    if "value" not in row or not key:
        return
    unit = "dBm" if "dbm" in (name or "").lower() or "dbm" in row["value"].lower() else None
    value = row["value"] if unit is None or "dbm" in row["value"].lower() else row["value"] + " dBm"
    _optical_value(result, key, value)
    for heading, word in _TABLE_LIMITS.items():
        found = _MEASURED.match(row.get(heading) or "")
        if found and len(result["limits"]) < LIMIT:
            result["limits"]["%s_%s" % (key.rstrip("0123456789 ").replace(" ", "_"), word)] = number(found.group(1))


def _lane(result, name, lane, value):
    if lane is None or lane > 15:
        return
    found = _MEASURED.match(value)
    while len(result[name]) <= lane:
        result[name].append(None)
    result[name][lane] = number(found.group(1)) if found else None
    if found and name in ("tx_power", "rx_power") and found.group(2):
        result["power_unit"] = {"mw": "mW", "dbm": "dBm"}.get(found.group(2).lower(), result["power_unit"])


def _limit(result, quantity, side, value):
    found = _MEASURED.match(value)
    name = {"temp": "temperature", "txpower": "tx_power", "rxpower": "rx_power", "txbias": "tx_bias"}.get(
        quantity, quantity
    )
    if found:
        result["limits"]["%s_%s" % (name, side)] = number(found.group(1))


def _first(sections, name):
    """The value of a section's first line: what follows `Ifname:` and the like; the MAC of `MAC: x` stays whole."""
    said = sections.get(name)
    if not said:
        return None
    label, colon, value = said[0].partition(": ")
    return (value if colon and " " not in label else said[0]).strip()[:200] or None

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the driver's hccn_tool prints of one chip's network port: text in, data out, in linear time.

Every reader takes the text of one query and raises HccnError, and nothing else, when the text holds no such answer.
The formats are those of Ascend 910, 910B and A3 (`-i N -<query> -g`) and of the 950 (`-g -<query> -i N`), as recorded
and as the vendor's sources print them (gitcode.com/cann/driver, src/custom/network/hccn, docs/en/Ascend_950_HCCN_Tool).
Longer answers are read in tables.py (optics, counters, history, LLDP) and ping.py.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils.npu_smi import NpuSmiError, integer, number, to_lines

LIMIT, MESSAGE_LIMIT = 256, 300  # addresses, rows; characters of a message
_WIDTH = 2000  # characters of a line that are looked at
# In this order: a general word ("failed") stands in most of the others.
_PHRASES = (
    ("not_found", "command not found|no such file or directory|hccn_tool: not found"),
    ("missing_library", "error while loading shared libraries|cannot open shared object file"),
    ("permission_denied", "permission denied|not permitted|please run .{0,40}root|insufficient permission"),
    ("driver_not_loaded", "device (?:is )?not ready|drv.{0,60}(?:fail|error)|driver .{0,20}not (?:loaded|ready)"),
    ("no_address", "no ip was preset"),
    ("no_gateway", "no gateway was preset"),
    ("no_netdetect", "no netdetect|netdetect .{0,40}(?:not (?:set|preset)|was preset)"),
    ("conflict", "ip address configured is conflicted"),
    ("no_device", "device .{0,40}does not exist|invalid (?:device|dev|logic|phy)|no such device"),
    ("link_unreachable", "control link unreachable"),
    ("no_optics", "optical module .{0,40}(?:absent|not present|not exist)|not present"),
    ("no_certificate", "no certificate found"),
    ("recovery_failed", "recovery fail"),
    (
        "not_supported",
        "not support|unsupported|unknown (?:command|option|argument)|invalid (?:command|option|argument)",
    ),
    ("failed", "fail|error"),
)
_COMPILED = tuple((kind, re.compile(phrases)) for kind, phrases in _PHRASES)
_MAC = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{2}(?:[:.-][0-9A-Fa-f]{2}){5}(?![0-9A-Fa-f])")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{2,45}\Z")
_SPEED = re.compile(r"([0-9]{1,9})\s{0,8}(Mb/s|Mbps|G)", re.I)
_TLS = re.compile(r"tls switch\[([01])\]")
_TLS_PRESET = re.compile(r"tls preconfigured\[([01])\]")
_TLS_DAYS = re.compile(r"tls alarm time threshold\[([0-9]{1,6})\]")
_TLS_STATE = re.compile(r"tls expiration status\[([012])\]")
_TLS_PART = re.compile(r"dev_id:[0-9]{1,6},\s{0,8}\[([\w ]{1,40})\] info")
_EXPIRATION = ("normal", "near expiration", "expired")


class HccnError(Exception):
    """No value in the output: `kind` is not_found, missing_library, permission_denied, driver_not_loaded, no_address,
    no_gateway, no_netdetect, conflict, no_device, link_unreachable, no_optics, no_certificate, recovery_failed,
    not_supported, failed, timeout or unrecognised; `message` the line that says so.
    """

    def __init__(self, kind, message=""):
        super().__init__(message)
        self.kind, self.message = kind, message


def lines_of(text):
    """The lines of a text; HccnError when it is none, or blank."""
    try:
        return [line[:_WIDTH] for line in to_lines(text)]
    except NpuSmiError as error:
        raise HccnError("unrecognised", error.message.replace("npu-smi", "hccn_tool"))


def classify(lines):
    """(kind, message) of lines that hold an error message; kind unrecognised for anything else."""
    lowered = [line.lower() for line in lines]
    for kind, phrases in _COMPILED:
        for line, low in zip(lines, lowered):
            if phrases.search(low):
                return kind, shorten(line)
    return "unrecognised", "Not what hccn_tool prints: " + shorten(next((x for x in lines if x.strip()), ""))


def fail(lines):
    """Raise the HccnError of lines without an answer."""
    raise HccnError(*classify(lines))


def shorten(line):
    """A line as part of a message: blanks folded, cut."""
    return " ".join(line.strip()[: MESSAGE_LIMIT * 4].split())[:MESSAGE_LIMIT]


def values(lines):
    """[(key, value)] of the `key : value` lines, keys in lower case with single blanks."""
    found = []
    for line in lines:
        key, colon, value = line.partition(":")
        if colon and key.strip():
            found.append((" ".join(key.lower().split()), value.strip()))
    return found


def cells(line):
    """The cells of a table's row (`| a | b |`), or None for any other line."""
    stripped = line.strip()
    if not stripped.startswith("|"):
        return None
    return [cell.strip() for cell in stripped.strip("|").split("|", 64)]


def rows_of(lines):
    """[{heading in lower case: cell}] of every table in the lines. A table's first row is its heading; another table
    begins after two rules in a row, or after any other line."""
    heading, found = None, []
    rule = False
    for line in lines:
        row = cells(line)
        if row is None:
            is_rule = line.lstrip().startswith("+")
            heading = heading if is_rule and not rule else None
            rule = is_rule
        elif heading is None:
            heading, rule = [" ".join(cell.lower().replace("_", " ").split()) for cell in row], False
        else:
            rule = False
            if len(row) == len(heading) and len(found) < LIMIT * 4:
                found.append(dict(zip(heading, row)))
    return found


def parse_ip(text):
    """Read `-ip -g`, or `-ip -inet6 -g`.

    Returns:
        {"address", "netmask", "addresses": [{"address", "netmask"}]}; the first is the one on the plain port, and a
        prefix length takes the place of an IPv6 netmask.
    """
    lines = lines_of(text)
    found = []
    for key, value in values(lines):
        if key.endswith("ipaddr") or key.endswith("ip address") or key == "ipv6_address":
            if _ADDRESS.match(value) and len(found) < LIMIT:
                found.append({"address": value, "netmask": None})
        elif key.endswith("netmask") or key.endswith("prefix length") or key == "prefix_length":
            if found and found[-1]["netmask"] is None:
                found[-1]["netmask"] = value[:45] or None
    if not found:
        fail(lines)
    return {"address": found[0]["address"], "netmask": found[0]["netmask"], "addresses": found}


def parse_gateway(text):
    """Read `-gateway -g`: {"gateway", "interface"}."""
    lines = lines_of(text)
    for key, value in values(lines):
        if key.endswith("gateway"):
            address, _comma, rest = value.partition(",")
            address = address.strip()
            if _ADDRESS.match(address):
                name = rest.partition(":")[2].strip()
                return {"gateway": address, "interface": name[:40] or None}
    return fail(lines)


def parse_netdetect(text):
    """Read `-netdetect -g`: {"netdetect"}; None where no target is set."""
    lines = lines_of(text)
    for key, value in values(lines):
        if key.startswith("netdetect addr"):
            good = _ADDRESS.match(value) and value not in ("0.0.0.0", "::")
            return {"netdetect": value if good else None}
    return fail(lines)


def parse_link(text):
    """Read `-link -g`: {"link": "UP" | "DOWN" | another word}; of a 950's `-ub_connect` also {"ports": {id: word}}."""
    lines = lines_of(text)
    link, ports = None, {}
    for key, value in values(lines):
        if key.endswith("link status") and value and link is None:
            link = value[:40].upper()
        elif key.startswith("port ") and integer(key[5:]) is not None and len(ports) < LIMIT:
            ports[str(integer(key[5:]))] = value[:40].upper()
    if link is None:
        fail(lines)
    return {"link": link, "ports": ports} if ports else {"link": link}


def parse_net_health(text):
    """Read `-net_health -g`: {"net_health": "Success" | "Init" | "Fault" | "Receive timeout" | ...}."""
    lines = lines_of(text)
    for key, value in values(lines):
        if key == "net health status" and value:
            return {"net_health": value[:60]}
    return fail(lines)


def parse_speed(text):
    """Read `-speed -g`, the table of a 950, or `-status -g`.

    Returns:
        {"speed_mbps": int | None, "duplex": str | None}; None where the tool does not know it.
    """
    lines = lines_of(text)
    known, speed, duplex = False, None, None
    for key, value in values(lines):
        if key == "speed":
            known, speed = True, _mbps(value)
        elif key == "duplex":
            duplex = value[:20] or None
    for row in rows_of(lines):
        if "speed" in row:
            found = _mbps(row["speed"])
            known, speed = True, found if speed is None else speed
    if not known:
        fail(lines)
    return {"speed_mbps": speed, "duplex": duplex}


def parse_mac(text):
    """Read `-mac -g`: {"mac": "06:0c:b4:96:bc:85"}, in lower case with colons."""
    lines = lines_of(text)
    for line in lines:
        found = _MAC.search(line) if "mac" in line.lower() else None
        if found:
            return {"mac": re.sub("[.-]", ":", found.group()).lower()}
    return fail(lines)


def parse_fec(text):
    """Read `-fec -g`: {"fec": "rs" | "base-r" | "auto" | "no" | another word}."""
    lines = lines_of(text)
    for key, value in values(lines):
        if key == "fec mode" and value:
            return {"fec": value.split()[0].lower()[:20]}
    for row in rows_of(lines):
        word = row.get("fec mode") or row.get("fec")
        if word:
            return {"fec": word.split()[0].lower()[:20]}
    return fail(lines)


def parse_bandwidth(text):
    """Read `-bandwidth -g`: {"tx_mb_s", "rx_mb_s"}, in megabytes a second."""
    lines = lines_of(text)
    found = {"tx_mb_s": None, "rx_mb_s": None}
    for key, value in values(lines):
        if key in ("bandwidth tx", "bandwidth rx"):
            found[key[-2:] + "_mb_s"] = number((value.split() or [""])[0])
    if found["tx_mb_s"] is None and found["rx_mb_s"] is None:
        fail(lines)
    return found


def parse_tls(text):
    """Read `-tls -g`. The query itself writes tls_enable_N into hccn.conf where that is missing: see queries.py.

    Returns:
        {"enabled": bool, "preconfigured": bool | None, "alarm_days": int | None, "certificates": {name: "normal" |
        "near expiration" | "expired"}}
    """
    lines = lines_of(text)
    result, part = None, None
    certificates = {}
    for line in lines:
        switch = _TLS.search(line)
        if switch and result is None:
            preset, days = _TLS_PRESET.search(line), _TLS_DAYS.search(line)
            result = {
                "enabled": switch.group(1) == "1",
                "preconfigured": preset.group(1) == "1" if preset else None,
                "alarm_days": int(days.group(1)) if days else None,
                "certificates": certificates,
            }
        block = _TLS_PART.search(line)
        part = block.group(1) if block else part
        state = _TLS_STATE.search(line)
        if state and part and len(certificates) < LIMIT:
            certificates[part] = _EXPIRATION[int(state.group(1))]
    if result is None:
        fail(lines)
    return result


def parse_vnic(text):
    """Read `-vnic -g` of A3 and 950: {"link", "address", "netmask"} of the virtual port."""
    lines = lines_of(text)
    found = {"link": None, "address": None, "netmask": None}
    names = {"vnic link status": "link", "vnic ipaddr": "address", "vnic netmask": "netmask"}
    for key, value in values(lines):
        if key in names:
            found[names[key]] = value[:45] or None
    if found["link"] is None and found["address"] is None:
        fail(lines)
    return found


def parse_device_info(text):
    """Read `-g -dev_info -i N` of a 950.

    Returns:
        {"ports": [{"udie", "port", "speed_mbps", "type", "link", "media"}], "interfaces": [{"name", "addresses":
        [{"address", "netmask"}]}], "eids": [str]}
    """
    lines = lines_of(text)
    found = {"ports": [], "interfaces": [], "eids": []}
    for row in rows_of(lines):
        if "port id" in row:
            speed = integer(row.get("speed ability(gbps)", ""))
            found["ports"].append(
                {
                    "udie": integer(row.get("udie id", "")),
                    "port": integer(row["port id"]),
                    "speed_mbps": None if speed is None else speed * 1000,
                    "type": row.get("port type") or None,
                    "link": (row.get("link status") or "").upper() or None,
                    "media": row.get("media type") or None,
                }
            )
        elif "ip address" in row:
            if row.get("interface name"):
                found["interfaces"].append({"name": row["interface name"], "addresses": []})
            if found["interfaces"] and row["ip address"]:
                address = {"address": row["ip address"], "netmask": row.get("netmask") or None}
                found["interfaces"][-1]["addresses"].append(address)
        elif row.get("eid"):
            found["eids"].append(row["eid"].lower())
    if not any(found.values()):
        fail(lines)
    return found


def parse_spod(text):
    """Read `npu-smi info -t spod-info -i N -c C` of a super pod.

    Returns:
        {"super_device_id", "super_pod_id", "super_pod_size", "server_index"}; None for what is not said.
    """
    lines = lines_of(text)
    names = {
        "sdid": "super_device_id",
        "super pod id": "super_pod_id",
        "super pod size": "super_pod_size",
        "server index": "server_index",
        "chassis id": "server_index",
    }
    found = dict.fromkeys(("super_device_id", "super_pod_id", "super_pod_size", "server_index"))
    for key, value in values(lines):
        if key in names and found[names[key]] is None:
            found[names[key]] = integer(value)
    if all(value is None for value in found.values()):
        fail(lines)
    return found


def parse_recovery(text):
    """Read `-a -cfg recovery` or `-i N -cfg recovery`: {"recovered": [chip], "failed": [chip]}."""
    lines = lines_of(text)
    found = {"recovered": [], "failed": []}
    for line in lines:
        said = re.match(r"\s{0,8}dev:([0-9]{1,6}) recovery (success|fail)", line)
        if said:
            place = found["recovered" if said.group(2) == "success" else "failed"]
            if int(said.group(1)) not in place:
                place.append(int(said.group(1)))
    if not found["recovered"] and not found["failed"]:
        fail(lines)
    return found


def _mbps(value):
    found = _SPEED.search(value)
    if not found or "unknown" in value.lower():
        return None
    return int(found.group(1)) * (1000 if found.group(2).upper() == "G" else 1)

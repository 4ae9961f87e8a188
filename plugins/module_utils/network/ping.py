# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what hccn_tool prints of a ping: `-ping -g address A` (PING6 and the 950's `-ub_ping` too), `-hccs_ping -g`.

Sources as in parse.py.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils.network.parse import LIMIT, fail, lines_of, shorten
from ansible_collections.ascend.fleet.plugins.module_utils.npu_smi import number

_TITLE = re.compile(r"device ([0-9]{1,6}) PING6?\s{1,8}([0-9A-Fa-f:.]{2,45})")
_REPLY = re.compile(
    r"recv seq\s{0,4}[:=]?\s{0,4}[0-9]{1,9}\s{0,4},\s{0,4}time\s{0,4}[:=]\s{0,4}([0-9.]{1,20})\s{0,4}(ms|us)"
)
_SUMMARY = re.compile(
    r"([0-9]{1,9}) (?:packets?|pkts?) transmitted, ([0-9]{1,9}) (?:packets? )?received, "
    r"([0-9.]{1,12})% (?:packets? )?loss"
)
_TROUBLE = re.compile(r"time ?out|unreachable|too long|fail|not start", re.I)
_PLANE = re.compile(r"L([0-9]{1,2}) plane check result = (0x[0-9A-Fa-f]{1,16}|[0-9]{1,9})")


def parse_ping(text):
    """Read one ping.

    Returns:
        {"chip": int | None, "target": str | None, "sent": int, "received": int, "loss_pct": float, "times_ms": [float],
        "trouble": [str]}; trouble holds each kind of line that says why a packet did not come back.
    """
    lines = lines_of(text)
    chip, target, summary, times, trouble, _planes = _read(lines)
    if summary is None and not times and not (target and trouble):
        fail(lines)
    sent, received, loss = summary or (len(times) + len(trouble), len(times), None)
    if loss is None:
        loss = 100.0 * (sent - received) / sent if sent else 100.0
    return {
        "chip": chip,
        "target": target,
        "sent": sent,
        "received": received,
        "loss_pct": loss,
        "times_ms": times,
        "trouble": trouble,
    }


def parse_hccs_ping(text):
    """Read a ping over the links inside a super pod (A3).

    Returns:
        {"sent", "received", "loss_pct", "times_ms", "trouble", "planes": {number: worst result}}; a plane whose result
        is not 0 is faulty.
    """
    lines = lines_of(text)
    _chip, _target, summary, times, trouble, planes = _read(lines)
    good = sum("pkt ping success" in line for line in lines)
    if summary is None and not times and not good and not trouble:
        fail(lines)
    count = max(len(times), good)
    sent, received, loss = summary or (count + len(trouble), count, None)
    if loss is None:
        loss = 100.0 * (sent - received) / sent if sent else 100.0
    return {
        "sent": sent,
        "received": received,
        "loss_pct": loss,
        "times_ms": times,
        "trouble": trouble,
        "planes": planes,
    }


def _read(lines):
    chip = target = summary = None
    times, trouble, planes = [], [], {}
    for line in lines:
        title, reply, end = _TITLE.search(line), _REPLY.search(line), _SUMMARY.search(line)
        if title and target is None:
            chip, target = int(title.group(1)), title.group(2)
        elif reply:
            time = number(reply.group(1))
            if time is not None and len(times) < LIMIT:
                times.append(time / 1000.0 if reply.group(2) == "us" else float(time))
        elif end:
            summary = (int(end.group(1)), int(end.group(2)), float(number(end.group(3)) or 0))
        elif _TROUBLE.search(line):
            words = shorten(re.sub(r"[0-9]{1,9}", "N", line)) if "seq" in line else shorten(line)
            if words not in trouble and len(trouble) < 16:
                trouble.append(words)
        plane = _PLANE.search(line)
        if plane and len(planes) < 16:
            result = int(plane.group(2), 16 if plane.group(2).startswith("0x") else 10)
            planes[plane.group(1)] = max(planes.get(plane.group(1), 0), result)
    return chip, target, summary, times, trouble, planes

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the vendor's NPU exporter lies on a host, as whom it runs, and its unit. Pure.

Source: github:Ascend/mind-cluster @22bb3d98, manual installation of NPU Exporter. The vendor's unit starts it through a
shell in the background, from a timer a minute after the boot; ours is its parent, and starts it again until the driver
answers.
"""

import re

USER, USER_ID = "hwMindX", 9000
FOLDER = "/usr/local/bin"
PROGRAM = FOLDER + "/npu-exporter"
MEMBER = "npu-exporter"  # what the vendor's zip calls it
NAME = "npu-exporter.service"
UNIT = "/etc/systemd/system/" + NAME
LOGS = "/var/log/mindx-dl"
LOG_FOLDER = LOGS + "/npu-exporter"
LOG = LOG_FOLDER + "/npu-exporter.log"
RECORD = "npu_exporter.json"  # below the state folder
ADDRESS, PORT = "127.0.0.1", 8082
PORTS = (1025, 40000)  # that it accepts
_FLAG = re.compile(r"-{1,2}(ip|port)[= ]([^\s\"'>]+)")
_VERSION = re.compile(r"version:?\s*v?([0-9][^\s_]*)")


def text(address, port):
    """The unit that serves at an address and port."""
    return """# Made by ascend.fleet, which writes it anew. Set ascend_npu_exporter_address and _port instead.
[Unit]
Description=Ascend npu exporter
Documentation=https://www.hiascend.com
After=network-online.target host_sys_init.service
Wants=network-online.target

[Service]
ExecStart=%s -ip=%s -port=%d -logFile=%s
Restart=always
RestartSec=10
Environment=GOGC=50 GOMAXPROCS=2 GODEBUG=madvdontneed=1
User=%s
NoNewPrivileges=true

[Install]
WantedBy=multi-user.target
""" % (PROGRAM, address, port, LOG, USER)


def place(unit):
    """(address, port) that a unit's text names, None for what it does not name."""
    line = "".join(re.findall(r"^ExecStart=(.*)$", unit or "", re.MULTILINE)[-1:])
    said = dict(_FLAG.findall(line))
    port = said.get("port", "")
    return said.get("ip"), int(port) if port.isdigit() else None


def version(said):
    """The version in what the program prints ("NPU-exporter version: v26.0.0_linux-aarch64"), or None."""
    found = _VERSION.search(said or "")
    return found.group(1) if found else None


def problem(address, port):
    """Why it cannot listen there, as a sentence with the fix, or None."""
    if not isinstance(port, int) or not PORTS[0] <= port <= PORTS[1]:
        return "the port is %s, and the exporter takes %d to %d. Fix: set ascend_npu_exporter_port" % ((port,) + PORTS)
    if not _is_address(address):
        return (
            "the address is %r, and the exporter takes an IPv4 address. Fix: set ascend_npu_exporter_address" % address
        )
    return None


def _is_address(text):
    parts = str(text).split(".")
    return len(parts) == 4 and all(part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts)


def asked_at(address):
    """The address at which the host itself reaches it."""
    return ADDRESS if address == "0.0.0.0" else address

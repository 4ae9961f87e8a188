#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pings from the NPUs of a host to those of others."""

DOCUMENTATION = r"""
module: network_probe
short_description: Ping from the NPUs of a host to those of others
version_added: "0.1.0"
description:
  - Runs C(hccn_tool -ping) from chips of this host to the addresses given, and reads the counters of the chips
    again, so that one can tell which of them grow.
  - Chips work side by side, each one thing at a time, within a limit on the time of each answer and of all together,
    and on what the tool may print. What was not begun in time is told as unknown.
  - Changes nothing.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.info
options:
  probes:
    description: What M(ascend.fleet.network_course) laid out for this host.
    type: list
    elements: dict
    default: []
    suboptions:
      chip: {description: Physical number of the chip that pings., type: int, required: true}
      address: {description: Address to ping., type: str, required: true}
      via:
        description: Over the RoCE port, or over the links inside a super pod (A3).
        type: str
        choices: [roce, hccs]
        default: roce
  path:
    description: The tool's place, as C(device_network.tool) of the facts tells it.
    type: path
    required: true
  look:
    description: Chips whose counters are read again.
    type: list
    elements: int
    default: []
  seconds:
    description: Time for everything; what has not begun by then is not begun.
    type: int
    default: 240
  timeout:
    description: Time for one answer of the tool.
    type: int
    default: 15
  at_once:
    description: Chips that work side by side.
    type: int
    default: 8
  wait:
    description: Seconds that links which are down get to come up before, as after a change of their settings.
    type: int
    default: 0
seealso:
  - module: ascend.fleet.network_verdict
"""

EXAMPLES = r"""
- name: Ping another host's first chip
  ascend.fleet.network_probe:
    probes:
      - {chip: 0, address: 198.51.100.2}
    path: /usr/local/Ascend/driver/tools/hccn_tool
    look: [0]
  become: true
"""

RETURN = r"""
probed:
  description: How each probe ended, in the order given.
  returned: always
  type: list
  elements: dict
  contains:
    chip: {description: As given., type: int}
    address: {description: As given., type: str}
    via: {description: As given., type: str}
    state: {description: "ok, loss (some packets), fail (all), or unknown (the tool gave no answer).", type: str}
    loss: {description: Percent of the packets., type: float}
    ms: {description: Mean time in milliseconds., type: float}
    message: {description: What the tool said of packets that were lost., type: str}
later:
  description: By chip after the probes, C(counters), C(down_count) (times the link went down), C(link), C(net_health).
  returned: always
  type: dict
  sample: {"0": {"counters": {"roce_rx_err_pkt_num": 0}, "down_count": 1, "link": "UP", "net_health": "Success"}}
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.network import probe, tool
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale

_SUBOPTIONS = {
    "chip": {"type": "int", "required": True},
    "address": {"type": "str", "required": True},
    "via": {"type": "str", "choices": ["roce", "hccs"], "default": "roce"},
}


def main():
    """Run the probes."""
    module = AnsibleModule(
        argument_spec={
            "probes": {"type": "list", "elements": "dict", "options": _SUBOPTIONS, "default": []},
            "path": {"type": "path", "required": True},
            "look": {"type": "list", "elements": "int", "default": []},
            "seconds": {"type": "int", "default": 240},
            "timeout": {"type": "int", "default": 15},
            "at_once": {"type": "int", "default": 8},
            "wait": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    host_locale.check(module)
    params = module.params
    for name in ("seconds", "timeout", "at_once"):
        if params[name] < 1:
            module.fail_json(msg="{} is {}; it must be at least 1.".format(name, params[name]))
    if not os.path.isfile(params["path"]):
        module.fail_json(msg="{} is not there. Install the driver, which brings it.".format(params["path"]))
    # A call that has begun when the time is over is let end.
    hccn = tool.Tool(params["path"], params["timeout"])
    probed, later = probe.run(
        params["probes"], params["look"], hccn.ask, params["seconds"], params["at_once"], params["wait"]
    )
    module.exit_json(changed=False, probed=probed, later=later)


if __name__ == "__main__":
    main()

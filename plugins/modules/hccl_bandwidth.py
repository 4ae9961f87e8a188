#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the bandwidth of all_reduce between the NPUs of a host, or of several."""

DOCUMENTATION = r"""
module: hccl_bandwidth
short_description: Measure the bandwidth of all_reduce between NPUs
version_added: "0.1.0"
description:
  - Runs C(all_reduce_test) of the vendor's hccl_test with MPI, within this host or, started from it, across several,
    and returns its table. Where hccl_test is not built, it is built from a copy of the toolkit's source in
    O(state_dir).
  - The NPUs must be idle; whoever computes on them is disturbed.
  - Without toolkit or MPI, and where the test fails, the module does not fail; it returns RV(available=false) with the
    cause and the fix.
  - In check mode nothing is built and nothing is run.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.install_path
  - ascend.fleet.options.state
options:
  npus:
    description: NPUs of each host that take part.
    type: int
    required: true
  hosts:
    description: Addresses of the hosts of a run across hosts, this one first, which enters the others by SSH.
    type: list
    elements: str
    default: []
  mpi:
    description: Prefix of the MPI to use. Default is the vendor's below V(/usr/local), then the distribution's.
    type: path
  interface:
    description: Network interface that Open MPI is held to.
    type: str
  smallest:
    description: Smallest message.
    type: str
    default: 8K
  largest:
    description: Largest message.
    type: str
    default: 1G
  iterations:
    description: Repetitions of each size.
    type: int
    default: 20
  timeout:
    description: Seconds for the run.
    type: int
    default: 600
"""

EXAMPLES = r"""
- name: Measure within the host
  ascend.fleet.hccl_bandwidth:
    npus: 8
  become: true
  register: ascend_bandwidth_seen
"""

RETURN = r"""
available:
  description: Whether there is a measurement.
  returned: always
  type: bool
reason:
  description: Why there is none.
  returned: when not available
  type: str
missing:
  description: Whether the host lacks something that the measurement needs, so that trying again changes nothing.
  returned: when not available
  type: bool
fix:
  description: What to do about it.
  returned: when not available
  type: str
log_tail:
  description: The end of what the tool printed.
  returned: when not available
  type: str
rows:
  description: The table - C(bytes), C(us), C(gb_s) and C(check) of each size.
  returned: when available
  type: list
  elements: dict
bytes:
  description: The size by which runs are compared, the best from a quarter of the largest on.
  returned: when available
  type: int
gb_s:
  description: Its bandwidth in GB/s, as the tool counts it (size divided by time).
  returned: when available
  type: float
npus:
  description: As given.
  returned: when available
  type: int
hosts:
  description: How many hosts took part.
  returned: always
  type: int
mpi:
  description: C(mpich) or C(openmpi).
  returned: when available
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import defaults
from ansible_collections.ascend.fleet.plugins.module_utils.network import bandwidth, hccl_test
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale, safe_folder


def main():
    """Build where needed, and measure."""
    module = AnsibleModule(
        argument_spec={
            "npus": {"type": "int", "required": True},
            "hosts": {"type": "list", "elements": "str", "default": []},
            "mpi": {"type": "path"},
            "interface": {"type": "str"},
            "smallest": {"type": "str", "default": "8K"},
            "largest": {"type": "str", "default": "1G"},
            "iterations": {"type": "int", "default": 20},
            "timeout": {"type": "int", "default": 600},
            "install_path": {"type": "path", "default": defaults.INSTALL_PATH},
            "state_dir": {"type": "path", "default": defaults.STATE_DIR},
        },
        supports_check_mode=True,
    )
    host_locale.check(module)
    params, changed = module.params, False
    try:
        bench = bandwidth.Bench(params["install_path"], params["state_dir"], params["mpi"])
        if bench.built() is None:
            changed = True
            if not module.check_mode:
                bench.build()
        if module.check_mode:
            raise bandwidth.CannotMeasure("Check mode measures nothing.", "Run without --check.")
        rows = bench.measure(
            params["npus"],
            (params["smallest"], params["largest"]),
            params["iterations"],
            params["timeout"],
            params["hosts"],
            params["interface"],
        )
    except bandwidth.CannotMeasure as error:
        module.exit_json(
            changed=changed,
            available=False,
            reason=str(error),
            fix=error.fix,
            log_tail=error.log,
            missing=isinstance(error, bandwidth.Missing),
            hosts=max(1, len(params["hosts"])),
        )
    except safe_folder.UnsafeFolder as error:
        module.fail_json(msg=str(error), **error.facts)
    size, speed = hccl_test.headline(rows)
    module.exit_json(
        changed=changed,
        available=True,
        rows=rows,
        bytes=size,
        gb_s=speed,
        npus=params["npus"],
        hosts=max(1, len(params["hosts"])),
        mpi=bench.mpi,
    )


if __name__ == "__main__":
    main()

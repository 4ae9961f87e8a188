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
  - Where that cannot be, and O(environment) names one with PyTorch and torch_npu, C(torch.distributed) adds up numbers
    by HCCL instead, within this host. Its processes run as whom M(ascend.fleet.framework_check) runs them as.
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
  engine:
    description: What measures; V(auto) is hccl_test, and PyTorch where toolkit or MPI are not there.
    type: str
    choices: [auto, hccl_test, torch]
    default: auto
  environment:
    description: Folder of a managed Python environment with PyTorch and torch_npu.
    type: path
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
engine:
  description: C(hccl_test) or C(torch).
  returned: when available
  type: str
mpi:
  description: C(mpich) or C(openmpi); V(null) of PyTorch.
  returned: when available
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import defaults
from ansible_collections.ascend.fleet.plugins.module_utils.network import bandwidth, hccl_test
from ansible_collections.ascend.fleet.plugins.module_utils.proof import torch_bandwidth
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale, safe_folder


def main():
    """Build where needed, and measure."""
    module = AnsibleModule(
        argument_spec={
            "npus": {"type": "int", "required": True},
            "hosts": {"type": "list", "elements": "str", "default": []},
            "engine": {"type": "str", "choices": ["auto", "hccl_test", "torch"], "default": "auto"},
            "environment": {"type": "path"},
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
    sizes = (params["smallest"], params["largest"])
    try:
        hccl_test.sizes(*sizes)
        bench = _bench(params)
        if bench and bench.built() is None:
            changed = True
            if not module.check_mode:
                bench.build()
        if module.check_mode:
            raise bandwidth.CannotMeasure("Check mode measures nothing.", "Run without --check.")
        what = (params["npus"], sizes, params["iterations"], params["timeout"])
        if bench:
            rows = bench.measure(*what, hosts=params["hosts"], interface=params["interface"])
        else:
            rows = torch_bandwidth.measure(params["environment"], *what)
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
    except ValueError as error:
        module.fail_json(msg="smallest and largest: {}.".format(error))
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
        engine="hccl_test" if bench else "torch",
        mpi=bench.mpi if bench else None,
    )


def _bench(params):
    """hccl_test, or None where PyTorch measures. Raises bandwidth.Missing where neither can."""
    able = params["environment"] and not params["hosts"]
    if params["engine"] == "torch":
        if not able:
            raise bandwidth.Missing(
                "There is no Python environment with torch_npu on this host."
                if not params["environment"]
                else "PyTorch measures within a host only.",
                "Install PyTorch (ascend_components), or leave ascend_bandwidth_engine out.",
            )
        return None
    try:
        return bandwidth.Bench(params["install_path"], params["state_dir"], params["mpi"])
    except bandwidth.Missing:
        if params["engine"] == "auto" and able:
            return None
        raise


if __name__ == "__main__":
    main()

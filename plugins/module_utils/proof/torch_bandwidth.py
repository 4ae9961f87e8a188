# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures all_reduce with the PyTorch of a managed environment, where there is no hccl_test. Touches the host."""

from ansible_collections.ascend.fleet.plugins.module_utils.network import bandwidth, hccl_test
from ansible_collections.ascend.fleet.plugins.module_utils.proof import process, sources


def measure(environment, npus, sizes, iterations, seconds, run=process.run):
    """Run all_reduce within this host.

    Args:
        environment: its folder.
        npus: that take part.
        sizes: (smallest, largest), as 8K and 1G.
        iterations: of each size.
        seconds: for the whole run.
        run: process.run, or its like.

    Returns:
        list of rows as hccl_test.parse gives them.

    Raises:
        bandwidth.CannotMeasure: it ended without a sound table.
    """
    wanted = {
        "environment": environment,
        "engine": sources.TORCH,
        "device_target": "Ascend",
        "device_id": 0,
        "processes": npus,
        "timeout": seconds,
    }
    request = {"task": "bandwidth", "iterations": iterations, "sizes": hccl_test.sizes(*sizes), "seconds": seconds}
    try:
        result = run(wanted, request)
        rows = hccl_test.parse(result["table"])
    except process.Failure as error:
        raise bandwidth.CannotMeasure(
            "torch.distributed in %s: %s" % (environment, str(error).rstrip(".") + "."),
            "See that PyTorch computes on the NPUs (role inference_check), then run again.",
            error.log_tail,
        )
    except hccl_test.Unreadable:
        rows = []
    if not rows or any(row["check"] == "failed" for row in rows):
        raise bandwidth.CannotMeasure(
            "torch.distributed in %s gave no sound result." % environment,
            "Look at the health of the chips (ascend.fleet.doctor).",
            result["table"][-4000:],
        )
    return rows

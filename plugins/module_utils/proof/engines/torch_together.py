# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several processes add their numbers with torch.distributed, one an NPU by HCCL, or on the CPU by gloo.

A program of its own, started once for each: C(torch_together.py KIND RANK SIZE FILE), KIND is npu or cpu. The file is
where they find each other, so no port is needed. HCCL needs no rank table on one host.
"""

import os
import subprocess
import sys
import tempfile
import time

BACKENDS = {"npu": "hccl", "cpu": "gloo"}
NUMBERS = 1024  # as many as each adds
_SECONDS = 300
_SAID = 2000  # characters of what a process said


def main(kind, rank, size, file):
    """Be one of them: add, and compare with what the sum has to be. Raises RuntimeError where it is another."""
    if kind == "cpu":
        os.environ["TORCH_DEVICE_BACKEND_AUTOLOAD"] = "0"
    import torch
    from torch import distributed

    device = "cpu"
    if kind == "npu":
        import torch_npu

        device = "npu:%d" % rank
        torch_npu.npu.set_device(device)
    distributed.init_process_group(BACKENDS[kind], init_method="file://" + file, rank=rank, world_size=size)
    try:
        numbers = torch.full((NUMBERS,), float(rank + 1), device=device)
        distributed.all_reduce(numbers)
        found, wanted = numbers.cpu().tolist(), size * (size + 1) / 2.0
        if found != [wanted] * NUMBERS:
            raise RuntimeError("the sum on %s is %s and not %s" % (device, sorted(set(found))[:3], wanted))
    finally:
        distributed.destroy_process_group()


def together(kind, size, seconds=_SECONDS):
    """Start them all and wait.

    Args:
        kind: npu or cpu.
        size: how many.
        seconds: how long they may take together.

    Returns:
        What was shown, in words.

    Raises:
        RuntimeError: one failed, with what it said last, or they did not come to an end.
    """
    folder = tempfile.mkdtemp(dir=".")
    file = os.path.abspath(os.path.join(folder, "together"))
    command = [sys.executable, os.path.abspath(__file__), kind]
    running = []
    try:
        for rank in range(size):
            with open("%s.%d" % (file, rank), "wb") as log:
                arguments = command + [str(rank), str(size), file]
                running.append(subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT))
        _wait(running, time.monotonic() + seconds, file)
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
            process.wait()
    return "the sum of the numbers of %d %s by an all_reduce (%s)" % (
        size,
        "NPUs" if kind == "npu" else "processes on the CPU",
        BACKENDS[kind],
    )


def _wait(running, deadline, file):
    while any(process.poll() is None for process in running):
        # One that failed leaves the others waiting for it.
        if time.monotonic() > deadline or any(process.poll() for process in running):
            break
        time.sleep(0.2)
    for rank, process in enumerate(running):
        if process.poll():
            with open("%s.%d" % (file, rank), "rb") as log:
                said = log.read().decode("utf-8", "replace")[-_SAID:]
            last = (said.strip().splitlines() or ["nothing"])[-1]
            raise RuntimeError("all_reduce of %d failed in process %d: %s" % (len(running), rank, last))
    if any(process.poll() is None for process in running):
        raise RuntimeError("all_reduce of %d did not come to its end in time" % len(running))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])

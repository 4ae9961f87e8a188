# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several processes add their numbers with torch.distributed, one an NPU by HCCL, or on the CPU by gloo.

A program of its own, started once for each: C(torch_together.py KIND RANK SIZE FILE), KIND is npu or cpu. The file is
where they find each other, so no port is needed. HCCL needs no rank table on one host. With C(ITERATIONS BYTES ...)
behind these they measure how long it takes, and the first prints a table like that of the vendor's all_reduce_test.
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
_WARM = 3  # rounds before those that are timed
HEADER = "data_size(Bytes): | avg_time(us): | alg_bandwidth(GB/s): | check_result:"


def main(kind, rank, size, file, iterations=0, sizes=()):
    """Be one of them: add, and compare with what the sum has to be. Raises RuntimeError where it is another.

    Args:
        iterations: of each size, where it is measured.
        sizes: bytes that are added at once, where it is measured.
    """
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
        wait = torch_npu.npu.synchronize if kind == "npu" else None
        if sizes and rank == 0:
            sys.stdout.write(HEADER + "\n")
        for count in sizes:
            numbers = torch.ones(count // 4, device=device)
            line = _timed(distributed, numbers, size, iterations, wait)
            if rank == 0:
                sys.stdout.write("%d | %s\n" % (count // 4 * 4, line))
    finally:
        distributed.destroy_process_group()


def _timed(distributed, numbers, size, iterations, wait):
    """One size: time, bandwidth (size divided by time) and whether the sum was right, as columns of the table."""
    distributed.all_reduce(numbers)
    right = float(numbers.min()) == float(numbers.max()) == float(size)
    # What is timed adds zeros, so that no sum grows out of its type.
    numbers.zero_()
    begun = 0.0
    for number in range(_WARM + iterations):
        if number == _WARM:
            if wait:
                wait()
            begun = time.monotonic()
        distributed.all_reduce(numbers)
    if wait:
        wait()
    seconds = (time.monotonic() - begun) / iterations
    count = numbers.numel() * 4
    return "%.2f | %.5f | %s" % (seconds * 1e6, count / seconds / 1e9, "success" if right else "failed")


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
    _run(kind, size, seconds)
    return "the sum of the numbers of %d %s by an all_reduce (%s)" % (
        size,
        "NPUs" if kind == "npu" else "processes on the CPU",
        BACKENDS[kind],
    )


def measure(kind, size, iterations, sizes, seconds=_SECONDS):
    """As together(), and the table of what it took.

    Args:
        iterations: of each size.
        sizes: bytes that are added at once.
    """
    return _run(kind, size, seconds, [iterations] + list(sizes))


def _run(kind, size, seconds, more=()):
    """What the first process printed. Raises RuntimeError as together() does."""
    folder = tempfile.mkdtemp(dir=".")
    file = os.path.abspath(os.path.join(folder, "together"))
    command = [sys.executable, os.path.abspath(__file__), kind]
    running = []
    try:
        for rank in range(size):
            with open("%s.%d" % (file, rank), "wb") as log:
                arguments = command + [str(word) for word in [rank, size, file] + list(more)]
                running.append(subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT))
        _wait(running, time.monotonic() + seconds, file)
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
            process.wait()
    with open(file + ".0", "rb") as log:
        return log.read().decode("utf-8", "replace")


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
    main(
        sys.argv[1],
        int(sys.argv[2]),
        int(sys.argv[3]),
        sys.argv[4],
        int(sys.argv[5]) if sys.argv[5:] else 0,
        [int(word) for word in sys.argv[6:]],
    )

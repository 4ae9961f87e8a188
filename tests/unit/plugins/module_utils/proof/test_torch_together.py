"""Processes that add their numbers, with a torch that is a few lines; and what is said when one of them fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.network import hccl_test
from ansible_collections.ascend.fleet.plugins.module_utils.proof import causes, process
from ansible_collections.ascend.fleet.plugins.module_utils.proof.engines import torch_plain, torch_together

# Adds by way of files, which is an exchange between processes too.
TORCH = """
import sys
class Numbers(list):
    def cpu(self): return self
    def tolist(self): return list(self)
    def min(self): return sorted(self)[0]
    def max(self): return sorted(self)[-1]
    def numel(self): return len(self)
    def zero_(self): self[:] = [0.0] * len(self)
def full(shape, value, device): return Numbers([value] * shape[0])
def ones(count, device): return Numbers([1.0] * count)
"""
DISTRIBUTED = """
import os, time
place = {}
def init_process_group(backend, init_method, rank, world_size):
    print(backend)
    place.update(file=init_method[len("file://"):], rank=rank, size=world_size)
def all_reduce(numbers):
    if os.environ.get("DIES") == str(place["rank"]): raise SystemExit("the link is down")
    place["turn"] = place.get("turn", 0) + 1
    mine = "%s.sum.%d.%d" % (place["file"], place["turn"], place["rank"])
    with open(mine + ".new", "w") as out: out.write(repr(numbers[0]))
    os.rename(mine + ".new", mine)
    total, others = 0, ["%s.sum.%d.%d" % (place["file"], place["turn"], rank) for rank in range(place["size"])]
    while not all(map(os.path.exists, others)): time.sleep(0.05)
    for name in others: total += float(open(name).read())
    numbers[:] = [total + float(os.environ.get("WRONG", 0))] * len(numbers)
def destroy_process_group(): pass
"""


@pytest.fixture
def torch(tmp_path, monkeypatch):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(TORCH)
    (tmp_path / "torch" / "distributed.py").write_text(DISTRIBUTED)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("torch")
def test_they_add_up():
    assert torch_together.together("cpu", 3, 60) == (
        "the sum of the numbers of 3 processes on the CPU by an all_reduce (gloo)"
    )


@pytest.mark.usefixtures("torch")
def test_the_first_prints_the_table_of_what_it_took():
    rows = hccl_test.parse(torch_together.measure("cpu", 2, 2, [64, 128], 60))
    assert [(row["bytes"], row["check"]) for row in rows] == [(64, "success"), (128, "success")]
    assert all(row["us"] > 0 for row in rows)


@pytest.mark.usefixtures("torch")
def test_a_wrong_sum_is_no_sum(monkeypatch):
    monkeypatch.setenv("WRONG", "1")
    with pytest.raises(RuntimeError, match=r"all_reduce of 2 failed in process \d: .*the sum on cpu is \[4\.0\]"):
        torch_together.together("cpu", 2, 60)


@pytest.mark.usefixtures("torch")
def test_one_that_dies_ends_the_others_and_says_why(monkeypatch):
    monkeypatch.setenv("DIES", "1")
    with pytest.raises(RuntimeError, match="all_reduce of 2 failed in process 1: the link is down") as caught:
        torch_together.together("cpu", 2, 60)
    assert "do not work together" in causes.explain(str(caught.value))


@pytest.mark.usefixtures("torch")
def test_who_does_not_come_to_an_end_is_ended(monkeypatch):
    Path("torch/distributed.py").write_text(DISTRIBUTED.replace("others)):", "others)) or True:"))
    with pytest.raises(RuntimeError, match="did not come to its end in time"):
        torch_together.together("cpu", 2, 2)
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and _is_ours(pid)]


def _is_ours(pid: str) -> bool:
    try:
        return os.getcwd().encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


class Npu:
    """As much of torch as the choice of what is shown needs."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.npu = self

    def device_count(self) -> int:
        return self.count


@pytest.mark.parametrize(
    ("device", "asked", "there", "size"),
    [("npu:0", 0, 8, 8), ("npu:0", 0, 1, None), ("npu:0", 1, 8, None), ("cpu", 0, 0, None), ("cpu", 2, 0, 2)],
)
def test_how_many_add(monkeypatch, device, asked, there, size):
    engine = torch_plain.Engine({"processes": asked})
    engine.device, engine.torch = device, Npu(there)
    monkeypatch.setattr(torch_plain.Engine, "_products", lambda self: None)
    monkeypatch.setattr(torch_together, "together", lambda kind, count: (kind, count))
    shown = engine.show()
    assert shown[0] == f"products of matrices on {device} as on the CPU"
    assert shown[1:] == ([(device.partition(":")[0], size)] if size else [])


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ("RuntimeError: Two accelerators cannot be used at the same time in PyTorch: npu and cuda.", "CUDA build"),
        ("ImportError: libatb.so: cannot open shared object file", "Run the role nnal"),
        ("ImportError: libhccl.so: cannot open shared object file", "Run the role cann"),
        ("RuntimeError: Failed to load the backend extension: torch_npu. You can", "torch_npu cannot be loaded"),
    ],
)
def test_what_torch_npu_complains_of_has_a_cause_and_a_fix(said, fix):
    assert fix in causes.explain(said)


def test_what_was_shown_is_text_and_nothing_else():
    content = b'{"ok": true, "stage": "compare", "shown": ["a", "b"], "losses": [1.5]}'
    assert process._result(content)["shown"] == ["a", "b"]
    assert "shown" not in process._result(content.replace(b'"b"', b"7"))
    assert "losses" not in process._result(content.replace(b"1.5", b'"x"'))

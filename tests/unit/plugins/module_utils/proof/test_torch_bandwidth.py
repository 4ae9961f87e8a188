# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PyTorch measures where there is no hccl_test: what is asked of it, and what its answers mean."""

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.network import bandwidth, hccl_test
from ansible_collections.ascend.fleet.plugins.module_utils.proof import process, torch_bandwidth
from ansible_collections.ascend.fleet.plugins.module_utils.proof.engines import torch_plain, torch_together
from ansible_collections.ascend.fleet.plugins.modules import hccl_bandwidth

TABLE = torch_together.HEADER + "\n8192 | 12.50 | 0.65 | success\n16384 | 13.00 | 1.26 | {}\n"


def measure(answer):
    asked = []

    def run(wanted, request):
        asked.append((wanted, request))
        if isinstance(answer, Exception):
            raise answer
        return {"table": answer}

    rows = torch_bandwidth.measure("/opt/ascend/envs/torch", 8, ("8K", "16K"), 20, 600, run=run)
    return rows, asked


def test_it_asks_for_all_sizes_on_all_npus():
    rows, [(wanted, request)] = measure(TABLE.format("success"))
    assert hccl_test.headline(rows) == (16384, 1.26)
    assert (wanted["processes"], wanted["engine"], wanted["device_target"]) == (8, "torch-plain", "Ascend")
    assert request == {"task": "bandwidth", "iterations": 20, "sizes": [8192, 16384], "seconds": 600}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (TABLE.format("failed"), "no sound result"),
        ("nothing", "no sound result"),
        (process.Failure("It failed in stage measure: all_reduce of 8 failed.", "the log"), "all_reduce of 8 failed"),
    ],
)
def test_what_is_no_measurement_says_why(answer, words):
    with pytest.raises(bandwidth.CannotMeasure, match=words) as caught:
        measure(answer)
    assert caught.value.fix and not isinstance(caught.value, bandwidth.Missing)


@pytest.mark.parametrize("given", [("8", "4"), ("2", "8K"), ("8X", "1G"), ("", "1G"), ("-1", "1G")])
def test_sizes_that_are_none(given):
    with pytest.raises(ValueError, match=r"no size|less than"):
        hccl_test.sizes(*given)


def test_each_size_is_twice_the_one_before():
    assert hccl_test.sizes("8K", "100K") == [8192, 16384, 32768, 65536] and len(hccl_test.sizes("8K", "1G")) == 18


def asked(**given):
    options = {"engine": "auto", "environment": None, "hosts": [], "mpi": None}
    return {**options, "install_path": "/nonexistent", "state_dir": "/nonexistent", **given}


def test_pytorch_stands_in_where_there_is_no_toolkit():
    assert hccl_bandwidth._bench(asked(environment="/opt/env")) is None
    assert hccl_bandwidth._bench(asked(environment="/opt/env", engine="torch")) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "no hccl_test below /nonexistent"),
        ({"environment": "/opt/env", "engine": "hccl_test"}, "no hccl_test below"),
        ({"environment": "/opt/env", "hosts": ["192.0.2.1", "192.0.2.2"]}, "no hccl_test below"),
        ({"engine": "torch"}, "no Python environment with torch_npu"),
        ({"environment": "/opt/env", "engine": "torch", "hosts": ["192.0.2.1"]}, "within a host only"),
    ],
)
def test_where_neither_can_measure_it_says_so(given, words):
    with pytest.raises(bandwidth.Missing, match=words):
        hccl_bandwidth._bench(asked(**given))


def test_a_cpu_is_not_measured():
    engine = torch_plain.Engine({"device_target": "CPU", "processes": 8})
    with pytest.raises(RuntimeError, match="no bandwidth between NPUs"):
        engine.bandwidth()

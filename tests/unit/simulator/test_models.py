# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-ins of ATC and pyACL: what they refuse, what they leave, that a damaged model answers something else."""

import ctypes
import importlib.machinery
import importlib.util
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.model import tiny_onnx
from tests.simulator.sim import computing
from tests.simulator.sim.base import SIMULATOR

RUNS = sys.version_info[:2] == (3, 11) and (computing.FOLDER / ".complete").is_file()
needs_runtime = pytest.mark.skipif(not RUNS, reason="fleet.py packages fetches onnxruntime for Python 3.11")
PYTHON = f"""#!/bin/sh
case "$2" in *numpy*) echo "$FAKE_NUMPY 3 10"; exit 0 ;; esac
exec {sys.executable} "$@"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, cann in (("atc", "8.3.RC1"), ("old-atc", "8.1.RC1")):
        text = (SIMULATOR / "vendor" / "atc").read_text().replace("@CANN@", cann)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").write_text(PYTHON)
    (tmp_path / "bin" / "python3").chmod(0o755)
    (tmp_path / "libascend_hal.so").touch()
    (tmp_path / "model.onnx").write_bytes(tiny_onnx.onnx())
    return tmp_path


def atc(place: Path, *words: str, tool: str = "atc", numpy: str = "1.26.4", libraries: bool = True):
    env = {"PATH": f"{place}/bin:/usr/bin:/bin", "FAKE_NUMPY": numpy}
    if libraries:
        env["LD_LIBRARY_PATH"] = str(place)
    command = [sys.executable, str(place / tool), *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=place, check=False)


def usual(**changed: str) -> list[str]:
    given = {"model": "model.onnx", "framework": "5", "output": "tiny", "soc_version": "Ascend310P3", **changed}
    return [f"--{name}={value}" for name, value in given.items() if value]


def test_what_it_leaves(place):
    done = atc(place, *usual())
    assert (done.returncode, done.stdout) == (
        0,
        "ATC start working now, please wait for a moment.\n...\nATC run success, welcome to the next use.\n",
    )
    assert (place / "tiny.om").stat().st_mode & 0o777 == 0o600
    assert atc(place, "--mode=1", "--om=tiny.om", "--json=tiny.json").returncode == 0
    said = json.loads((place / "tiny.json").read_text())
    assert said["name"] == "tiny"
    assert {"key": "soc_version", "value": {"s": "Ascend310P3"}} in said["attr"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"framework": ""}, "E10007"),
        ({"soc_version": ""}, "E10054"),
        ({"soc_version": "310P3"}, "E10001"),
        ({"host_env_os": "windows"}, "E10001"),
        ({"input_shape": "other:1,1,8,8"}, "E10016"),
        ({"input_shape": "image:-1,1,8,8"}, "E10011"),
        ({"input_shape": "image:1,8,8"}, "E10001"),
        ({"insert_op_conf": "nowhere.cfg"}, "E10001"),
        ({"model": "nowhere.onnx"}, "E10003"),
    ],
)
def test_what_it_refuses(place, changed, code):
    done = atc(place, *usual(**changed))
    assert done.returncode == 1
    assert "ATC run failed, Please check the detail log, Try 'atc --help' for more information\n" in done.stdout
    assert f"\n{code}: [PID: " in done.stdout
    assert not (place / "tiny.om").exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (tiny_onnx.onnx([("", 11), ("ai.onnx.ml", 2)]), "E16005"),
        (tiny_onnx.onnx([("", 22)]), "E19010"),
        (tiny_onnx.onnx()[:4000], "E16004"),
    ],
)
def test_models_it_refuses(place, content, code):
    (place / "model.onnx").write_bytes(content)
    done = atc(place, *usual())
    assert (done.returncode, f"\n{code}: " in done.stdout) == (1, True)


def test_numpy_of_another_age(place):
    assert "EC0010" in atc(place, *usual(), tool="old-atc", numpy="2.0.1").stdout
    assert atc(place, *usual(), numpy="2.0.1").returncode == 0


def test_without_the_library_of_a_driver(place):
    done = atc(place, *usual(), libraries=False)
    assert (done.returncode, "libascend_hal.so" in done.stderr) == (127, True)


@pytest.fixture
def acl(place, monkeypatch):
    """pyACL on a host with four 310P3 and a driver."""
    for number in range(4):
        (place / f"davinci{number}").touch()
    (place / "chips.tsv").write_text("4\t0\t0\t0000:C1:00.0\t310P3\t0\n")
    for name, path in (
        ("NPU_SIM_DEVICES", place),
        ("NPU_SIM_SILICON", place),
        ("NPU_SIM_LOADED", place / "chips.tsv"),
        ("NPU_SIM_COMPUTES_WITH", computing.FOLDER),
    ):
        monkeypatch.setenv(name, str(path))
    (place / "acl.py").write_text((SIMULATOR / "vendor" / "pyacl").read_text().replace("@CANN@", "8.3.RC1"))
    loader = importlib.machinery.SourceFileLoader("acl", str(place / "acl.py"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("acl", loader))
    loader.exec_module(module)
    assert module.init() == 0
    assert module.rt.set_device(0) == 0
    return module


def run(acl, path: Path) -> list[float]:
    model, code = acl.mdl.load_from_file(str(path))
    assert code == 0, acl.get_recent_err_msg()
    desc = acl.mdl.create_desc()
    assert acl.mdl.get_desc(desc, model) == 0
    sets, pointers = [], []
    for count, size in (
        (acl.mdl.get_num_inputs(desc), acl.mdl.get_input_size_by_index),
        (acl.mdl.get_num_outputs(desc), acl.mdl.get_output_size_by_index),
    ):
        sets.append(acl.mdl.create_dataset())
        for number in range(count):
            pointers.append((acl.rt.malloc(size(desc, number), 0)[0], size(desc, number)))
            acl.mdl.add_dataset_buffer(sets[-1], acl.create_data_buffer(*pointers[-1]))
    data = struct.pack("<64f", *tiny_onnx.image())
    assert acl.rt.memcpy(pointers[0][0], len(data), ctypes.addressof(ctypes.create_string_buffer(data)), 256, 1) == 0
    assert acl.mdl.execute(model, *sets) == 0
    assert acl.mdl.unload(model) == 0
    return list(struct.unpack("<5f", ctypes.string_at(*pointers[1])))


@needs_runtime
def test_it_computes_what_plain_python_computes(place, acl):
    assert atc(place, *usual()).returncode == 0
    assert run(acl, place / "tiny.om") == pytest.approx(tiny_onnx.answer(tiny_onnx.image()), abs=1e-5)


@needs_runtime
def test_a_damaged_weight_gives_another_answer(place, acl):
    assert atc(place, *usual()).returncode == 0
    data = bytearray((place / "tiny.om").read_bytes())
    weight = struct.pack("<2f", *tiny_onnx.WEIGHTS["conv.weight"][1][:2])
    at = data.index(weight)
    data[at : at + 8] = struct.pack("<2f", 3.0, -3.0)
    (place / "tiny.om").write_bytes(data)
    assert run(acl, place / "tiny.om") != pytest.approx(tiny_onnx.answer(tiny_onnx.image()), abs=0.02)


@pytest.mark.parametrize(
    ("tool", "changed", "code"),
    [("atc", {"soc_version": "Ascend310"}, 507008), ("new-atc", {}, 500002)],
)
def test_a_model_that_is_not_for_this_host(place, acl, tool, changed, code):
    text = (SIMULATOR / "vendor" / "atc").read_text().replace("@CANN@", "8.5.0")
    (place / "new-atc").write_text(text)
    assert atc(place, *usual(**changed), tool=tool).returncode == 0
    assert acl.mdl.load_from_file(str(place / "tiny.om")) == (0, code)


def test_what_is_cut_off_is_not_loaded(place, acl):
    assert atc(place, *usual()).returncode == 0
    os.truncate(place / "tiny.om", 3000)
    assert acl.mdl.load_from_file(str(place / "tiny.om")) == (0, 145006)
    assert acl.mdl.load_from_file(str(place / "nowhere.om")) == (0, 145002)


def test_devices_that_are_not_there(place, acl, monkeypatch):
    assert acl.rt.set_device(9) == 107001
    monkeypatch.setattr(acl, "LOADED", str(place / "nowhere"))
    assert acl.rt.set_device(0) == 207004


def bench(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """ais_bench out of its wheel, with the pyACL of the fixture."""
    env = {**os.environ, "PYTHONPATH": f"{computing.ais_bench(place)}:{place}"}
    command = [sys.executable, "-m", "ais_bench", *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=place, check=False)


@needs_runtime
def test_ais_bench_prints_its_summary_and_leaves_the_answer(place, acl):
    assert atc(place, *usual()).returncode == 0
    (place / "input.bin").write_bytes(struct.pack("<64f", *tiny_onnx.image()))
    done = bench(place, "--model", "tiny.om", "--loop", "3", "--input", "input.bin", "--output", "out")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert lines[-6] == "[INFO] -----------------Performance Summary------------------"
    for name, line in zip(("H2D_latency", "NPU_compute_time", "D2H_latency"), lines[-5:-2], strict=True):
        assert re.match(rf"\[INFO\] {name} \(ms\): min = [\d.]+, max = .*, percentile\(99%\) = [\d.]+$", line)
    assert lines[-2].startswith("[INFO] throughput 1000*batchsize.mean(1)/NPU_compute_time.mean(")
    (answer,) = place.glob("out/*/pure_infer_data_0.bin")
    assert struct.unpack("<5f", answer.read_bytes()) == pytest.approx(tiny_onnx.answer(tiny_onnx.image()), abs=1e-5)


@needs_runtime
def test_ais_bench_on_several_chips_and_on_none(place, acl):
    assert atc(place, *usual()).returncode == 0
    done = bench(place, "--model", "tiny.om", "--device", "0,1")
    assert "i:1 device_1 throughput:" in done.stdout and "[INFO] summary throughput:" in done.stdout
    done = bench(place, "--model", "tiny.om", "--device", "9")
    assert (done.returncode, "error code: 107001" in done.stdout) == (1, True)
    done = bench(place, "--model", "nowhere.om")
    assert (done.returncode, "error code: 145002" in done.stdout) == (1, True)

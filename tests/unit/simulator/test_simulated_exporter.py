"""The stand-in of the exporter does what the vendor's sheet says: flags, words, log, what it serves, when it ends."""

import socket
import subprocess
import sys
import time
import zipfile
from io import BytesIO

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import metrics, unit

from tests.simulator.sim import mindcluster

VERSION = "7.2.RC1"
CHIPS = (
    "0\t0\t0\t0000:81:00.0\t910B3\t0\t0\t3389\t65536\t93.2\t39\n"
    "1\t0\t1\t0000:82:00.0\t910B3\t0\t0\t3389\t65536\tNA\t40\n"
)


@pytest.fixture
def exporter(tmp_path):
    """A function that starts the program of the zip on a host with two chips, one of them sick."""
    with zipfile.ZipFile(BytesIO(mindcluster.exporter(VERSION, "x86_64"))) as archive:
        (tmp_path / "npu-exporter").write_bytes(archive.read(unit.MEMBER))
        assert archive.getinfo(unit.MEMBER).external_attr >> 16 & 0o777 == 0o500
    for name, text in (("chips.tsv", CHIPS), ("health", "1 0 Alarm\n"), ("processes", "0 0 77 1024 python\n")):
        (tmp_path / name).write_text(text)
    (tmp_path / "driver.loaded").write_text("25.3.rc1\n")
    (tmp_path / "manager").write_text("")
    started = []

    def start(*words, **environ):
        paths = {"STATE": "", "MANAGER": "manager", "LOADED": "driver.loaded", **environ}
        process = subprocess.Popen(
            [sys.executable, str(tmp_path / "npu-exporter"), f"-logFile={tmp_path / 'log'}", *words],
            env={f"NPU_SIM_{key}": str(tmp_path / path) for key, path in paths.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    start.log = tmp_path / "log"
    yield start
    for process in started:
        process.kill()
        process.communicate()


def free_port():
    for port in range(30000, 40000):
        with socket.socket() as found:
            if found.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError("no port is free")


def test_it_says_which_one_it_is(exporter):
    said, _none = exporter("-version").communicate(timeout=20)
    assert said == "NPU-exporter version: v7.2.RC1_linux-x86_64 \n" and unit.version(said) == VERSION


def test_what_it_serves_is_prometheus_text_about_the_hosts_chips(exporter):
    port = free_port()
    exporter("-ip=127.0.0.1", "--port", str(port))
    found = metrics.wait(lambda: metrics.scrape("127.0.0.1", port), 20, sleep=lambda _seconds: time.sleep(0.1))
    assert found == {"samples": 22, "chips": 2, "unhealthy": 1, "version": VERSION}
    text = metrics.scrape("127.0.0.1", port)
    assert 'npu_chip_info_hbm_used_memory{container_name="",id="0",model_name="Ascend910B3"' in text
    assert f"the version is v{VERSION}_linux-x86_64" in exporter.log.read_text()
    second = exporter("-ip=127.0.0.1", f"-port={port}")
    assert second.wait(20) == 0 and "listen ip and port error" in exporter.log.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-ip=127.0.0.1", "-port=80"], "the port is invalid"),
        (["-port=8082"], "the listen ip is invalid"),
        (["-ip=127.0.0.1", "-updateTime=61"], "the updateTime is invalid"),
    ],
)
def test_wrong_values_are_in_its_log_and_its_exit_code_is_good(exporter, words, said):
    assert exporter(*words).wait(20) == 0 and said in exporter.log.read_text()


def test_unknown_flags_end_it(exporter):
    process = exporter("-nonsense")
    assert "flag provided but not defined: -nonsense" in process.communicate(timeout=20)[0] and process.returncode == 2


def test_without_a_driver_it_ends(exporter):
    assert exporter("-ip=127.0.0.1", LOADED="none").wait(20) == 0
    assert "error code: -8005" in exporter.log.read_text()


def test_the_same_release_is_the_same_file():
    assert mindcluster.exporter(VERSION, "aarch64") == mindcluster.exporter(VERSION, "aarch64")
    assert mindcluster.exporter(VERSION, "aarch64") != mindcluster.exporter(VERSION, "x86_64")

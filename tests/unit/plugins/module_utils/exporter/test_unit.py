"""The unit of the exporter, and what is read out of others'."""

import shutil
import subprocess

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import unit

VENDORS = """\
[Unit]
Description=Ascend npu exporter
[Service]
ExecStart=/bin/bash -c "/usr/local/bin/npu-exporter -ip=192.0.2.7 -port=9101 -logFile=/var/log/x.log>/dev/null  2>&1 &"
Type=forking
"""


def test_what_is_written_is_read_back():
    assert unit.place(unit.text("192.0.2.1", 9000)) == ("192.0.2.1", 9000)


def test_the_vendors_own_unit_is_read():
    assert unit.place(VENDORS) == ("192.0.2.7", 9101)


def test_of_a_unit_that_names_nothing_nothing_is_read():
    assert unit.place("[Service]\nExecStart=/usr/bin/npu-exporter\n") == (None, None)
    assert unit.place(None) == (None, None)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_has_nothing_to_say_of_it(tmp_path):
    path = tmp_path / "npu-exporter.service"
    path.write_text(unit.text("127.0.0.1", 8082).replace(unit.PROGRAM, "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False)
    assert "npu-exporter" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("NPU-exporter version: v26.0.0_linux-aarch64 \n", "26.0.0"),
        ("NPU-exporter version: v7.2.RC1_linux-x86_64 \n", "7.2.RC1"),
        ("npu exporter starting and the version is v26.1.0_linux-x86_64", None),
        ("", None),
        (None, None),
    ],
)
def test_the_version_is_what_the_program_says(said, version):
    assert unit.version(said) == version


@pytest.mark.parametrize(("address", "port"), [("127.0.0.1", 8082), ("0.0.0.0", 1025), ("192.0.2.1", 40000)])
def test_good_places(address, port):
    assert unit.problem(address, port) is None


@pytest.mark.parametrize(
    ("address", "port", "named"),
    [
        ("127.0.0.1", 80, "ascend_npu_exporter_port"),
        ("127.0.0.1", 40001, "ascend_npu_exporter_port"),
        ("localhost", 8082, "ascend_npu_exporter_address"),
        ("1.2.3", 8082, "ascend_npu_exporter_address"),
        ("1.2.3.256", 8082, "ascend_npu_exporter_address"),
        ("1.2.3.4; reboot", 8082, "ascend_npu_exporter_address"),
        ("::1", 8082, "ascend_npu_exporter_address"),
    ],
)
def test_bad_places_name_their_variable(address, port, named):
    assert named in unit.problem(address, port)


def test_one_for_everybody_is_asked_on_the_host_itself():
    assert unit.asked_at("0.0.0.0") == "127.0.0.1" and unit.asked_at("192.0.2.1") == "192.0.2.1"

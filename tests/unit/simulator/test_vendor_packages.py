# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated vendor packages: what is built, and how the archives themselves behave."""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import zipfile

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installer
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, filenames

from tests.simulator.sim import packages, releases, wheels
from tests.simulator.sim.base import SimulatorError

needs_makeself = pytest.mark.skipif(shutil.which("makeself") is None, reason="fleet.py prepare installs makeself")
EVERY_SET = list(releases.catalog()["sets"])


def by_name(*sets):
    return {package.file: package for package in releases.packages(list(sets) or EVERY_SET)}


@pytest.mark.parametrize("package", releases.packages(EVERY_SET), ids=lambda package: package.file)
def test_every_file_name_is_one_the_catalog_knows(package):
    known = filenames.parse_package(package.file, catalog.load()["filenames"])
    assert known is not None
    assert known["version"] == package.settings["PKG_VERSION"]
    assert known["component"] == package.settings["PKG_COMPONENT"]
    assert known["chip"] in (None, package.settings.get("PKG_CHIP"))


def test_the_demo_set_is_what_the_demo_stack_needs():
    assert set(by_name("demo")) >= {
        "Ascend-hdk-910b-npu-driver_25.3.rc1_linux-x86-64.run",
        "Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run",
        "Ascend-hdk-310p-npu-driver_25.3.rc1_linux-x86-64.run",
        "Ascend-hdk-910-npu-firmware_7.8.0.2.212.run",
        "Ascend-cann-nnae_8.3.RC1_linux-x86_64.run",
        "Ascend-cann-nnrt_8.3.RC1_linux-x86_64.run",
        "Ascend-cann-toolkit_8.3.RC1_linux-x86_64.run",
        "Ascend-cann-kernels-910b_8.3.RC1_linux-x86_64.run",
    }


def test_the_articles_set_has_topi_and_both_architectures():
    names = by_name("article")
    assert "Ascend-hdk-910-npu-driver_23.0.rc1_linux-aarch64.run" in names
    assert set(names["Ascend-cann-nnae_6.0.1_linux-aarch64.run"].wheels) == {"te", "topi", "hccl"}
    assert set(by_name("demo")["Ascend-cann-nnae_8.3.RC1_linux-x86_64.run"].wheels) == {"te", "hccl"}


def test_version_info_reads_back_through_the_collections_own_parser():
    names = by_name()
    driver = vendor_files.parse_version_info(
        names["Ascend-hdk-910b-npu-driver_25.3.rc1_linux-x86-64.run"].files["version.info"]
    )
    assert driver["version"] == "25.3.rc1"
    assert driver["innerversion"] == "V100R001C23SPC002B212"
    assert "V100R001C23" in driver["compatible_cann"]
    firmware = vendor_files.parse_version_info(
        names["Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run"].files["version.info"]
    )
    assert firmware["version"] == "7.8.0.2.212"
    assert firmware["package_version"] == "25.3.rc1"
    assert ["25.3", "25.3."] in firmware["compatible_driver"]


def test_an_unknown_set_is_named():
    with pytest.raises(SimulatorError, match="no package set nonsense; known: demo"):
        releases.packages(["nonsense"])


def test_wheels_are_valid_and_always_the_same():
    data = wheels.wheel("te", "0.4.0", "8.3.RC1")
    assert data == wheels.wheel("te", "0.4.0", "8.3.RC1")
    assert data != wheels.wheel("te", "0.4.0", "8.0.RC3")
    archive = zipfile.ZipFile(io.BytesIO(data))
    record = archive.read("te-0.4.0.dist-info/RECORD").decode().splitlines()
    for line in record[:-1]:
        path, digest, size = line.split(",")
        content = archive.read(path)
        assert len(content) == int(size)
        expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        assert digest == "sha256=" + expected


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """One driver package, built alone."""
    out = tmp_path_factory.mktemp("built")
    package = by_name("demo")["Ascend-hdk-910b-npu-driver_25.3.rc1_linux-x86-64.run"]
    target = out / package.file
    packages._make(package, target, packages._header())
    return target


def call(path, *arguments, cwd=None):
    return subprocess.run(
        ["bash", str(path), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        timeout=30,
    )


@needs_makeself
def test_the_archive_is_the_same_wherever_it_is_built(built, tmp_path):
    again = tmp_path / "elsewhere" / built.name
    again.parent.mkdir()
    packages._make(by_name("demo")[built.name], again, packages._header())
    payload = built.read_bytes()[-5000:]
    assert again.read_bytes()[-5000:] == payload
    assert str(tmp_path).encode() not in again.read_bytes()


@needs_makeself
def test_makeself_options_still_work(built, tmp_path):
    assert "./driver.sh" in call(built, "--list").stdout
    assert "ASCEND DRIVER RUN PACKAGE" in call(built, "--info").stdout
    done = call(built, "--noexec", f"--extract={tmp_path}/out", cwd=tmp_path)
    assert done.returncode == 0
    assert "SHA256 checksums are OK" in done.stdout + done.stderr
    assert (tmp_path / "out" / "version.info").read_text().startswith("Version=25.3.rc1\n")


@needs_makeself
def test_vendor_options_reach_the_package_which_runs_on_simulated_servers_only(built, tmp_path):
    done = call(built, "--full", "--quiet", "--install-for-all", cwd=tmp_path)
    assert done.returncode == 1
    assert "Uncompressing ASCEND DRIVER RUN PACKAGE" in done.stdout
    assert "simulated servers only" in done.stderr


@needs_makeself
def test_an_option_that_the_archive_does_not_know_gives_its_usage(built, tmp_path):
    done = call(built, "--full", "--nonsense", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"Usage: {built} [options]\n")
    assert "--install-for-all" in done.stderr
    assert installer.refused_options(done.stderr, ["bash", "x", "--full", "--nonsense"]) == ["--nonsense"]


@needs_makeself
def test_the_archive_unpacks_to_the_home_of_its_user_unless_told(built, tmp_path):
    home, place = tmp_path / "home", tmp_path / "place"
    for folder, environment in ((home, {}), (place, {"TMPDIR": str(place)})):
        folder.write_text("no folder can be made below a file\n")
        done = subprocess.run(
            ["bash", str(built), "--full"],
            env={"PATH": os.environ["PATH"], "HOME": str(home), **environment},
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            timeout=30,
        )
        assert done.returncode != 0
        assert str(folder) in done.stdout + done.stderr


@needs_makeself
def test_a_damaged_archive_does_not_run(built, tmp_path):
    broken = tmp_path / built.name
    data = bytearray(built.read_bytes())
    data[-100] ^= 0xFF
    broken.write_bytes(bytes(data))
    done = call(broken, "--full", cwd=tmp_path)
    assert done.returncode != 0
    assert "simulated servers only" not in done.stderr


@needs_makeself
def test_a_second_build_makes_nothing(tmp_path, capsys, monkeypatch):
    few = list(by_name("demo").values())[:2]
    monkeypatch.setattr(releases, "packages", lambda sets: few)
    packages.build(tmp_path)
    assert "2 of them built now" in capsys.readouterr().out
    packages.build(tmp_path)
    assert "0 of them built now" in capsys.readouterr().out
    (tmp_path / few[0].file).unlink()
    packages.build(tmp_path)
    assert "1 of them built now" in capsys.readouterr().out
    lines = (tmp_path / "SHA256SUMS").read_text().splitlines()
    assert lines[0].split()[0] == hashlib.sha256((tmp_path / lines[0].split()[1]).read_bytes()).hexdigest()

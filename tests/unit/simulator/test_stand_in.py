"""A wheel that stands in for another release: pip takes it for that release, and what is in it is the nearest one's."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import files, resolver

from tests.simulator.sim import base, releases, stand_in

NEAREST = "mindspore_dev-2.5.0.dev20250119-cp311-cp311-manylinux1_x86_64.whl"
INFO = "mindspore_dev-2.5.0.dev20250119.dist-info"
FILES = {
    "mindspore/__init__.py": "from .version import __version__\nweight = 7\n",
    "mindspore/version.py": "__version__ = '2.5.0.dev20250119'\n",
    f"{INFO}/METADATA": "Metadata-Version: 2.1\nName: mindspore-dev\nVersion: 2.5.0.dev20250119\n"
    "Requires-Dist: numpy <2.0.0\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


@pytest.fixture()
def nearest(tmp_path):
    path = tmp_path / NEAREST
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
        archive.writestr(f"{INFO}/RECORD", "".join(f"{name},,\n" for name in [*FILES, f"{INFO}/RECORD"]))
    return path


def test_pip_installs_it_as_the_release_it_stands_for(nearest, tmp_path):
    wheel = stand_in.make(nearest, tmp_path / "wheels", "mindspore", "2.4.10", "x86_64")
    assert wheel.name == "mindspore-2.4.10-cp311-cp311-linux_x86_64.whl"
    place = tmp_path / "there"
    any_python = wheel.with_name("mindspore-2.4.10-py3-none-any.whl")
    wheel.rename(any_python)
    command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-index", "--target", place, any_python]
    subprocess.run(command, check=True)
    told = (place / "mindspore-2.4.10.dist-info" / "METADATA").read_text()
    assert "Name: mindspore\nVersion: 2.4.10\nRequires-Dist: numpy <2.0.0" in told
    assert "__version__ = '2.4.10'" in (place / "mindspore" / "version.py").read_text()
    assert (place / "mindspore" / "__init__.py").read_text() == FILES["mindspore/__init__.py"]
    assert [path.name for path in place.glob("*.dist-info")] == ["mindspore-2.4.10.dist-info"]


def test_its_record_is_right(nearest, tmp_path):
    wheel = stand_in.make(nearest, tmp_path / "wheels", "mindspore", "2.4.10", "x86_64")
    with zipfile.ZipFile(wheel) as archive:
        rows = [line.split(",") for line in archive.read("mindspore-2.4.10.dist-info/RECORD").decode().splitlines()]
        assert archive.testzip() is None
        assert sorted(row[0] for row in rows) == sorted(archive.namelist())
        (version,) = [row for row in rows if row[0] == "mindspore/version.py"]
        assert int(version[2]) == len(archive.read("mindspore/version.py"))


def test_what_is_no_such_wheel_is_refused(nearest, tmp_path):
    odd = nearest.rename(tmp_path / "mindspore-2.5.0-py3-none-any.whl")
    with pytest.raises(base.SimulatorError, match="one CPython"):
        stand_in.make(odd, tmp_path / "wheels", "mindspore", "2.4.10", "x86_64")
    other = odd.rename(tmp_path / NEAREST)
    with pytest.raises(base.SimulatorError, match=r"torch/version\.py"):
        stand_in.make(other, tmp_path / "wheels", "torch", "2.4.10", "x86_64")


def test_the_set_of_a_mindspore_release_is_its_whole_stack():
    """What `make stacks` installs from is what the resolver plans, file by file."""
    sets = {row["mindspore"]: name for name, row in releases.catalog()["sets"].items() if "mindspore" in row}
    assert {"2.4.10", "2.7.1", "2.9.0"} <= set(sets)
    data, subject = catalog.load(), {"chip": "910b", "arch": "x86_64", "host_kind": "physical"}
    for version, name in sets.items():
        stack = resolver.resolve(data, {"mindspore": version}, subject)["stack"]
        wanted = {want.name for want in files.wants(stack, subject, data) if want.kind == "package"}
        assert wanted and wanted <= {package.file for package in releases.packages([name])}

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import netrc
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import wheel_download


def make_wheel(folder: Path, stem: str, metadata: str = "") -> Path:
    """A wheel that pip takes, without any code in it."""
    name, version = stem.split("-")[:2]
    path = folder / f"{stem}.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {'-'.join(stem.split('-')[2:])}\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def pip_that(code=0, stderr="", effect=lambda command: None, environments=None):
    def run(command, **options):
        effect(command)
        if environments is not None:
            environments.append(options["env"])
        return subprocess.CompletedProcess(command, code, "", stderr)

    return run


def test_platform_tags():
    assert wheel_download.platform_tags("aarch64", "2.17")[:3] == [
        "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
        "manylinux_2_16_aarch64",
    ]
    intel = wheel_download.platform_tags("x86_64")
    assert intel[0] == "manylinux_2_28_x86_64" and {"manylinux1_x86_64", "linux_x86_64"} <= set(intel)
    assert "manylinux1_aarch64" not in wheel_download.platform_tags("aarch64")
    with pytest.raises(ArtifactError, match="glibc"):
        wheel_download.platform_tags("aarch64", "musl")


def test_the_command_names_the_hosts_platform(tmp_path):
    seen, environments = [], []
    wheel_download.download(
        ["pip"],
        tmp_path,
        ["a==1"],
        "3.7",
        "aarch64",
        index="https://me:word@mirror.example.com/simple",
        run=pip_that(effect=seen.append, environments=environments),
    )
    (command,) = seen
    assert command[:2] == ["pip", "download"] and "--only-binary=:all:" in command and command[-1] == "a==1"
    assert command[command.index("--python-version") + 1] == "3.7"
    assert "cp37m" in command and "manylinux2014_aarch64" in command
    # Not on the command line, which everybody on the machine can read.
    assert "word" not in " ".join(command)
    assert environments[0]["PIP_INDEX_URL"] == "https://me:word@mirror.example.com/simple"


def test_what_pypi_lacks_comes_from_an_index_beside_it(tmp_path):
    environments = []
    for more in ((), ("https://one.example/whl/cpu", "https://two.example/simple")):
        wheel_download.download(
            ["pip"],
            tmp_path,
            ["torch==2.7.1+cpu"],
            "3.11",
            "x86_64",
            extra_indexes=more,
            run=pip_that(environments=environments),
        )
    without, beside = environments
    assert without.get("PIP_EXTRA_INDEX_URL") == os.environ.get("PIP_EXTRA_INDEX_URL")
    assert beside["PIP_EXTRA_INDEX_URL"].split()[-2:] == ["https://one.example/whl/cpu", "https://two.example/simple"]


def test_pip_fetches_for_another_machine_offline(tmp_path):
    """The real pip, for aarch64, from a folder: it must pick the wheel this machine could not run."""
    links = tmp_path / "links"
    links.mkdir()
    make_wheel(links, "one-1.0-cp311-cp311-manylinux2014_aarch64", "Requires-Dist: two\n")
    make_wheel(links, "one-1.0-cp311-cp311-manylinux2014_x86_64")
    make_wheel(links, "two-2.0-py3-none-any")
    pip = wheel_download.pip_command()
    got = wheel_download.download(
        pip, tmp_path / "out", ["--no-index", "one==1.0"], "3.11", "aarch64", find_links=[links]
    )
    assert [path.name for path in got] == ["one-1.0-cp311-cp311-manylinux2014_aarch64.whl", "two-2.0-py3-none-any.whl"]
    with pytest.raises(ArtifactError, match="bundle_build"):
        wheel_download.download(pip, tmp_path / "out2", ["--no-index", "three"], "3.11", "aarch64", find_links=[links])


def test_mindspore_for_aarch64_does_not_pass_for_another_architecture(tmp_path):
    def effect(command):
        make_wheel(tmp_path, "mindspore-2.7.1-cp311-none-any")

    assert wheel_download.download(["pip"], tmp_path, ["mindspore"], "3.11", "aarch64", run=pip_that(effect=effect))
    with pytest.raises(ArtifactError, match="holds aarch64 code"):
        wheel_download.download(["pip"], tmp_path, ["mindspore"], "3.11", "x86_64", run=pip_that(effect=effect))


def test_a_source_package_is_built_only_when_pure(tmp_path):
    def makes(stem):
        return pip_that(effect=lambda command: make_wheel(tmp_path, stem))

    built = wheel_download.build_pure(["pip"], tmp_path, "jieba==0.42.1", run=makes("jieba-0.42.1-py3-none-any"))
    assert built.name == "jieba-0.42.1-py3-none-any.whl"
    assert wheel_download.build_pure(["pip"], tmp_path, "jieba==0.42.1", run=pip_that()) == built
    with pytest.raises(ArtifactError, match="compiled parts"):
        wheel_download.build_pure(["pip"], tmp_path, "fast", run=makes("fast-1-cp311-cp311-linux_x86_64"))
    assert not list(tmp_path.glob("fast*"))


def test_a_build_has_no_password_to_hand_on_as_an_argument(tmp_path):
    """The pip that a build starts gets the index as an argument; the password is in a private file."""
    environments, known = [], []

    def effect(_command):
        known.append(netrc.netrc(environments[-1]["NETRC"]).authenticators("mirror.example.com"))
        make_wheel(tmp_path, "jieba-0.42.1-py3-none-any")

    def run(command, **options):
        environments.append(options["env"])
        return pip_that(effect=effect)(command, **options)

    index = "https://me:word@mirror.example.com/simple"
    wheel_download.build_pure(["pip"], tmp_path, "jieba==0.42.1", index=index, run=run)
    assert environments[0]["PIP_INDEX_URL"] == "https://mirror.example.com/simple"
    assert known == [("me", "", "word")] and not Path(environments[0]["NETRC"]).exists()
    with pytest.raises(ArtifactError, match=r"bundle_index: .*as user and password"):
        wheel_download.build_pure(["pip"], tmp_path, "jieba", index=f"{index}?key=word", run=run)


def test_pip_failing_gives_its_reason(tmp_path):
    with pytest.raises(ArtifactError, match="pip could not collect the wheels: no route"):
        wheel_download.download(["pip"], tmp_path, ["a"], "3.11", "aarch64", run=pip_that(1, "ERROR: no route\n"))


def test_no_pip():
    with pytest.raises(ArtifactError, match="bundle_python"):
        wheel_download.pip_command("/nowhere/python3")


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("License: Apache 2.0\n", "Apache 2.0"),
        ("License-Expression: MIT\nLicense: x\n", "MIT"),
        ("Classifier: License :: OSI Approved :: BSD License\n", "BSD License"),
        ("License: " + "long " * 30 + "\nClassifier: License :: OSI Approved :: BSD License\n", "BSD License"),
        ("", None),
    ],
)
def test_licence(tmp_path, metadata, licence):
    assert wheel_download.licence(make_wheel(tmp_path, "a-1-py3-none-any", metadata)) == licence


def test_licence_of_rubbish(tmp_path):
    (tmp_path / "a.whl").write_bytes(b"x")
    assert wheel_download.licence(tmp_path / "a.whl") is None


def test_telling_passes_on_what_pip_fetches(tmp_path):
    said = []
    script = "import sys; print('Collecting a'); print('  Downloading a-1.whl (8 MB)'); sys.exit('ERROR: stop')"
    done = wheel_download.telling(said.append)([sys.executable, "-c", script], timeout=30)
    assert said == ["pip: Downloading a-1.whl (8 MB)"] and done.returncode == 1 and "ERROR: stop" in done.stderr
    slow = wheel_download.telling(said.append)([sys.executable, "-c", "import time; time.sleep(30)"], timeout=0.2)
    assert slow.returncode != 0

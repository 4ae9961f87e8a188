# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a package is whole by the sums it carries; and that the package itself, made by makeself, says the same."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import self_check
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source

PARTS = (b"first\n" * 500, b"\x00\xff\n" * 700)


def package(parts=PARTS, maker="# This script was generated using Makeself 2.4.5", tail=b"", **said) -> bytes:
    sums = {
        "SHA": " ".join(hashlib.sha256(part).hexdigest() for part in parts),
        "MD5": " ".join(hashlib.md5(part).hexdigest() for part in parts),
        "filesizes": " ".join(str(len(part)) for part in parts),
        "totalsize": str(sum(map(len, parts))),
        "skip": "9",
        **said,
    }
    lines = ["#!/bin/sh", maker, *(f'{key}="{value}"' for key, value in sums.items() if value is not None)]
    lines += [""] * (9 - len(lines))
    return "\n".join(lines).encode() + b"\n" + b"".join(parts) + tail


def judge(data: bytes) -> bool | str:
    return self_check.whole(io.BytesIO(data))


ZEROS = {"SHA": "0" * 64 + " " + "0" * 64}


@pytest.mark.parametrize(
    "data",
    [
        package(),
        package(MD5=None),
        package(**ZEROS),
        package(totalsize=None),
        package(totalsize=None, tail=b"a signature"),
        package(parts=PARTS[:1]),
        # What the content looks like says nothing.
        package(parts=(b'SHA="00"\nskip="1"\n', b"")),
    ],
)
def test_what_agrees_with_its_sums_is_whole(data):
    assert judge(data) is True


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (package()[:-1], "not complete"),
        (package(tail=b"more"), "not complete"),
        (package(totalsize=None)[:-1], "not complete"),
        (package()[:-1] + b"x", "sha256"),
        (package(MD5="1" * 32 + " " + "2" * 32), None),
        (package(**ZEROS)[:-1] + b"x", "md5"),
        (package(SHA=" ".join(["a" * 64, "b" * 64])), "its own script says " + "a" * 64),
        (package(filesizes=f"{len(PARTS[0])} {len(PARTS[1]) + 9}"), "ends 9 bytes before"),
    ],
)
def test_what_does_not_is_damaged(data, why):
    verdict = judge(data)
    # The better sum decides, as it does in the script.
    assert verdict is True if why is None else why in verdict


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!/bin/bash\necho no archive\n",
        package(maker="# made otherwise"),
        b"#!/bin/bash\ntail -n +4 $0 >/tmp/x; bash /tmp/x\nexit\n" + package(),
        b"\n" + package(),
        package(skip=None),
        package(filesizes=None),
        package(filesizes=""),
        package(**ZEROS, MD5="0" * 32 + " " + "0" * 32),
        package(SHA=None, MD5=None),
        package(SHA="a" * 64),
        package(skip="9999999"),
        package(totalsize="a"),
    ],
)
def test_what_does_not_say_is_left_to_the_package(data):
    assert judge(data) is False


@pytest.mark.parametrize("sums", [["--sha256"], ["--nomd5"], []], ids=["sha256", "crc", "md5"])
@pytest.mark.parametrize("harm", ["none", "bit", "short", "long"])
def test_makeself_says_the_same(tmp_path, sums, harm):
    if not shutil.which("makeself"):
        pytest.skip("fleet.py prepare installs makeself")
    content, path = tmp_path / "content", tmp_path / "package.run"
    content.mkdir()
    (content / "install.sh").write_text("#!/bin/sh\nexit 0\n")
    (content / "install.sh").chmod(0o755)
    (content / "data").write_bytes(bytes(range(256)) * 4000)
    subprocess.run(["makeself", "--quiet", *sums, content, path, "label", "./install.sh"], check=True, timeout=60)
    data = bytearray(path.read_bytes())
    if harm == "bit":
        data[-500] ^= 1
    data = {"short": data[:-200], "long": data + b"\n" * 20}.get(harm, data)
    path.write_bytes(data)
    said = subprocess.run(["sh", path, "--check"], capture_output=True, check=False, timeout=60).returncode == 0
    assert said is (harm == "none")
    verdict = judge(bytes(data))
    assert verdict is False if sums == ["--nomd5"] else (verdict is True) is said


def test_a_damaged_package_of_a_folder_is_refused_before_any_host(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    good, bad = tmp_path / "good.run", tmp_path / "bad.run"
    good.write_bytes(package())
    bad.write_bytes(package()[:-1] + b"x")
    (tmp_path / "other.run").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "bad.whl").write_bytes(bad.read_bytes())
    source = artifact_source.open_source(str(tmp_path))
    assert source.resolve("good.run")["whole"] is True
    assert [source.resolve(name)["whole"] for name in ("other.run", "bad.whl")] == [False, False]
    with pytest.raises(ArtifactError, match=r"bad\.run is damaged: its content has the sha256 .* No host was touched"):
        source.resolve("bad.run")
    # What was found out is kept for this content only.
    bad.write_bytes(good.read_bytes())
    assert source.resolve("bad.run")["whole"] is True
    good.write_bytes(package()[:-3])
    with pytest.raises(ArtifactError, match="not complete"):
        source.resolve("good.run")

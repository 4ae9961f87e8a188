"""Which wheels a host gets: by its own Python, architecture and C library."""

from __future__ import annotations

import hashlib
import os
import resource
import zipfile
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.ascend.fleet.plugins.lookup import wheels as lookup
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import wheelhouse

ARM = wheelhouse.Host("3.11", "aarch64", "2.34")
X86 = wheelhouse.Host("3.11", "x86_64", "2.34")


@pytest.fixture()
def folder(tmp_path):
    def add(name: str, *requires: str) -> None:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            info = "-".join(name.split("-")[:2]) + ".dist-info/METADATA"
            archive.writestr(info, "Metadata-Version: 2.1\n" + "".join(f"Requires-Dist: {text}\n" for text in requires))

    add(
        "mindspore-2.7.1-cp311-cp311-manylinux1_x86_64.whl",
        "numpy<2.0.0,>=1.20",
        "dill",
        'tomli; python_version < "3.11"',
    )
    add("mindspore-2.7.1-cp311-none-any.whl", "numpy<2.0.0,>=1.20", "dill")
    add("mindspore-2.7.1-cp310-cp310-manylinux1_x86_64.whl")
    for machine in ("x86_64", "aarch64"):
        add(f"numpy-1.26.4-cp311-cp311-manylinux_2_17_{machine}.manylinux2014_{machine}.whl")
        add(f"numpy-2.1.0-cp311-cp311-manylinux_2_17_{machine}.manylinux2014_{machine}.whl")
        add(f"pillow-13.0.0-cp311-cp311-manylinux_2_36_{machine}.whl")
        add(f"pillow-12.0.0-cp311-cp311-manylinux_2_28_{machine}.whl")
    add("dill-0.4.1-py3-none-any.whl")
    add("dill-0.3.0-py2.py3-none-any.whl", "numpy")
    add("mindformers-1.7.0-py3-none-any.whl", "mindspore~=2.7.1", "numpy", "extra-thing; extra == 'test'")
    return tmp_path


def _files(folder, requirements, host, **options):
    return [row["file"] for row in wheelhouse.select(folder, requirements, host, **options)]


def test_the_closure_is_chosen_for_the_host_and_not_for_this_machine(folder):
    assert _files(folder, ["mindspore==2.7.1"], X86) == [
        "dill-0.4.1-py3-none-any.whl",
        "mindspore-2.7.1-cp311-cp311-manylinux1_x86_64.whl",
        "numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    ]
    assert _files(folder, ["mindspore==2.7.1"], ARM) == [
        "dill-0.4.1-py3-none-any.whl",
        "mindspore-2.7.1-cp311-none-any.whl",
        "numpy-1.26.4-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
    ]


def test_a_wheel_that_falsely_says_any_is_not_taken_on_another_machine(folder):
    (folder / "mindspore-2.7.1-cp311-cp311-manylinux1_x86_64.whl").unlink()
    with pytest.raises(wheelhouse.WheelError, match=r"No wheel of mindspore .* for Python 3.11 on x86_64"):
        wheelhouse.select(folder, ["mindspore==2.7.1"], X86)


def test_the_c_library_decides(folder):
    old = wheelhouse.Host("3.11", "x86_64", "2.28")
    assert _files(folder, ["pillow"], old) == ["pillow-12.0.0-cp311-cp311-manylinux_2_28_x86_64.whl"]
    assert _files(folder, ["pillow"], X86) == ["pillow-12.0.0-cp311-cp311-manylinux_2_28_x86_64.whl"]
    new = wheelhouse.Host("3.11", "x86_64", "2.36")
    assert _files(folder, ["pillow"], new) == ["pillow-13.0.0-cp311-cp311-manylinux_2_36_x86_64.whl"]


def test_what_was_chosen_first_gives_way_to_a_later_limit(folder):
    assert "numpy-1.26.4" in _files(folder, ["numpy", "mindspore==2.7.1"], X86)[-1]
    assert "numpy-2.1.0" in _files(folder, ["numpy"], X86)[0]
    assert "numpy-1.26.4" in _files(folder, ["numpy"], X86, constraints=["numpy<2"])[0]


def test_mindformers_takes_the_mindspore_that_is_named_with_it(folder):
    files = _files(folder, ["mindspore==2.7.1", "mindformers==1.7.0"], X86)
    assert "mindspore-2.7.1-cp311-cp311-manylinux1_x86_64.whl" in files
    assert not [name for name in _files(folder, ["mindformers==1.7.0"], X86, skip=["mindspore"]) if "mindspore" in name]


def test_what_is_missing_is_named_with_who_wants_it(folder):
    (folder / "dill-0.4.1-py3-none-any.whl").unlink()
    (folder / "dill-0.3.0-py2.py3-none-any.whl").unlink()
    with pytest.raises(wheelhouse.WheelError, match=r"No wheel of dill .*required by mindspore 2.7.1.*none of it"):
        wheelhouse.select(folder, ["mindspore==2.7.1"], X86)
    with pytest.raises(wheelhouse.WheelError, match=r"versions that fit: 2.7.1"):
        wheelhouse.select(folder, ["mindspore==2.8.0"], X86)
    with pytest.raises(wheelhouse.WheelError, match=r"is not a requirement"):
        wheelhouse.select(folder, ["mindspore=2.8"], X86)


def test_a_cut_off_wheel_is_named(folder):
    name = "mindspore-2.7.1-cp311-cp311-manylinux1_x86_64.whl"
    wheelhouse._metadata.cache_clear()
    (folder / name).write_bytes((folder / name).read_bytes()[:50])
    with pytest.raises(wheelhouse.WheelError, match=r"not a whole wheel"):
        wheelhouse.select(folder, ["mindspore==2.7.1"], X86)


def test_old_pythons_have_their_own_abi():
    names = {str(tag) for tag in wheelhouse.Host("3.7", "aarch64", "2.17").ranks()}
    assert "cp37-cp37m-manylinux2014_aarch64" in names and "cp37-cp37m-manylinux_2_28_aarch64" not in names


def test_a_wheel_for_any_python_3_still_says_which_one_it_requires(tmp_path):
    for version, python in (("2.31.0", ">=3.7"), ("2.34.2", ">=3.10"), ("2.28.0", ">=3.7.1,<4")):
        with zipfile.ZipFile(tmp_path / f"requests-{version}-py3-none-any.whl", "w") as archive:
            text = f"Metadata-Version: 2.1\nRequires-Python: {python}\n"
            archive.writestr(f"requests-{version}.dist-info/METADATA", text)
    old = wheelhouse.Host("3.7", "aarch64", "2.28")
    assert _files(tmp_path, ["requests"], old) == ["requests-2.31.0-py3-none-any.whl"]
    assert _files(tmp_path, ["requests<2.30"], old) == ["requests-2.28.0-py3-none-any.whl"]
    assert _files(tmp_path, ["requests"], X86) == ["requests-2.34.2-py3-none-any.whl"]
    with pytest.raises(wheelhouse.WheelError, match=r"No wheel of requests"):
        wheelhouse.select(tmp_path, ["requests>=2.32"], old)


HEAD = b"Metadata-Version: 2.1\nName: bomb\nVersion: 1\n"
BOMB = "bomb-1-py3-none-any.whl"
# Packing takes its time, with lzma most of all.
SIZES = {zipfile.ZIP_DEFLATED: 400 * 1024**2, zipfile.ZIP_BZIP2: 16 * 1024**2, zipfile.ZIP_LZMA: 4 * 1024**2}


def _wheel(path, metadata=HEAD, method=zipfile.ZIP_DEFLATED, member="bomb-1.dist-info/METADATA", more=()):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(member, metadata)
        for name in more:
            archive.writestr(name, b"")
    return path


@pytest.fixture
def bounded():
    """A limit on this process' memory, so that a bomb that is read whole fails here and not the machine."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 200 * 1024**2, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("honest", [True, False], ids=["says its size", "lies about its size"])
def test_a_bomb_is_not_unpacked(tmp_path, method, honest, request):
    with zipfile.ZipFile(tmp_path / BOMB, "w", method) as archive:
        with archive.open("bomb-1.dist-info/METADATA", "w", force_zip64=True) as stream:
            stream.write(HEAD)
            stream.write(bytes(SIZES[method]))
        if not honest:
            archive.getinfo("bomb-1.dist-info/METADATA").file_size = 1000
    request.getfixturevalue("bounded")
    with pytest.raises(wheelhouse.WheelError, match="not a whole wheel"):
        wheelhouse.select(tmp_path, ["bomb"], ARM)


def test_a_table_of_contents_without_end_is_not_read(tmp_path, bounded):
    more = [f"{'x' * 8000}{number}" for number in range(2200)]
    _wheel(tmp_path / BOMB, more=more)
    with pytest.raises(wheelhouse.WheelError, match="table of contents is larger"):
        wheelhouse.select(tmp_path, ["bomb"], ARM)


@pytest.mark.parametrize(
    ("metadata", "member", "more", "told"),
    [
        (b"Name: evil\nVersion: 1\n", "bomb-1.dist-info/METADATA", (), "inside it is evil 1"),
        (b"Name: bomb\nVersion: 2\n", "bomb-1.dist-info/METADATA", (), "inside it is bomb 2"),
        (HEAD, "evil-1.dist-info/METADATA", (), "inside it is evil 1"),
        (HEAD, "bomb-1.dist-info/METADATA", ["other-1.dist-info/METADATA"], "it has 2 METADATA"),
        (HEAD, "bomb/METADATA", (), "it has 0 METADATA"),
    ],
)
def test_metadata_of_another_wheel(tmp_path, metadata, member, more, told):
    _wheel(tmp_path / BOMB, metadata, member=member, more=more)
    with pytest.raises(wheelhouse.WheelError, match=told):
        wheelhouse.select(tmp_path, ["bomb"], ARM)


def test_what_a_wheel_brings_along_is_not_its_own_metadata(tmp_path):
    _wheel(tmp_path / BOMB, more=["bomb/_vendor/other-1.dist-info/METADATA"])
    assert _files(tmp_path, ["bomb==1"], ARM) == [BOMB]


@pytest.mark.parametrize("text", [b"(" * 100000, b"a" * 1000 + b"; " + b"(" * 50000 + b"python_version > '3'"])
def test_requirements_that_are_none_are_passed_over(tmp_path, text):
    _wheel(tmp_path / BOMB, HEAD + b"Requires-Dist: " + text + b"\n")
    assert _files(tmp_path, ["bomb"], ARM) == [BOMB]


def test_a_pipe_as_wheel_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / BOMB)
    with pytest.raises(wheelhouse.WheelError, match="not a regular file"):
        wheelhouse.select(tmp_path, ["bomb"], ARM)


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """A folder of artifacts with a lock that lists one wheel."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    wheelhouse._metadata.cache_clear()
    root = tmp_path / "artifacts"
    (root / "wheels").mkdir(parents=True)
    data = _wheel(root / "wheels" / BOMB).read_bytes()
    row = {"name": f"wheels/{BOMB}", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (root / "artifacts.lock.yml").write_text(yaml.safe_dump({"version": 1, "artifacts": [row]}))
    return root


def _look_up(root, *terms):
    found = lookup.LookupModule()
    found._options = {
        "source": str(root),
        "python": "3.11",
        "arch": "aarch64",
        "glibc": "2.34",
        "constraints": [],
        "skip": [],
        "lock_sha256": None,
        "exact": False,
    }
    found.set_options = lambda **options: None
    found.get_option = found._options.__getitem__
    return found.run(list(terms), {})


def test_of_a_mirror_the_set_that_was_made_for_it_is_taken(monkeypatch):
    mirror = object.__new__(lookup.artifact_source.MirrorSource)
    sets = {
        "wheels-2.7.1-py3.11-aarch64": ["wheels/mindspore.whl", "wheels/numpy-1.26.4.whl"],
        "wheels-torch-2.7.1-py3.11-aarch64": ["wheels/torch.whl", "wheels/numpy-1.26.2.whl"],
        "wheels-torch-2.7.1-py3.11-x86_64": ["wheels/torch+cpu.whl"],
    }
    requirements = {
        "wheels-2.7.1-py3.11-aarch64": ["mindspore==2.7.1", "sympy", "# python 3.11 aarch64"],
        "wheels-torch-2.7.1-py3.11-aarch64": ["numpy==1.26.2", "torch-npu==2.7.1", "torch==2.7.1"],
    }
    mirror.lock = {"sets": sets, "requirements": requirements}
    monkeypatch.setattr(lookup.artifact_source, "open_source", lambda *_args, **_options: mirror)
    root = "https://mirror.example"
    assert _look_up(root, "torch==2.7.1", "torch-npu==2.7.1") == ["wheels/numpy-1.26.2.whl", "wheels/torch.whl"]
    assert _look_up(root, "mindspore==2.7.1") == ["wheels/mindspore.whl", "wheels/numpy-1.26.4.whl"]
    assert len(_look_up(root, "something>=1")) == 4, "a lock that does not say what its sets are for: all of them"


def test_with_a_lock_only_what_it_lists_is_opened(locked, monkeypatch):
    _wheel(locked / "wheels" / "bomb-2-py3-none-any.whl", b"Name: bomb\nVersion: 2\n")
    opened = []
    real = wheelhouse._metadata
    monkeypatch.setattr(wheelhouse, "_metadata", lambda path: opened.append(path.name) or real(path))
    assert _look_up(locked, "bomb") == [f"wheels/{BOMB}"]
    assert set(opened) == {BOMB}


def test_with_a_lock_a_wheel_is_held_against_it_before_it_is_opened(locked, monkeypatch):
    _wheel(locked / "wheels" / BOMB, HEAD + b"Requires-Dist: evil\n")
    monkeypatch.setattr(wheelhouse, "_metadata", lambda path: pytest.fail(f"{path} was opened"))
    with pytest.raises(AnsibleError, match=r"not the file that artifacts\.lock\.yml describes"):
        _look_up(locked, "bomb")


# Exact ones alone, for an environment that goes back to what it had


def test_exact_wheels_come_without_what_they_require_and_what_is_not_there_is_left_out(folder):
    asked = ["numpy==1.26.4", "mindformers==1.7.0", "dill==0.3.5", "nothing==1", "pillow==13.0.0"]
    rows = wheelhouse.exactly(folder, asked, ARM)
    assert [row["file"] for row in rows] == [
        "numpy-1.26.4-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
        "mindformers-1.7.0-py3-none-any.whl",
    ]
    assert wheelhouse.exactly(folder, asked, ARM, {"dill-0.4.1-py3-none-any.whl"}) == []
    with pytest.raises(wheelhouse.WheelError, match="is not a requirement"):
        wheelhouse.exactly(folder, ["=="], ARM)


def test_a_mirrors_file_is_one_of_the_exact_ones_by_its_name():
    asked = ["typing-extensions==4.16.0", "torch==2.7.1+cpu"]
    assert wheelhouse.same("typing_extensions-4.16.0-py3-none-any.whl", asked)
    assert wheelhouse.same("torch-2.7.1+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", asked)
    assert not wheelhouse.same("torch-2.7.1-cp311-cp311-manylinux_2_28_x86_64.whl", asked), "the CUDA build"
    assert not wheelhouse.same("typing_extensions-4.15.0-py3-none-any.whl", asked)
    assert not wheelhouse.same("README.whl", asked)

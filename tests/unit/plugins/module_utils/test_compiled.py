"""Code that an earlier module has compiled: used where it is the same, never believed from somebody else."""

import marshal
import os
import subprocess
import sys
import zipfile
import zipimport
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import compiled

from tests.support.paths import COLLECTIONS

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps code")
LEAF = "sample_kept/inner/leaf.py"
TEXTS = {
    "sample_kept/__init__.py": "WHO = __name__",
    "sample_kept/inner/__init__.py": "from sample_kept import WHO",
    LEAF: "from ..inner import WHO\nVALUE = 41",
}
NAMES = ["sample_kept", "sample_kept.inner", "sample_kept.inner.leaf"]


def pack(path, texts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    zipimport._zip_directory_cache.clear()
    return str(path)


def finder(archive, known):
    return compiled.Finder(archive, zipimport.zipimporter(archive)._files, known)


def load(found):
    """The leaf, imported with this finder in front."""
    for name in NAMES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, found)
    try:
        __import__(NAMES[-1])
        return sys.modules[NAMES[-1]]
    finally:
        sys.meta_path.remove(found)
        for name in NAMES:
            sys.modules.pop(name, None)


@pytest.fixture
def archive(tmp_path):
    return pack(tmp_path / "payload.zip", TEXTS)


def test_what_was_compiled_is_not_compiled_again(archive, monkeypatch):
    first = finder(archive, {})
    assert load(first).VALUE == 41 and len(first.new) == 3

    def compiles(_loader, name):
        raise AssertionError(f"{name} is compiled again")

    monkeypatch.setattr(compiled._Archive, "get_code", compiles)
    second = finder(archive, first.new)
    assert load(second).VALUE == 41 and not second.new


def test_a_module_is_what_it_would_be_without(archive):
    leaf = load(finder(archive, {}))
    assert leaf.__file__ == f"{archive}/sample_kept/inner/leaf.py" and leaf.__package__ == "sample_kept.inner"
    assert leaf.__loader__.get_source(leaf.__name__) == TEXTS[LEAF]
    assert leaf.WHO == "sample_kept"


def test_another_text_is_compiled(archive, tmp_path):
    known = finder(archive, {})
    load(known)
    newer = pack(tmp_path / "newer.zip", {**TEXTS, LEAF: TEXTS[LEAF].replace("41", "42")})
    found = finder(newer, known.new)
    assert load(found).VALUE == 42
    assert [entry for entry, _size, _crc in found.new] == [LEAF]


@pytest.mark.parametrize("broken", [b"", b"\x00" * 9, marshal.dumps(1)[:1], b"c\xff"])
def test_what_is_no_code_is_compiled(archive, broken):
    known = finder(archive, {})
    load(known)
    found = finder(archive, dict.fromkeys(known.new, broken))
    assert load(found).VALUE == 41


def test_what_is_not_in_the_archive_is_not_found(archive):
    assert finder(archive, {}).find_spec("sample_kept.other") is None


KNOWN = {("a.py", 1, 2): b"code"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder

    monkeypatch.setattr(safe_folder, "TOP", str(tmp_path))
    place = tmp_path / "state"
    place.mkdir(mode=0o755)
    return place


def test_it_is_kept_for_its_owner(folder):
    compiled.write({}, KNOWN, str(folder))
    compiled.write(compiled.read(str(folder)), {("b.py", 1, 2): b"more"}, str(folder))
    assert set(compiled.read(str(folder))) == {("a.py", 1, 2), ("b.py", 1, 2)}
    assert (folder / compiled.NAME).stat().st_mode & 0o777 == 0o600


def test_where_there_is_no_folder_none_is_made(folder):
    folder.rmdir()
    compiled.write({}, KNOWN, str(folder))
    assert not folder.exists() and compiled.read(str(folder)) == {}


def test_it_does_not_grow_for_ever(folder, monkeypatch):
    with monkeypatch.context() as small:
        small.setattr(compiled, "LIMIT", 3)
        compiled.write(KNOWN, {("b.py", 1, 2): b"more"}, str(folder))
    assert set(compiled.read(str(folder))) == {("b.py", 1, 2)}


def spoil_mode(folder):
    (folder / compiled.NAME).chmod(0o620)


def spoil_folder(folder):
    folder.chmod(0o777)


def spoil_link(folder):
    (folder / compiled.NAME).rename(folder / "there")
    (folder / compiled.NAME).symlink_to("there")


def spoil_pipe(folder):
    (folder / compiled.NAME).unlink()
    os.mkfifo(folder / compiled.NAME, 0o600)


def spoil_text(folder):
    (folder / compiled.NAME).write_bytes(b"no code")


def spoil_kind(folder):
    (folder / compiled.NAME).write_bytes(marshal.dumps([1]))


def spoil_owner(folder):
    os.chown(folder / compiled.NAME, 65534, 65534)


SPOILED = [spoil_mode, spoil_folder, spoil_link, spoil_pipe, spoil_text, spoil_kind]


@pytest.mark.parametrize("spoil", [*SPOILED, pytest.param(spoil_owner, marks=NEEDS_ROOT)])
def test_what_others_could_have_put_there_is_not_believed(folder, spoil):
    compiled.write({}, KNOWN, str(folder))
    assert compiled.read(str(folder)) == KNOWN
    spoil(folder)
    assert compiled.read(str(folder)) == {}


RUN = """
import sys
from ansible_collections.ascend.fleet.plugins.module_utils import compiled
compiled.use(sys.argv[1])
from ansible_collections.ascend.fleet.plugins.module_utils import journal, npu_smi
print(sorted(entry.rpartition("/")[2] for finder in compiled._FINDERS for entry, _size, _crc in finder.new))
compiled.keep(sys.argv[1])
"""


@NEEDS_ROOT
def test_a_second_module_compiles_nothing(tmp_path):
    """In processes of their own, out of an archive as Ansible makes it; below /, where a walk to the folder is safe."""
    base = COLLECTIONS / "ansible_collections" / "ascend" / "fleet" / "plugins"
    names = [
        base / "module_utils" / f"{name}.py" for name in ("compiled", "defaults", "journal", "npu_smi", "whole_file")
    ]
    names += [base / "module_utils" / "secure" / "safe_folder.py"]
    texts = {str(path.relative_to(COLLECTIONS)): path.read_text() for path in names}
    for path in list(texts):
        for parent in list(Path(path).parents)[:-1]:
            texts.setdefault(f"{parent}/__init__.py", "")
    archive = pack(tmp_path / "payload.zip", texts)
    state = Path("/run") / f"ascend-test-{os.getpid()}"
    state.mkdir(mode=0o700)
    try:
        said = [
            subprocess.run(
                [sys.executable, "-c", RUN, str(state)],
                env={**os.environ, "PYTHONPATH": archive},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
            for _turn in range(2)
        ]
    finally:
        for path in state.iterdir():
            path.unlink()
        state.rmdir()
    assert "npu_smi.py" in said[0] and "journal.py" in said[0]
    assert said[1] == "[]"

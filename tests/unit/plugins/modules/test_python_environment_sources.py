"""Where distributions come from: fixed by content, built without root's rights, and no secret in sight."""

from __future__ import annotations

import json
import netrc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    build as environment_build,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    commands as environment_commands,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    sources as environment_sources,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError
from ansible_collections.ascend.fleet.tests.unit.environment_world import OWNER, PYTHON, UID, as_root, run

TOKEN = "glpat-verysecret"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
GIT = f"git+https://deploy:{TOKEN}@git.example/mf.git@{COMMIT}"


@pytest.fixture
def env(tmp_path):
    """An environment without the seconds that its pip takes."""
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -m venv --without-pip "$3"\n')
    bare.chmod(0o755)
    answer = run(tmp_path / "envs" / "one", executable=str(bare))
    assert answer.get("python"), answer
    return tmp_path / "envs" / "one"


@pytest.fixture
def started(monkeypatch):
    """[(command, environment variables)] of what would be started with pip; it fails, and says all it knows."""
    seen = []
    real = environment_commands.run

    def record(command, timeout, separate=False, environment=None):
        if "pip" not in command:
            return real(command, timeout, separate, environment)
        seen.append((command, environment or {}))
        return 1, f"pip says {command} {environment}"

    monkeypatch.setattr(environment_commands, "run", record)
    return seen


@pytest.mark.parametrize(
    "options",
    [
        {"index_url": f"https://deploy:{TOKEN}@mirror.example/simple"},
        {"index_url": f"https://{TOKEN}@mirror.example/simple"},
        {"index_url": f"https://mirror.example/simple?key={TOKEN}"},
        {"find_links": [f"https://deploy:{TOKEN}@mirror.example/wheels"]},
        {"sources": {"alpha": f"https://deploy:{TOKEN}@mirror.example/alpha-1.0-py3-none-any.whl#sha256={'0' * 64}"}},
    ],
)
def test_107_a_token_of_pip_is_in_no_argument_message_or_record(env, started, options):
    answer = run(env, packages=["alpha==1.0"], **options)
    [(command, environ)] = started
    assert answer["failed"] and TOKEN not in " ".join(command)
    assert TOKEN in str(environ) or "--requirement" in command
    assert TOKEN not in answer["raw"] and TOKEN not in (env / "ascend-fleet.json").read_text()
    if "index_url" in options:
        assert environ["PIP_INDEX_URL"] == options["index_url"] and "--only-binary=:all:" in command


def test_what_is_no_secret_stays_readable(env, started):
    answer = run(env, packages=["alpha==1.0"], find_links=["/srv/wheels"], channels=["defaults"])
    assert "/srv/wheels" in answer["msg"] and answer["path"] == str(env)


def test_501_the_token_of_a_repository_reaches_git_alone(env, started):
    answer = run(env, packages=["alpha"], sources={"alpha": GIT})
    assert answer["failed"] and TOKEN not in answer["raw"]
    # As root it is the builder's process that would have started pip; what git gets is shown below.
    for command, environ in started:
        assert TOKEN not in f"{command} {environ}"
    assert TOKEN not in (env / "ascend-fleet.json").read_text()


def test_501_git_knows_user_and_password_from_a_private_file():
    with environment_sources.Private() as private:
        clean, environ = private.git(GIT.replace("deploy", "de%20ploy"))
        assert clean == f"git+https://git.example/mf.git@{COMMIT}" and TOKEN not in str(environ)
        asked = "protocol=https\nhost=git.example\n\n"
        command = ["git", "credential", "fill"]
        done = subprocess.run(
            command, input=asked, env={**os.environ, **environ}, capture_output=True, text=True, check=True
        )
        assert "username=de ploy\n" in done.stdout and f"password={TOKEN}\n" in done.stdout
        for folder, _folders, names in os.walk(private.folder):
            assert os.stat(folder).st_mode & 0o077 == 0
            assert all(os.stat(os.path.join(folder, name)).st_mode & 0o077 == 0 for name in names)
    assert not os.path.exists(private.folder)


def test_501_the_record_keeps_a_hash_and_knows_the_source_again():
    note = environment_sources.note(GIT)
    assert TOKEN not in note and "git.example" not in note and note == environment_sources.note(GIT)
    assert note != environment_sources.note(GIT.replace("0123", "1123"))


@pytest.mark.parametrize("fails", [False, True])
def test_503_a_channels_token_is_not_on_condas_command_line(tmp_path, fails):
    conda = tmp_path / "conda"
    conda.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/argv; cat "$CONDARC" >> {tmp_path}/rc\n'
        f'stat -c %a "$CONDARC" >> {tmp_path}/rc\n'
        f'echo "$@"; cat "$CONDARC"; [ {int(fails)} = 0 ] || exit 1\n'
        f'while [ $# -gt 0 ]; do [ "$1" != --prefix ] || {sys.executable} -m venv --without-pip "$2"; shift; done\n'
    )
    conda.chmod(0o755)
    channel = f"https://conda.example/t/{TOKEN}/get/channel"
    answer = run(tmp_path / "envs" / "one", provider="conda", executable=str(conda), channels=[channel, "conda-forge"])
    assert bool(answer.get("failed")) is fails and TOKEN not in answer["raw"]
    argv = (tmp_path / "argv").read_text()
    assert TOKEN not in argv and "--channel ascend-fleet --override-channels" in argv
    rc = (tmp_path / "rc").read_text()
    assert f'    - "{channel}"\n    - "conda-forge"\n' in rc and rc.endswith("600\n")
    assert TOKEN not in (tmp_path / "envs" / "one" / "ascend-fleet.json").read_text()


@pytest.mark.parametrize(
    "source",
    [
        "git+https://git.example/mf.git@v1.0.2",
        "git+https://git.example/mf.git@main",
        "git+https://git.example/mf.git",
        "git+https://git.example/mf.git@0123456",
        f"git+https://git.example/mf.git@{COMMIT}x",
        f"git+https://git.example/mf.git@{COMMIT}\n",
        f"git+https://git.example/{COMMIT}",
        f"git+http://git.example/mf.git@{COMMIT}",
        f"git+git://git.example/mf.git@{COMMIT}",
        f"git+ssh://u:{TOKEN}@git.example/mf.git@{COMMIT}",
        "https://git.example/mf-1.0-py3-none-any.whl",
        f"http://git.example/mf-1.0-py3-none-any.whl#sha256={'0' * 64}",
        f"https://git.example/mf-1.0.tar.gz#sha256={'0' * 64}",
        "/srv/mf",
        "--index-url=https://evil.example",
        f"https://deploy:{TOKEN}@git.example/mf.git",
        7,
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_209_a_source_that_can_mean_something_else_tomorrow_is_refused(tmp_path, source, check):
    answer = run(tmp_path / "envs" / "one", check, packages=["mf"], sources={"mf": source})
    assert answer["failed"] and TOKEN not in answer["msg"] and not (tmp_path / "envs").exists()
    if str(source).startswith("git+") and TOKEN not in str(source) and "\n" not in str(source):
        assert "git ls-remote" in answer["msg"]


@pytest.mark.parametrize("text", ["mf @ git+https://git.example/mf.git@main", "mf @ file:///srv/mf"])
def test_209_a_requirement_does_not_bring_its_own_source(tmp_path, text):
    answer = run(tmp_path / "envs" / "one", packages=[text])
    assert answer["failed"] and "in sources" in answer["msg"] and not (tmp_path / "envs").exists()


BACKEND = """
import os, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name, info = "mf-1.0-py3-none-any.whl", "mf-1.0.dist-info/"
    files = {"mf/__init__.py": "BUILT_BY = %d\\n" % os.getuid(),
             info + "METADATA": "Metadata-Version: 2.1\\nName: mf\\nVersion: 1.0\\n",
             info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
    files[info + "RECORD"] = "".join(path + ",,\\n" for path in files) + info + "RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name
"""


@pytest.fixture
def repository(place):
    """(URL, commit) of a repository of root's whose building says who built it."""
    folder = place / "mf.git"
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@localhost"]
    folder.mkdir()
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    return f"git+file://{folder}", commit


@as_root
@pytest.mark.parametrize("owner", ["root", OWNER])
def test_209_a_source_is_built_without_roots_rights_and_installed_for_the_owner(place, repository, owner):
    url, commit = repository
    options = {"executable": PYTHON, "owner": owner, "packages": ["mf==1.0"], "no_deps": True}
    path = place / "envs" / "one"
    answer = run(path, **options, sources={"mf": f"{url}@{commit}"})
    assert answer["packages"]["mf"] == "1.0", answer
    module = next(Path(path).glob("lib/python*/site-packages/mf/__init__.py"))
    assert module.read_text() == f"BUILT_BY = {UID}\n"
    assert module.stat().st_uid == (0 if owner == "root" else UID)
    assert run(path, **options, sources={"mf": f"{url}@{commit}"})["changed"] is False
    record = json.loads((path / "ascend-fleet.json").read_text())
    assert list(record["sources"]) == ["mf"] and record["sources"]["mf"].startswith("sha256:")
    wrong = run(path, **options, sources={"mf": f"{url}@{COMMIT}"})
    assert wrong["failed"] and "To build" in wrong["msg"]
    other = run(path, **{**options, "packages": ["other==1.0"]}, sources={"other": f"{url}@{commit}"})
    assert other["failed"] and "is no source of other" in other["msg"]


@as_root
def test_209_the_builder_hands_over_one_regular_wheel_and_nothing_else(place):
    with environment_build.Wheels(PYTHON, {}, []) as wheels:
        own = Path(wheels.folder, "own")
        own.mkdir()
        handle = os.open(own, os.O_RDONLY)
        for name, made in (
            ("mf-1.0-py3-none-any.whl", lambda path: path.symlink_to("/etc/shadow")),
            ("mf-1.0-py3-none-any.whl", lambda path: os.mkfifo(path)),
            ("mf-1.0-py3-none-any.whl", lambda path: path.mkdir()),
            ("--mf-1.0-py3-none-any.whl", lambda path: path.write_text("x")),
            ("other-1.0-py3-none-any.whl", lambda path: path.write_text("x")),
        ):
            made(own / name)
            with pytest.raises((ProviderError, OSError)):
                wheels._take(handle, "mf", "git+file:///x")
            (own / name).rmdir() if (own / name).is_dir() else (own / name).unlink()
        assert os.listdir(Path(wheels.folder, "whole")) == []
        os.close(handle)
    assert not os.path.exists(wheels.folder)


def test_107_a_pip_that_builds_has_no_token_to_hand_on_as_an_argument(tmp_path, monkeypatch):
    """The pip of an isolated build gets index and links as arguments; user and password come from a private file."""
    seen = []

    def record(command, timeout, separate=False, environment=None):
        seen.append((command, environment, netrc.netrc(environment["NETRC"]), os.stat(environment["NETRC"]).st_mode))
        return 0, ""

    monkeypatch.setattr(environment_commands, "run", record)
    options = {
        "index_url": f"https://deploy:{TOKEN}@mirror.example:8443/simple",
        "timeout": 9,
        "find_links": ["/srv/wheels", f"https://{TOKEN}@other.example/wheels"],
    }
    environment_build.Wheels(PYTHON, options, [TOKEN])._run(None, str(tmp_path), GIT.replace(TOKEN, "another"))
    [(command, environ, entries, mode)] = seen
    assert TOKEN not in str(command) and TOKEN not in str(environ) and "/srv/wheels" in command
    assert environ["PIP_INDEX_URL"] == "https://mirror.example:8443/simple"
    assert entries.authenticators("mirror.example")[::2] == ("deploy", TOKEN)
    assert entries.authenticators("other.example")[0] == TOKEN
    assert mode & 0o077 == 0 and not os.path.exists(environ["NETRC"])


@pytest.mark.parametrize(
    ("index", "links"),
    [
        (f"https://mirror.example/simple?key={TOKEN}", []),
        (f"https://mirror.example/t/{TOKEN}/simple", []),
        (None, [f"https://mirror.example/wheels?key={TOKEN}"]),
        (f"https://a:{TOKEN}@mirror.example/simple", [f"https://b:{TOKEN}@mirror.example/wheels"]),
    ],
)
def test_107_what_a_build_would_show_is_refused(index, links):
    with environment_sources.Private() as private, pytest.raises(ValueError) as refused:
        private.indexes({"index_url": index, "find_links": links})
    assert TOKEN not in str(refused.value) and "mirror.example" in str(refused.value)

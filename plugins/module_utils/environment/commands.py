# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what environments are made with, and says what a failure means.

Touches the host, unlike most of module_utils.
"""

import contextlib
import fcntl
import os
import time

from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded

# What the caller's shell may have set for another Python or another pip must not reach ours.
_UNWANTED = (
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "PIP_CONFIG_FILE",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_FIND_LINKS",
    "PIP_CONSTRAINT",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_NO_INDEX",
    "PIP_NO_BINARY",
    "PIP_ONLY_BINARY",
    "GIT_DIR",
    "GIT_WORK_TREE",
)


def hint(output):
    """What a known failure of pip, venv or conda means and what to do, or nothing; begins with a space."""
    if "No matching distribution" in output:
        return (
            " Only wheels are installed: what an index has as a source alone has to be built into one first."
            " Put the wheel for this host's Python and architecture into wheels/ below ascend_artifacts"
            " (ascend.fleet.bundle fetches them), or set ascend_wheels to the URL of an index."
        )
    if "PackagesNotFoundError" in output:
        return (
            " conda has no such package in its channels: name them with ascend_conda_channels, and when they are in the"
            " network let conda use it with python_toolchain_offline: false and mindspore_offline: false."
        )
    if "not a supported wheel" in output:
        return " The wheel is for another Python or architecture."
    if "unexpected argument '--allow-existing'" in output:
        return " This uv is too old: bring one of 2024.6 (0.2.14) or later."
    if "did not match any file(s) known to git" in output or "not our ref" in output:
        return " The repository has no such commit."
    if "No space left" in output:
        return " The file system is full."
    if "ensurepip is not" in output:
        return " The distribution's package python3-venv is missing."
    return ""


def run(command, timeout, separate=False, environment=None):
    """(exit code or None on time-out, standard output together with the standard error unless kept apart).

    C(environment): further environment variables; secrets go there and never into C(command).
    """
    env = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    env.update(LC_ALL="C.UTF-8", PYTHONNOUSERSITE="1")
    env.update(environment or {})
    try:
        done = bounded.run(command, timeout, env=env, stderr="nowhere" if separate else "together")
    except OSError as exc:
        raise ProviderError("%s cannot be started: %s." % (command[0], exc.strerror))
    if done.ended == bounded.FLOODED:
        raise ProviderError("%s %s. Run it by hand to see what it says." % (command[0], bounded.words(done, timeout)))
    return done.rc, done.stdout.decode("utf-8", "replace")


@contextlib.contextmanager
def only_one(path, timeout):
    """Keep a second run away from an environment; wait for the first, which may have outlived its connection.

    Raises:
        ProviderError: it still runs after C(timeout) seconds.
    """
    lock = os.path.join(os.path.dirname(path), ".%s.lock" % os.path.basename(path))
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(handle, 0o600)  # flock needs no more than the right to read
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except (IOError, OSError):
                if time.monotonic() > deadline:
                    raise ProviderError(
                        "Another run has been changing %s for %d s; wait for it or end it." % (path, timeout)
                    )
                time.sleep(1)
        yield
    finally:
        os.close(handle)


def python_version(python):
    """The version of an interpreter, or None when it does not run."""
    code = "import platform; print(platform.python_version())"
    rc, output = run([python, "-I", "-c", code], 60)
    return output.strip() if rc == 0 else None


def names(folder):
    """The names in a folder; none when it is not there."""
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

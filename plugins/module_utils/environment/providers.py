# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each provider makes a Python environment: argument lists only, nothing is run here."""

from ansible_collections.ascend.fleet.plugins.module_utils.environment import sources
from ansible_collections.ascend.fleet.plugins.module_utils.environment import wanted as environments


class ProviderError(Exception):
    """The environment cannot be made; the text names cause and fix."""


# By this file conda knows an environment.
CONDA_HISTORY = "conda-meta/history"


def create(provider, options):
    """The commands that make an empty environment.

    Args:
        provider: venv, conda or uv.
        options: C(path), C(python_version) ("3.11" or None), C(executable) (path of conda or uv, or of the Python that
            makes a venv), C(channels), C(offline), C(packages) (conda packages that come with it).

    Returns:
        List of argument lists, to be run in this order.
    """
    return _PROVIDERS[provider](options)


def _venv(options):
    return [[options["executable"], "-m", "venv", options["path"]]]


def _uv(options):
    command = [options["executable"], "venv", "--no-project"]
    if options["python_version"]:
        command += ["--python", options["python_version"]]
    command += ["--offline"] if options["offline"] else []
    # Our record is in the folder already: an interrupted creation has to be ours as well.
    command.append("--allow-existing")
    # uv would fetch pip from an index; Python carries one.
    return [command + [options["path"]], [options["path"] + "/bin/python", "-m", "ensurepip", "--default-pip"]]


def _conda(options):
    python = "python=%s" % options["python_version"] if options["python_version"] else "python"
    # Not "create", which refuses a folder with anything in it, and our record is in it: an interrupted creation has to
    # be ours as well. A folder with CONDA_HISTORY is an environment to conda, if an empty one.
    return [[options["executable"], "install", "--yes", "--prefix", options["path"], python, "pip"] + _source(options)]


def conda_install(options, packages, force=False):
    """The command that installs conda packages into an environment; C(force): again, although they are there."""
    command = [options["executable"], "install", "--yes", "--prefix", options["path"]]
    return command + (["--force-reinstall"] if force else []) + list(packages) + _source(options)


def _source(options):
    arguments = []
    for channel in options["channels"]:
        arguments += ["--channel", channel]
    if options["channels"]:
        arguments.append("--override-channels")
    return arguments + (["--offline"] if options["offline"] else [])


_PROVIDERS = {"venv": _venv, "conda": _conda, "uv": _uv}


def pip_install(python, what, options, force=False):
    """The pip command that installs requirements or wheel files. Nothing is built: that is pip_wheel's.

    Args:
        python: the environment's interpreter.
        what: requirements and paths of wheels.
        options: C(find_links), C(index_url), C(no_deps).
        force: install again what is there already.
    """
    # Without --no-compile an installation of MindSpore takes three times as long; Python compiles at first use.
    command = _pip(python, "install", options) + ["--no-compile"]
    if options["no_deps"]:
        command.append("--no-deps")
    if force:
        command.append("--force-reinstall")
    return command + list(what)


def pip_wheel(python, source, folder, options):
    """The pip command that builds a wheel of a source into a folder; what the build needs has to come as wheels."""
    # pip would fetch what the build needs; without an index it has to be in the environment.
    isolated = [] if options["index_url"] else ["--no-build-isolation"]
    return _pip(python, "wheel", options) + isolated + ["--no-deps", "--wheel-dir", folder, source]


def _pip(python, verb, options):
    # A source distribution of an index is somebody's code that runs before anything was proved of it.
    command = [python, "-m", "pip", verb, "--no-input", "--disable-pip-version-check", "--only-binary=:all:"]
    command += [] if options["index_url"] else ["--no-index"]
    for link in options["find_links"]:
        command += [] if sources.has_secret(link) else ["--find-links", link]
    return command


def pip_environment(options):
    """The environment variables of a pip command: what may hold a token and must not be among its arguments."""
    found = {"PIP_INDEX_URL": options["index_url"]} if options["index_url"] else {}
    secret = [link for link in options["find_links"] if sources.has_secret(link)]
    if secret:
        found["PIP_FIND_LINKS"] = " ".join(secret)
    return found


def pip_uninstall(python, names):
    """The pip command that removes distributions."""
    return [python, "-m", "pip", "uninstall", "--yes", "--disable-pip-version-check"] + list(names)


def choose_python(wanted, candidates):
    """The interpreter a venv is made with.

    Args:
        wanted: "3.11", a full version, or None for any.
        candidates: list of (path, version) on the host, in order of preference.

    Raises:
        ProviderError: none fits.
    """
    for path, version in candidates:
        if environments.matches_python(wanted, version):
            return path
    found = ", ".join("%s (%s)" % (version, path) for path, version in candidates) or "none"
    raise ProviderError(
        "The stack needs Python %s and this host's distribution offers %s. Take one that can fetch its own Python with "
        "ascend_env_provider: conda or uv, install it with python_toolchain_extra_packages, or choose a stack for "
        "another Python with ascend_python_version." % (wanted, found)
    )

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual environment that somebody else made and that we were told to take over.

What was in it stays byte for byte: distributions are added and never replaced, files are added and never overwritten,
and state absent takes back what was added. The record holds C(adopted), C(found) (what was there: {name: version}),
C(added) (names of what we brought) and C(files) ({path: hash of what we wrote}).
"""

import hashlib
import json
import os
import stat

from ansible_collections.ascend.fleet.plugins.module_utils.environment import commands, ownership, providers
from ansible_collections.ascend.fleet.plugins.module_utils.environment import wanted as environments
from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError

# Run by the environment's own Python: pip brings the only thing there that knows what a range means.
_JUDGE = (
    "import json, sys; from pip._vendor.packaging.requirements import Requirement as R; "
    "texts, found = json.loads(sys.argv[1]); "
    "print(json.dumps([t for t in texts for r in [R(t)] if r.name and not r.specifier.contains("
    "found[sys.modules['re'].sub('[-_.]+', '-', r.name).lower()], prereleases=True)]))"
)


def adopt(env):
    """Make a foreign virtual environment one that was taken over, in memory and (outside of check mode) on the host.

    Raises:
        ProviderError: it cannot be taken over; the text says why.
    """
    if not env.wanted.get("take_over"):
        raise ProviderError(ownership.refusal(env.path, env.place, ownership.user_name(os.geteuid())))
    _check_tree(env)
    version = commands.python_version(env.python) if os.access(env.python, os.X_OK) else None
    if not version or not environments.matches_python(env.wanted["python_version"], version):
        raise ProviderError(
            "%s cannot be taken over: its Python is %s, wanted is %s. Choose another ascend_env_name."
            % (env.path, version or "not working", env.wanted["python_version"] or "any that works")
        )
    names = [environments.MARKER, environments.CONSTRAINTS, "pip.conf"] + env._file_names()
    there = [name for name in names if os.path.lexists(os.path.join(env.path, name))]
    if there:
        raise ProviderError(
            "%s cannot be taken over: it has %s, which would have to be overwritten. Move that away, or choose another "
            "ascend_env_name." % (env.path, ", ".join(there))
        )
    env.version, env.packages = version, env._distributions()
    env.version_before, env.before = version, dict(env.packages)
    record = dict(env._identity(), adopted=True, provider="venv", found=dict(env.packages), added=[], files={})
    env.place = ownership.Place(ownership.OURS, "taken over", env.place.uid, record)
    env.marker = dict(record)
    check(env, {"remove": [], "install": env.requirements, "wheels": []}, again=())
    env.actions.append("take over %s" % env.path)
    env._note()


def _check_tree(env):
    """See that it is a virtual environment, and all its owner's."""
    if not os.path.isfile(env.path + "/pyvenv.cfg") or os.path.isdir(env.path + "/conda-meta"):
        raise ProviderError(
            "%s is %s; only a virtual environment can be taken over. Move it away, or choose another ascend_env_name."
            % (env.path, env.place.what)
        )
    own = os.geteuid()
    for folder, folders, names in os.walk(env.path):
        for path in [folder] + [os.path.join(folder, name) for name in folders + names]:
            status = os.lstat(path)
            loose = status.st_mode & stat.S_IWOTH and not stat.S_ISLNK(status.st_mode)
            if status.st_uid != own or loose:
                raise ProviderError(
                    "%s cannot be taken over: %s %s. Correct that, or name the owner of all of it as owner "
                    "(python_toolchain_env_owner)."
                    % (
                        env.path,
                        path,
                        "can be written by everybody" if loose else "belongs to " + ownership.user_name(status.st_uid),
                    )
                )


def check(env, changes, again=None):
    """Refuse what would replace or remove something that was there before.

    Raises:
        ProviderError: the text names the distributions, and what is wanted of them.
    """
    found = env.marker.get("found") or {}
    touched = {name: "has to go" for name in changes["remove"] if name in found}
    touched.update((name, "has to be CANN's own") for name in changes["wheels"] if name in found)
    for text in changes["install"]:
        name = environments.parse_requirement(text)[0]
        if name in found and (again is None or not environments.satisfied(text, env.packages)):
            touched[name] = "is wanted as %s" % text
    limits = [text for text in env.wanted["constraints"] if environments.parse_requirement(text)[0] in found]
    for text in _broken(env, limits, found):
        touched[environments.parse_requirement(text)[0]] = "is wanted as %s" % text
    if touched:
        said = ["%s %s %s" % (name, found[name], touched[name]) for name in sorted(touched)]
        raise ProviderError(
            "%s was made by somebody else, and what is in it is not replaced: %s. Change that by hand, or let the "
            "stack have an environment of its own with ascend_env_name." % (env.path, "; ".join(said))
        )


def _broken(env, limits, found):
    if not limits:
        return []
    command = [env.python, "-I", "-B", "-c", _JUDGE, json.dumps([limits, found])]
    rc, output = commands.run(command, 60, separate=True)
    try:
        answer = json.loads(output) if rc == 0 else None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, list):
        raise ProviderError(
            "%s cannot be taken over: its pip does not work. Repair it, or choose another ascend_env_name." % env.path
        )
    return [text for text in limits if text in answer]


def pip_environment(env, private):
    """Environment variables that keep pip from replacing what was there, and from writing beside it."""
    pins = ["%s==%s\n" % pair for pair in sorted((env.marker.get("found") or {}).items())]
    limits = ["%s\n" % text for text in env.wanted["constraints"]]
    path = private.write("constraints.txt", "".join(limits + pins))
    return {"PIP_CONSTRAINT": path, "PYTHONDONTWRITEBYTECODE": "1"}


def note_added(env):
    """Note what pip has brought beside what was asked for.

    Raises:
        ProviderError: something that was there is not any more what it was.
    """
    found = env.marker.get("found") or {}
    now = env._distributions()
    changed = sorted(name for name in found if name in env.packages and now.get(name) != env.packages[name])
    before = set(env.marker.get("before") or env.packages)
    added = set(env.marker.get("added") or ()) | (set(now) - before - set(found))
    env.packages = now
    env._note(added=sorted(added & set(now)))
    if changed:
        raise ProviderError("pip has changed what was in %s before: %s." % (env.path, ", ".join(changed)))


def note_file(env, name, text):
    """Note a file that is about to be written.

    Raises:
        ProviderError: there is one, and it is not ours.
    """
    files = dict(env.marker.get("files") or {})
    path = os.path.join(env.path, name)
    if name not in files and os.path.lexists(path):
        raise ProviderError("%s was there before %s was taken over; it is not overwritten." % (path, env.path))
    files[name] = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    env._note(files=files)


def give_back(env):
    """Remove what we brought, our files and last our record; everything else stays."""
    found, record = env.marker.get("found") or {}, env.marker
    added = set(record.get("added") or ())
    if record.get("before"):  # a run died while pip was at work
        added |= set(env.packages) - set(record["before"])
    names = sorted(name for name in added if name in env.packages and name not in found)
    if names:
        env._pip("remove %s" % ", ".join(names), providers.pip_uninstall(env.python, names), gone=names)
    for name, noted in sorted((record.get("files") or {}).items()):
        path = os.path.join(env.path, name)
        text = env._read(name)
        if text is None:
            continue
        if hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() != noted:
            env.warn("%s was changed after we wrote it, and is left there" % path)
            continue
        env.actions.append("remove %s" % path)
        if not env.check_mode:
            os.unlink(path)
    env.actions.append("give back %s" % env.path)
    if not env.check_mode:
        os.unlink(os.path.join(env.path, environments.MARKER))

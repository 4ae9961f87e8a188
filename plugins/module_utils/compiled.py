# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code of a module as this host's Python has compiled it before. Touches the host.

Ansible sends a module as an archive of source texts, and out of an archive Python reads and compiles each of them anew
(zipimport of 3.8 and later even twice): of an observation that is most of its time. Here a module takes from a file of
root's what an earlier one has compiled. The file is in the state folder of a host that was changed before; whoever is
not root, whatever comes from no archive, and a host without that folder does without.
"""

import importlib.machinery
import importlib.util
import marshal
import os
import stat
import sys
import zipimport

from ansible_collections.ascend.fleet.plugins.module_utils import defaults

# Wherever a host's other state is: what is read before the module knows its arguments has one place.
FOLDER = defaults.STATE_DIR
# Code is good for one version of Python alone.
NAME = "code-%s-%s" % (sys.implementation.cache_tag, importlib.util.MAGIC_NUMBER.hex())
# Bytes of the file. What versions of the collection leave behind one after the other begins anew then.
LIMIT = 16 << 20
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class _Archive(zipimport.zipimporter):
    """Ansible's archive, for one module of it. It still gives the source text."""

    code = None

    def create_module(self, spec):
        """As importlib wants it: an ordinary module."""
        return None

    def exec_module(self, module):
        """Run the code that is at hand."""
        exec(self.code, module.__dict__)


class Finder(object):
    """Finds what is in an archive, with the code that was compiled before.

    Args:
        archive: path of the archive.
        entries: {path in it: what zipimport keeps of it, of which the fourth is the size and the last the CRC-32}.
        known: {(path in it, size, CRC-32): code as bytes}.

    Attributes:
        new: the same as known, of what had to be compiled.
    """

    def __init__(self, archive, entries, known):
        self._archive, self._entries = archive, entries
        self.known, self.new = known, {}

    def find_spec(self, name, path=None, target=None):
        """As importlib wants it; None for what is not in the archive."""
        place = name.replace(".", "/")
        for entry, inside in ((place + ".py", None), (place + "/__init__.py", [os.path.join(self._archive, place)])):
            if entry in self._entries:
                loader = _Archive(os.path.join(self._archive, os.path.dirname(place)))
                loader.code = self._code(loader, name, entry)
                # Not spec_from_loader, which asks for the name of the file, for which zipimport compiles it.
                spec = importlib.machinery.ModuleSpec(name, loader, origin=os.path.join(self._archive, entry))
                spec.has_location, spec.submodule_search_locations = True, inside
                return spec
        return None

    def _code(self, loader, name, entry):
        facts = self._entries[entry]
        key = (entry, facts[3], facts[7])
        try:
            return marshal.loads(self.known[key])
        except (LookupError, EOFError, ValueError, TypeError):
            code = loader.get_code(name)
            self.new[key] = marshal.dumps(code)
            return code


_FINDERS = []


def use(folder=FOLDER):
    """From here on, import what was compiled before, and kept in a folder, as it was compiled."""
    loader = globals().get("__loader__")
    if os.geteuid() == 0 and isinstance(loader, zipimport.zipimporter) and not _FINDERS:
        _FINDERS.append(Finder(loader.archive, loader._files, read(folder)))
        sys.meta_path.insert(0, _FINDERS[0])


def keep(folder=FOLDER):
    """Let the next module have what this one had to compile."""
    for finder in _FINDERS:
        if finder.new:
            write(finder.known, finder.new, folder)


def read(folder=FOLDER):
    """What is kept in a folder; empty where nothing is, or where others than its owner could have put it there."""
    handles = []
    try:
        handles.append(os.open(folder, _OPEN | os.O_DIRECTORY))
        handles.append(os.open(NAME, _OPEN | os.O_NONBLOCK, dir_fd=handles[0]))
        above, facts = map(os.fstat, handles)
        if not stat.S_ISREG(facts.st_mode) or any(
            one.st_uid != os.geteuid() or one.st_mode & (stat.S_IWGRP | stat.S_IWOTH) for one in (above, facts)
        ):
            return {}
        with os.fdopen(handles.pop(), "rb") as stream:
            known = marshal.loads(stream.read(2 * LIMIT))
    except (OSError, EOFError, ValueError, TypeError):
        return {}
    finally:
        for handle in handles:
            os.close(handle)
    return known if isinstance(known, dict) else {}


def write(known, new, folder=FOLDER):
    """Keep code in a folder that is there. Where that cannot be, the next module compiles as well.

    Args:
        known: what is kept.
        new: what is added. Both as Finder has them.
    """
    from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
    from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder

    both = dict(known if sum(map(len, known.values())) < LIMIT else {})
    both.update(new)
    try:
        if not os.path.isdir(folder):
            return
        safe_folder.check(folder)
        whole_file.put(os.path.join(folder, NAME), marshal.dumps(both), 0o600)
    except (safe_folder.UnsafeFolder, OSError):
        return

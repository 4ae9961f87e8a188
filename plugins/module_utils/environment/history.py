# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host's journal keeps of an environment: what was in it before a change and after, for the way back.

Touches the host. Root's part: the journal lies in root's folder, and a change that is not root's is not in it. What it
says of an environment is what the environment's owner says, and is used for that environment only.
"""

import os
import time
import uuid

from ansible_collections.ascend.fleet.plugins.module_utils import boot, host_view, journal, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.environment import wanted as environments
from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder


class Journal(object):
    """The journal's lines of one environment.

    Args:
        wanted: the options of python_environment; without C(state_dir), or where this is not root, nothing is written.
    """

    def __init__(self, wanted):
        self.path, self.controller = wanted["path"], wanted.get("controller")
        self.folder = wanted.get("state_dir") if os.geteuid() == 0 else None
        self.started = None

    def interrupted(self):
        """Whether an earlier change of this environment did not come to its end."""
        if not self.folder:
            return False
        view = host_view.HostView()
        entries = journal.parse(view.read(os.path.join(self.folder, journal.FILE_NAME), tail=True))
        own = [entry for entry in entries if entry.get("install_path") == self.path]
        return journal.unfinished(own, journal.ENVIRONMENT) is not None

    def begin(self, action, before, python):
        """Note that a change begins.

        Args:
            action: install, configure or uninstall.
            before: C(python) and C(packages) that are there, None and {} where nothing is.
            python: the Python that is wanted, or None.

        Raises:
            ProviderError: the journal cannot be written; nothing was changed.
        """
        if not self.folder:
            return
        now = time.time()
        started = journal.start(
            journal.new_id(now, uuid.uuid4().hex[:6]),
            now,
            _boot(),
            journal.ENVIRONMENT,
            action,
            short(before["python"]),
            python,
            controller=self.controller,
            install_path=self.path,
        )
        self._append(journal.with_packages(started, before["packages"]))
        self.started, self.begun = started, time.monotonic()

    def end(self, well, python, packages):
        """Note how it ended, and what is there now."""
        if not self.started:
            return
        seconds = time.monotonic() - self.begun
        entry = journal.end(
            self.started,
            time.time(),
            _boot(),
            0 if well else 1,
            "ok" if well else "failed",
            False,
            seconds,
            short(python),
        )
        self._append(journal.with_packages(entry, packages))

    def _append(self, entry):
        try:
            safe_folder.ensure(self.folder)
            whole_file.append_line(os.path.join(self.folder, journal.FILE_NAME), journal.line(entry))
        except safe_folder.UnsafeFolder as exc:
            raise ProviderError(str(exc))
        except OSError as exc:
            raise ProviderError(
                "The journal in %s cannot be written: %s. Make space there, or set ascend_state_dir to another folder."
                % (self.folder, exc.strerror)
            )


def short(version):
    """A Python's version by its first two numbers, as plans name it."""
    return ".".join(version.split(".")[:2]) if version else None


def _boot():
    return boot.identity(host_view.HostView().read)


def cached(state_dir, requirements):
    """The folders of the host's cache that hold a wheel of one of these exact requirements, each looked at whole.

    What was installed once can be installed again without the artifacts. A file whose content is not what its folder's
    name says, or that others can write, is left out.

    Args:
        state_dir: the cache is C(cache/<sha256>/<file>) in it.
        requirements: of them only exact ones are looked for.
    """
    wanted = {environments.parse_requirement(text)[:2] for text in requirements}
    found, root = [], os.path.join(state_dir, "cache")
    for name in sorted(os.listdir(root)) if os.path.isdir(root) else []:
        folder = os.path.join(root, name)
        for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            wheel = environments.parse_wheel(file)
            path = os.path.join(folder, file)
            if not wheel or not any(_is(wheel, one) for one in wanted) or not safe_folder.file_is_ours(path):
                continue
            if whole_file.sha256(path) == name:
                found.append(folder)
    return found


def _is(wheel, wanted):
    return wheel[0] == wanted[0] and wanted[1] is not None and environments.same_version(wheel[1], wanted[1])

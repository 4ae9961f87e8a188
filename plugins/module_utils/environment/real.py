# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Python environment on this host: reading it, and bringing it to the wanted state, as the user who owns it.

Touches the host, unlike most of module_utils; what to do is decided in environments.py, whose it is in
environment_ownership.py, and who works here in environment_change.py.
"""

import glob
import os
import shutil

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    commands,
    ownership,
    place,
    providers,
    sources,
    takeover,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment import wanted as environments
from ansible_collections.ascend.fleet.plugins.module_utils.environment.installation import Installation
from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LOG_TAIL = 15  # lines


class Environment(Installation):
    """The wanted and the real state of one environment."""

    def __init__(self, wanted, check_mode=False, warn=lambda text: None):
        self.wanted, self.check_mode, self.warn = wanted, check_mode, warn
        check_wishes(wanted)
        self.path = ownership.check_path(wanted["path"])
        self.secrets = sources.secrets_of(
            wanted["channels"]
            + wanted["find_links"]
            + [source for source in wanted["sources"].values() if isinstance(source, str)]
            + [wanted["index_url"] or ""]
        )
        in_wheels = environments.wheel_requirements(wanted["wheels"])
        names = [environments.parse_requirement(text)[0] for text in in_wheels]
        self.wheels = {name: wanted["wheels"][number] for number, name in enumerate(names)}
        self.requirements = in_wheels + [
            text for text in wanted["packages"] if environments.parse_requirement(text)[0] not in self.wheels
        ]
        self.python = self.path + "/bin/python"
        self.actions = []
        # In check mode what would be removed first is still there.
        self.place = ownership.Place(ownership.ABSENT) if wanted.get("anew") else ownership.look(self.path)
        self.version, self.packages, self.marker = (None, {}, {}) if wanted.get("anew") else self._observe()
        self.version_before, self.before = self.version, dict(self.packages)

    def _file_names(self):
        """The paths, below the environment, of the files that are wanted."""
        last = self.wanted["environment_file"]
        return [item["path"] for item in self.wanted["files"]] + ([last["path"]] if last else [])

    def result(self):
        return {
            "changed": bool(self.actions),
            "path": self.path,
            "python": self.version,
            "actions": [sources.hide(action, self.secrets) for action in self.actions],
            "packages": self.packages,
        }

    def diff(self):
        before, after = environments.summary(self.before, self.packages)
        said = "".join("%s\n" % action for action in self.result()["actions"])
        return {
            "before_header": self.path,
            "after_header": self.path,
            "before": before,
            "after": after,
            "prepared": said,
        }

    def _observe(self):
        """(Python version or None, {name: version}, our record); nothing is started in what is not ours."""
        marker = environments.tidy_marker(ownership.look(self.path).record)
        if not marker:
            return None, {}, {}
        version = commands.python_version(self.python) if os.access(self.python, os.X_OK) else None
        return version, self._distributions(), marker

    def _distributions(self):
        packages = {}
        for folder in glob.glob(glob.escape(self.path) + "/lib/python*/site-packages/*-info"):
            found = environments.parse_dist_info(os.path.basename(folder))
            # pip writes RECORD last: without it the installation did not come to its end.
            if found and (folder.endswith(".egg-info") or os.path.isfile(folder + "/RECORD")):
                packages[found[0]] = found[1]
        for name in commands.names(self.path + "/conda-meta"):
            found = environments.parse_conda_meta(name)
            if found:
                packages.setdefault(found[0], found[1])
        return packages

    def remove(self):
        """Empty our environment's folder; of one that was taken over, remove what we added and nothing else."""
        if self.place.adopted:
            takeover.give_back(self)
            return
        self._clear()

    def bring_about(self):
        """Make the environment what is wanted.

        Raises:
            ProviderError: it cannot be; the text says why and what to do.
            ValueError: a requirement is none.
            OSError: a file of it cannot be read or written.
        """
        if self.place.kind == ownership.THEIRS:
            takeover.adopt(self)
        self._create()
        operator_wheels = self._operator_wheels()
        changes = environments.changes(
            self.packages,
            self.marker,
            {
                "packages": self.requirements,
                "sources": self._noted(),
                "absent": self.wanted["absent"],
                "operator_wheels": operator_wheels,
            },
        )
        if self.place.adopted:
            takeover.check(self, changes)
        # Before pip runs, because pip obeys them.
        self._write_constraints()
        if changes["remove"]:
            names = changes["remove"]
            self._pip("remove %s" % ", ".join(names), providers.pip_uninstall(self.python, names), gone=names)
        self._conda_install()
        self._install(changes["install"])
        self._install_operator_wheels(changes["wheels"], operator_wheels)
        for item in self.wanted["files"]:
            self._write(item["path"], item["content"], int(item["mode"], 8))
        self._write_environment_file()
        self._write_marker()
        if self.actions and not self.check_mode:
            self.version, self.packages, self.marker = self._observe()
            self._prove()

    def _create(self):
        right = self.version and environments.matches_python(self.wanted["python_version"], self.version)
        if right and not self.marker.get("creating"):
            return
        if self.place.adopted:
            raise ProviderError(
                "%s was taken over and has Python %s; wanted is %s. It is not made anew, because it is not ours. "
                "Choose another ascend_env_name." % (self.path, self.version, self.wanted["python_version"])
            )
        if self.place.kind == ownership.OURS:
            self._clear()
        options = dict(self.wanted, path=self.path, executable=self._tool())
        record = {"creating": True, "provider": self.wanted["provider"], **self._identity()}
        if not self.check_mode:
            # Before anything else is there: what an interrupted creation leaves is ours.
            self._put(environments.MARKER, environments.render_marker(record), 0o644)
            if self.wanted["provider"] == "conda":
                self._put(providers.CONDA_HISTORY, "", 0o644)
        said = "make %s with %s" % (self.path, self.wanted["provider"])
        with sources.Private() as private:
            names, environ = private.channels(self.wanted["channels"])
            for command in providers.create(self.wanted["provider"], dict(options, channels=names)):
                self._do(said, command, environ)
        if not self.check_mode:
            self.version, self.packages, self.marker = self._observe()
            if not environments.matches_python(self.wanted["python_version"], self.version or ""):
                raise ProviderError(
                    "%s has Python %s after it was made, wanted was %s: %s made the wrong one."
                    % (self.path, self.version, self.wanted["python_version"], options["executable"])
                )
            self.marker.pop("creating")
            self._put(environments.MARKER, environments.render_marker(self.marker), 0o644)

    def _identity(self):
        return {
            "name": os.path.basename(self.path),
            "path": self.path,
            "owner": ownership.user_name(os.geteuid()),
        }

    def _clear(self):
        self.actions.append("remove %s" % self.path)
        if not self.check_mode:
            place.clear(self.path)
        self.version, self.packages, self.marker = None, {}, {}

    def _tool(self):
        """The conda or uv of the host, or the Python that makes a venv."""
        if self.wanted["executable"] or self.check_mode:  # in check mode it may be what the run itself would bring
            return self.wanted["executable"]
        provider, version = self.wanted["provider"], self.wanted["python_version"]
        if self.marker.get("provider") == provider and os.access(self.marker.get("executable") or "", os.X_OK):
            return self.marker["executable"]
        if provider == "venv":
            short = ".".join((version or "3").split(".")[:2])
            names = [
                "/usr/bin/python" + short,
                "/usr/local/bin/python" + short,
                "/usr/bin/python3",
                "/usr/libexec/platform-python",
            ]
            found = [(name, commands.python_version(name)) for name in names if os.access(name, os.X_OK)]
            return providers.choose_python(version, found)
        folders = [os.environ.get("PATH", ""), "/usr/local/bin", "/opt/ascend/conda/bin", "/opt/ascend/uv"]
        tool = shutil.which(provider, path=":".join(folders))
        if not tool:
            raise ProviderError("There is no %s on this host; the role python_toolchain brings it." % provider)
        return tool

    def _write_constraints(self):
        text = environments.merge_constraints(self._read(environments.CONSTRAINTS), self.wanted["constraints"])
        self._write(environments.CONSTRAINTS, text)
        self._write(
            "pip.conf",
            "[global]\nconstraint = %s/%s\ndisable-pip-version-check = true\n" % (self.path, environments.CONSTRAINTS),
        )

    def _noted(self):
        """By what the record knows where distributions come from whose versions do not tell."""
        noted = {name: sources.note(source) for name, source in self.wanted["sources"].items()}
        return dict(noted, **{name: str(text) for name, text in (self.wanted.get("origins") or {}).items()})

    def _write_marker(self):
        record = dict(self.marker)
        for name in ("unfinished", "before"):
            record.pop(name, None)
        record.update(self._identity(), provider=record.get("provider", self.wanted["provider"]))
        if self.wanted["provider"] != "venv" and self.wanted["executable"]:
            record["executable"] = self.wanted["executable"]
        if self.wanted["operator_wheels"] is not None:
            record["cann_wheels_from"] = self.wanted["cann"]
            record["wheels"] = {
                name: value
                for name, value in (record.get("wheels") or {}).items()
                if name in self.wanted["operator_wheels"]
            }
        if self._noted():
            record["sources"] = dict(record.get("sources") or {}, **self._noted())
        record["stack"] = dict(record.get("stack") or {}, **self.wanted["stack"])
        self._write(environments.MARKER, environments.render_marker(record))
        self.marker = record

    def _write_environment_file(self):
        wanted = self.wanted["environment_file"]
        if not wanted:
            return
        script = os.path.join(self.path, wanted["script"])
        # Check mode: before the environment exists, or while its script is still what was there.
        if not self.version or (self.check_mode and "write %s" % script in self.actions):
            self.actions.append("write %s/%s" % (self.path, wanted["path"]))
            return
        command = [
            "/usr/bin/env",
            "-i",
            "HOME=/",
            "PATH=" + _SYSTEM_PATH,
            "/bin/bash",
            "-c",
            '. "$0" >&2 && exec env -0',
            script,
        ]
        rc, output = commands.run(command, 60, separate=True)
        if rc == 0:
            pairs = dict(line.partition("=")[::2] for line in output.split("\0") if "=" in line)
            self._write(wanted["path"], environments.render_environment(pairs))
        elif not self.check_mode:
            raise ProviderError("%s ended with %s: %s" % (command[-1], rc, output[-500:]))

    def _prove(self):
        """pip's word is not evidence: read again what is there."""
        wanted = self.requirements + [environments.from_conda(text) for text in self.wanted["conda_packages"]]
        missing = [text for text in wanted if not environments.satisfied(text, self.packages)]
        if missing:
            found = {
                name: self.packages.get(name) for name in (environments.parse_requirement(text)[0] for text in missing)
            }
            raise ProviderError(
                "pip ended without an error, but %s does not hold in %s (found: %s)."
                % (", ".join(missing), self.path, found)
            )

    def _read(self, name):
        return ownership.read_at(None, os.path.join(self.path, name))[0]

    def _write(self, name, text, mode=0o644):
        path = os.path.join(self.path, name)
        right = self._read(name) == text and os.lstat(path).st_mode & 0o7777 == mode
        if right:
            return
        if self.place.adopted and name != environments.MARKER:
            takeover.note_file(self, name, text)
        self.actions.append("write %s" % path)
        if not self.check_mode:
            self._put(name, text, mode)

    def _put(self, name, text, mode):
        path = os.path.join(self.path, name)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path), 0o755)
        whole_file.put(path, text, mode)

    def _note(self, **changes):
        """Change the record at once, so that a run that dies now is repaired by the next one."""
        self.marker.update(changes)
        if not self.check_mode:
            self._put(environments.MARKER, environments.render_marker(self.marker), 0o644)

    def _do(self, said, command, environ=None):
        """Run a command; in check mode only say so."""
        self.actions.append(said)
        if self.check_mode:
            return
        rc, output = commands.run(command, self.wanted["timeout"], environment=environ)
        if rc != 0:
            why = "took longer than %d s" % self.wanted["timeout"] if rc is None else "failed (rc %d)" % rc
            tail = "\n".join(output.strip().splitlines()[-_LOG_TAIL:])
            text = "To %s: %s %s.%s Its last words:\n%s" % (said, command[0], why, commands.hint(output), tail)
            raise ProviderError(sources.hide(text, self.secrets))


def check_wishes(wanted):
    """See that the options of python_environment can be carried out, without a look at the host.

    Raises:
        ValueError: one cannot; the text names it and the fix.
    """
    environments.wheel_requirements(wanted["wheels"])
    for name, source in wanted["sources"].items():
        sources.check(name, source)
    for text in wanted["packages"]:
        if "@" in environments.parse_requirement(text)[2]:
            raise ValueError("%s: say where a distribution comes from in sources." % sources.public(text))
    last = [wanted["environment_file"]] if wanted["environment_file"] else []
    for item in wanted["files"] + last:
        if item["path"].startswith("/") or ".." in item["path"].split("/") or item["path"] == environments.MARKER:
            raise ValueError("%r is no path for a file inside of the environment." % item["path"])

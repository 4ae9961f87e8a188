# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Python environment on this host: reading it, and bringing it to the wanted state.

Touches the host, unlike most of module_utils; what to do is decided in environments.py.
"""

import glob
import os
import pwd
import shutil

from ansible_collections.ascend.fleet.plugins.module_utils import environment_commands as commands
from ansible_collections.ascend.fleet.plugins.module_utils import environment_providers as providers
from ansible_collections.ascend.fleet.plugins.module_utils import environments, host_view, installed, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.environment_providers import ProviderError

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LOG_TAIL = 15  # lines


class Environment(object):
    """The wanted and the real state of one environment."""

    def __init__(self, wanted, check_mode=False, warn=lambda text: None):
        self.wanted, self.check_mode, self.warn = wanted, check_mode, warn
        in_wheels = environments.wheel_requirements(wanted["wheels"])
        names = [environments.parse_requirement(text)[0] for text in in_wheels]
        self.wheels = {name: wanted["wheels"][number] for number, name in enumerate(names)}
        self.requirements = in_wheels + [
            text for text in wanted["packages"] if environments.parse_requirement(text)[0] not in self.wheels
        ]
        self.path = wanted["path"].rstrip("/")
        self.python = self.path + "/bin/python"
        self.actions = []
        self.version, self.packages, self.marker = self._observe()
        self.before = dict(self.packages)

    def result(self):
        return {
            "changed": bool(self.actions),
            "path": self.path,
            "python": self.version,
            "actions": self.actions,
            "packages": self.packages,
        }

    def diff(self):
        before, after = environments.summary(self.before, self.packages)
        said = "".join("%s\n" % action for action in self.actions)
        return {
            "before_header": self.path,
            "after_header": self.path,
            "before": before,
            "after": after,
            "prepared": said,
        }

    def _observe(self):
        """(Python version or None, {name: version}, our record)."""
        marker = environments.parse_marker(self._read(environments.MARKER)) or {}
        version, packages = None, {}
        if os.access(self.python, os.X_OK):
            version = commands.python_version(self.python)
        for folder in glob.glob(self.path + "/lib/python*/site-packages/*-info"):
            found = environments.parse_dist_info(os.path.basename(folder))
            # pip writes RECORD last: without it the installation did not come to its end.
            if found and (folder.endswith(".egg-info") or os.path.isfile(folder + "/RECORD")):
                packages[found[0]] = found[1]
        for name in commands.names(self.path + "/conda-meta"):
            found = environments.parse_conda_meta(name)
            if found:
                packages.setdefault(found[0], found[1])
        return version, packages, marker

    def remove(self):
        """Remove the environment.

        Raises:
            ProviderError: it is not ours.
        """
        if os.path.exists(self.path):
            self._clear()

    def bring_about(self):
        """Make the environment what is wanted.

        Raises:
            ProviderError: it cannot be; the text says why and what to do.
            ValueError: a requirement is none.
        """
        os.umask(0o022)  # a hardened host's umask would make the environment unreadable for its users
        self._create()
        changes = environments.changes(
            self.packages,
            self.marker,
            {
                "packages": self.requirements,
                "sources": self.wanted["sources"],
                "absent": self.wanted["absent"],
                "operator_wheels": self._operator_wheels(),
            },
        )
        # Before pip runs, because pip obeys them.
        self._write_constraints()
        if changes["remove"]:
            self._do(
                "remove %s" % ", ".join(changes["remove"]),
                providers.pip_uninstall(self.python, changes["remove"]),
                gone=changes["remove"],
            )
        self._conda_install()
        self._install(changes["install"])
        self._install_operator_wheels(changes["wheels"])
        for item in self.wanted["files"]:
            self._write(item["path"], item["content"], int(item["mode"], 8))
        self._write_environment_file()
        self._write_marker()
        if self.actions and not self.check_mode:
            self._own()
            self.version, self.packages, self.marker = self._observe()
            self._prove()

    def _create(self):
        if self.version and environments.matches_python(self.wanted["python_version"], self.version):
            return
        if os.path.isdir(self.path) and os.listdir(self.path):
            self._clear()
        options = dict(self.wanted, path=self.path, executable=self._tool())
        if not self.check_mode:
            commands.make_folder(os.path.dirname(self.path))
        for command in providers.create(self.wanted["provider"], options):
            self._do("make %s with %s" % (self.path, self.wanted["provider"]), command)
        if not self.check_mode:
            self.version, self.packages, self.marker = self._observe()
            if not environments.matches_python(self.wanted["python_version"], self.version or ""):
                raise ProviderError(
                    "%s has Python %s after it was made, wanted was %s: %s made the wrong one."
                    % (self.path, self.version, self.wanted["python_version"], options["executable"])
                )

    def _clear(self):
        if not self.marker and os.listdir(self.path) and self.version:
            raise ProviderError(
                "%s has Python %s and no %s: somebody else made it. Choose another place with ascend_env_name or "
                "ascend_env_root, or move it away." % (self.path, self.version, environments.MARKER)
            )
        self.actions.append("remove %s" % self.path)
        if not self.check_mode:
            shutil.rmtree(self.path)
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

    def _conda_install(self):
        unfinished = self.marker.get("unfinished") or ()
        wanted = {text: environments.from_conda(text) for text in self.wanted["conda_packages"]}
        names = {text: environments.parse_requirement(wanted[text])[0] for text in wanted}
        lacking = [
            text
            for text in sorted(wanted)
            if not environments.satisfied(wanted[text], self.packages) or names[text] in unfinished
        ]
        if lacking:
            options = dict(self.wanted, path=self.path, executable=self._tool())
            force = any(environments.satisfied(wanted[text], self.packages) for text in lacking)
            self._note_unfinished([names[text] for text in lacking])
            command = providers.conda_install(options, lacking, force)
            self._do("conda install %s" % ", ".join(lacking), command, got=[wanted[text] for text in lacking])

    def _install(self, lacking):
        if not lacking:
            return
        names = {text: environments.parse_requirement(text)[0] for text in lacking}
        self._note_unfinished(names.values())
        # What is built on the host may need what is installed here to be built.
        built = [text for text in lacking if names[text] in self.wanted["sources"]]
        for texts in ([text for text in lacking if text not in built], built):
            if texts:
                sources = self.wanted["sources"] if texts is built else self.wheels
                what = [sources.get(names[text], text) for text in texts]
                # pip leaves alone what is there in the right version, even if it was cut off or came from elsewhere.
                force = any(environments.satisfied(text, self.packages) for text in texts)
                options = dict(self.wanted, build=texts is built)
                command = providers.pip_install(self.python, what, options, force)
                self._do("install %s" % ", ".join(texts), command, got=texts)

    def _operator_wheels(self):
        """{name: {"path", "sha256"}} of the wheels CANN brings, None where the caller asks for none."""
        names = self.wanted["operator_wheels"]
        if names is None:
            return None
        flavor, _space, version = (self.wanted["cann"] or "").partition(" ")
        rows = [
            row
            for row in installed.cann(host_view.HostView(), self.wanted["install_path"])
            if row["product"] == flavor and row["version"] == version
        ]
        if not rows and not self.check_mode:
            raise ProviderError(
                "%s is not installed in %s, so its wheels %s cannot be taken from there. Run the role cann "
                "first, or correct ascend_install_path."
                % (self.wanted["cann"] or "CANN", self.wanted["install_path"], ", ".join(names))
            )
        found = {name: path for row in rows[:1] for name, path in row["wheels"].items() if name in names and path}
        missing = sorted(set(names) - set(found))
        if rows and missing:
            self.warn("%s in %s has no wheel of %s" % (self.wanted["cann"], rows[0]["path"], ", ".join(missing)))
        return {name: {"path": path, "sha256": commands.sha256(path)} for name, path in found.items()}

    def _install_operator_wheels(self, names):
        if not names:
            return
        found = self._operator_wheels()
        self._note_unfinished(names)
        command = providers.pip_install(
            self.python,
            [found[name]["path"] for name in names],
            {"find_links": [], "index_url": None, "no_deps": True},
            force=True,
        )
        self._do("install %s from %s" % (", ".join(names), self.wanted["cann"]), command)
        recorded = dict(self.marker.get("wheels") or {})
        recorded.update((name, found[name]["sha256"]) for name in names)
        self.marker["wheels"] = recorded

    def _write_constraints(self):
        text = environments.merge_constraints(self._read(environments.CONSTRAINTS), self.wanted["constraints"])
        self._write(environments.CONSTRAINTS, text)
        self._write(
            "pip.conf",
            "[global]\nconstraint = %s/%s\ndisable-pip-version-check = true\n" % (self.path, environments.CONSTRAINTS),
        )

    def _note_unfinished(self, names):
        """Record what is being installed, so that a run that dies now is repaired by the next one."""
        if not self.check_mode:
            record = dict(self.marker, unfinished=sorted(set(self.marker.get("unfinished") or ()) | set(names)))
            self._put(environments.MARKER, environments.render_marker(record), 0o644)

    def _write_marker(self):
        record = dict(self.marker)
        record.pop("unfinished", None)
        record.update(name=os.path.basename(self.path), provider=self.wanted["provider"], owner=self.wanted["owner"])
        if self.wanted["provider"] != "venv" and self.wanted["executable"]:
            record["executable"] = self.wanted["executable"]
        if self.wanted["operator_wheels"] is not None:
            record["cann_wheels_from"] = self.wanted["cann"]
            record["wheels"] = {
                name: value
                for name, value in (record.get("wheels") or {}).items()
                if name in self.wanted["operator_wheels"]
            }
        if self.wanted["sources"]:
            record["sources"] = dict(record.get("sources") or {}, **self.wanted["sources"])
        record["stack"] = dict(record.get("stack") or {}, **self.wanted["stack"])
        self._write(environments.MARKER, environments.render_marker(record))
        self.marker = record

    def _write_environment_file(self):
        wanted = self.wanted["environment_file"]
        if not wanted:
            return
        if not self.version:  # check mode, before the environment exists
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
            os.path.join(self.path, wanted["script"]),
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

    def _own(self):
        entry = pwd.getpwnam(self.wanted["owner"]) if self.wanted["owner"] != "root" else None
        if entry:
            for folder, _folders, names in os.walk(self.path):
                for path in [folder] + [os.path.join(folder, name) for name in names]:
                    os.lchown(path, entry.pw_uid, entry.pw_gid)

    def _read(self, name):
        try:
            with open(os.path.join(self.path, name), encoding="utf-8") as handle:
                return handle.read()
        except (IOError, OSError):
            return None

    def _write(self, name, text, mode=0o644):
        path = os.path.join(self.path, name)
        right = self._read(name) == text and os.stat(path).st_mode & 0o7777 == mode
        if right:
            return
        self.actions.append("write %s" % path)
        if not self.check_mode:
            self._put(name, text, mode)

    def _put(self, name, text, mode):
        path = os.path.join(self.path, name)
        commands.make_folder(os.path.dirname(path))
        whole_file.put(path, text, mode)

    def _do(self, said, command, got=(), gone=()):
        """Run a command, or in check mode predict its effect."""
        self.actions.append(said)
        if self.check_mode:
            for text in got:
                name, version, _rest = environments.parse_requirement(text)
                self.packages[name] = version or "?"
            for name in gone:
                self.packages.pop(name, None)
            return
        rc, output = commands.run(command, self.wanted["timeout"])
        if rc != 0:
            why = "took longer than %d s" % self.wanted["timeout"] if rc is None else "failed (rc %d)" % rc
            tail = "\n".join(output.strip().splitlines()[-_LOG_TAIL:])
            raise ProviderError(
                "To %s: %s %s.%s Its last words:\n%s" % (said, command[0], why, commands.hint(output), tail)
            )

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of an environment that brings distributions: by pip, by conda, from CANN, and built from a source.

Touches the host. Whatever may hold a token reaches pip, git and conda by their environment or a private file.
"""

import os

from ansible_collections.ascend.fleet.plugins.module_utils import host_view, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    build,
    ownership,
    providers,
    sources,
    takeover,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment import wanted as environments
from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installed


class Installation(object):
    """What environment_host.Environment does with distributions."""

    def _pip(self, said, command, got=(), gone=(), environ=None):
        """Run pip; in check mode predict its effect. What was there before a take-over stays as it is."""
        with sources.Private() as private:
            environ = dict(environ or {})
            if self.place.adopted:
                environ.update(takeover.pip_environment(self, private))
            self._do(said, command, environ)
        if self.check_mode:
            for text in got:
                name, version, _rest = environments.parse_requirement(text)
                self.packages[name] = version or "?"
            for name in gone:
                self.packages.pop(name, None)
        elif self.place.adopted:
            takeover.note_added(self)

    def _note_unfinished(self, names):
        """Record what is being installed, so that a run that dies now is repaired by the next one."""
        unfinished = sorted(set(self.marker.get("unfinished") or ()) | set(names))
        if self.place.adopted:
            self._note(unfinished=unfinished, before=sorted(self.packages))
        else:
            self._note(unfinished=unfinished)

    def _conda_install(self):
        unfinished = self.marker.get("unfinished") or ()
        wanted = {text: environments.from_conda(text) for text in self.wanted["conda_packages"]}
        names = {text: environments.parse_requirement(wanted[text])[0] for text in wanted}
        lacking = [
            text
            for text in sorted(wanted)
            if not environments.satisfied(wanted[text], self.packages) or names[text] in unfinished
        ]
        if not lacking:
            return
        if self.place.adopted:
            raise ProviderError(
                "%s was taken over, and conda may replace what was there: %s is not installed. Choose another "
                "ascend_env_name." % (self.path, ", ".join(lacking))
            )
        options = dict(self.wanted, path=self.path, executable=self._tool())
        force = any(environments.satisfied(wanted[text], self.packages) for text in lacking)
        self._note_unfinished([names[text] for text in lacking])
        with sources.Private() as private:
            channels, environ = private.channels(self.wanted["channels"])
            command = providers.conda_install(dict(options, channels=channels), lacking, force)
            self._do("conda install %s" % ", ".join(lacking), command, environ)
        if self.check_mode:
            self.packages.update(environments.parse_requirement(wanted[text])[:2] for text in lacking)

    def _install(self, lacking):
        if not lacking:
            return
        names = {text: environments.parse_requirement(text)[0] for text in lacking}
        self._note_unfinished(names.values())
        for path in self.wheels.values():
            self._check_readable(path, "or let the owner read the cache below ascend_state_dir")
        # What is built on the host may need what is installed here to be built.
        built = [text for text in lacking if names[text] in self.wanted["sources"]]
        for texts in ([text for text in lacking if text not in built], built):
            if texts:
                self._install_some(texts, names, texts is built)

    def _install_some(self, texts, names, from_source):
        said = "install %s" % ", ".join(texts)
        # pip leaves alone what is there in the right version, even if it was cut off or came from elsewhere.
        force = any(environments.satisfied(text, self.packages) for text in texts)
        options = dict(self.wanted)
        environ = providers.pip_environment(options)
        if self.check_mode or not from_source:
            what = [self.wheels.get(names[text], text) for text in texts]
            self._install_what(said, what, options, force, texts, environ)
            return
        with build.Wheels(self.python, options, self.secrets) as wheels:
            what = []
            for text in texts:
                source = self.wanted["sources"][names[text]]
                # A wheel by its URL and hash: in a file, because the URL may hold a token.
                what += [wheels.build(names[text], source)] if sources.is_git(source) else wheels.listed(source)
            self._install_what(said, what, options, force, texts, environ)

    def _install_what(self, said, what, options, force, texts, environ):
        if self.place.adopted and force:
            # --force-reinstall would install again what others had here.
            mine = [environments.parse_requirement(text)[0] for text in texts]
            mine = [name for name in mine if name in self.packages]
            self._pip("remove %s" % ", ".join(mine), providers.pip_uninstall(self.python, mine), gone=mine)
            force = False
        self._pip(said, providers.pip_install(self.python, what, options, force), got=texts, environ=environ)

    def _check_readable(self, path, fix):
        if not self.check_mode and not os.access(path, os.R_OK):
            raise ProviderError(
                "%s is not there, or %s cannot read it. Let everybody read it and the folders above it, %s."
                % (path, ownership.user_name(os.geteuid()), fix)
            )

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
                "first, or correct ascend_install_path; %s has to be able to read it (cann_install_for_all: true)."
                % (
                    self.wanted["cann"] or "CANN",
                    self.wanted["install_path"],
                    ", ".join(names),
                    ownership.user_name(os.geteuid()),
                )
            )
        found = {name: path for row in rows[:1] for name, path in row["wheels"].items() if name in names and path}
        missing = sorted(set(names) - set(found))
        if rows and missing:
            self.warn("%s in %s has no wheel of %s" % (self.wanted["cann"], rows[0]["path"], ", ".join(missing)))
        for path in found.values():
            self._check_readable(path, "with cann_install_for_all: true")
        return {
            name: {"path": path, "sha256": whole_file.sha256(path) if os.access(path, os.R_OK) else ""}
            for name, path in found.items()
        }

    def _install_operator_wheels(self, names, found):
        if not names:
            return
        self._note_unfinished(names)
        paths = [found[name]["path"] for name in names]
        options = {"find_links": [], "index_url": None, "no_deps": True}
        command = providers.pip_install(self.python, paths, options, force=True)
        self._pip("install %s from %s" % (", ".join(names), self.wanted["cann"]), command)
        recorded = dict(self.marker.get("wheels") or {})
        recorded.update((name, found[name]["sha256"]) for name in names)
        self.marker["wheels"] = recorded

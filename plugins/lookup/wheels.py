# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names the wheel files that a host needs, from the folder or the mirror of artifacts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: wheels
short_description: The wheel files that a host needs
version_added: "0.1.0"
author: ascend.fleet contributors (@ascend-fleet)
description:
  - Chooses from C(wheels/) below the artifacts those files that satisfy requirements, and what they require in turn,
    for a host's Python, architecture and libc. Nothing is downloaded and no host is asked.
  - From a mirror it takes the list that the lock of M(ascend.fleet.stage) has for the host.
  - Where the folder has a lock, only the wheels that it lists are looked at, and each is held against it before it is
    opened.
options:
  _terms:
    description: Requirements such as V(mindspore==2.7.1).
    required: true
  source:
    description: Folder or URL of the artifacts.
    type: str
    required: true
  lock_sha256:
    description: SHA-256 that the lock of the artifacts must have. Default is C(ascend_artifacts_lock_sha256).
    type: str
  python:
    description: Python of the host's environment, such as V(3.11).
    type: str
    required: true
  arch:
    description: Architecture of the host.
    type: str
    required: true
  glibc:
    description: C library of the host, such as V(2.34). Unknown is taken as 2.17.
    type: str
  constraints:
    description: Limits on what is chosen.
    type: list
    elements: str
    default: []
  exact:
    description:
      - Whether only the files of the requirements themselves are named, which have exact versions, and nothing of what
        they require. What the artifacts do not have is left out then.
    type: bool
    default: false
  skip:
    description: Distributions that are left out.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: What MindSpore needs
  ansible.builtin.debug:
    msg: "{{ query('ascend.fleet.wheels', 'mindspore==2.7.1', source='/srv/ascend', python='3.11', arch='aarch64') }}"
"""

RETURN = r"""
_list:
  description: Paths below the source, as M(ascend.fleet.stage) takes them.
  type: list
  elements: str
"""

from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils import host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import planted
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import (
    lock_file,
    wheelhouse,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import (
    source as artifact_source,
)

FOLDER = "wheels"


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        found = planted.names(variables or {})
        if found:
            raise AnsibleError(f"{planted.sentence(found)} {planted.FIX}")
        self.set_options(var_options=variables, direct=kwargs)
        requirements = [text for term in terms for text in ([term] if isinstance(term, str) else term)]
        source = self.get_option("source")
        if self.get_option("exact") and not source:
            return []
        try:
            pin = self.get_option("lock_sha256") or host_variables.value(self._templar, variables or {}, lock_file.PIN)
            opened = artifact_source.open_source(source, pin=pin)
            if isinstance(opened, artifact_source.MirrorSource):
                return self._from_mirror(opened, requirements)
            host = wheelhouse.Host(self.get_option("python"), self.get_option("arch"), self.get_option("glibc"))
            known = opened.lock["artifacts"] if opened.lock else opened.sums
            listed = None if opened.lock is None else {name.removeprefix(f"{FOLDER}/") for name in known}
            if self.get_option("exact"):
                rows = wheelhouse.exactly(opened.folder / FOLDER, requirements, host, listed)
                return [f"{FOLDER}/{row['file']}" for row in rows]
            rows = wheelhouse.select(
                opened.folder / FOLDER,
                requirements,
                host,
                self.get_option("constraints"),
                self.get_option("skip"),
                listed,
                lambda file: opened.resolve(f"{FOLDER}/{file}") if f"{FOLDER}/{file}" in known else None,
            )
        except (wheelhouse.WheelError, ArtifactError, ValueError) as error:
            raise AnsibleError(str(error)) from error
        return [f"{FOLDER}/{row['file']}" for row in rows]

    def _from_mirror(self, source: artifact_source.MirrorSource, requirements: list[str]) -> list[str]:
        sets = source.lock["sets"] if source.lock else {}
        ending = f"-py{self.get_option('python')}-{self.get_option('arch')}"
        names = [name for name in sets if name.startswith("wheels") and name.endswith(ending)]
        files = sorted({file for name in names for file in sets[name]})
        if self.get_option("exact"):
            return [file for file in files if wheelhouse.same(file.rpartition("/")[2], requirements)]
        if not names:
            known = ", ".join(sorted(sets)) or "none"
            raise wheelhouse.WheelError(
                f"The lock of ascend_artifacts has no list of wheels that ends in {ending}; it has {known}."
                " Make it with ascend.fleet.bundle, or set ascend_wheels to the URL of a package index."
            )
        asked = source.lock["requirements"] if source.lock else {}
        # A set that was made for these requirements; sets of other frameworks are not brought along.
        exact = [name for name in names if set(requirements) <= set(asked.get(name) or [])]
        return sorted({file for name in exact or names for file in sets[name]})

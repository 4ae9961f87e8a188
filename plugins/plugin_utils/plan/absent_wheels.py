# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stack's packages require and PyPI does not have: a finding before the first host, unless the artifacts do."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Finding, Stack, Step, finding

_NAME = re.compile(r"[A-Za-z0-9._-]+?(?=[<>=!~;\[ ]|\Z)")


def judge(stack: Stack | None, steps: list[Step], desired: dict[str, Any], pin: str | None) -> Finding | None:
    """The finding that stops a host whose packages nobody could install; None where nothing is lacking.

    Args:
        stack: an entry's C(pypi_lacks) names the requirements that PyPI has nothing for.
        steps: what would be done; packages that are there already are not asked for.
        desired: the host's variables; with an index of one's own in ascend_wheels nothing is known of what it has.
        pin: SHA-256 that the lock of the artifacts must have.
    """
    if desired["ascend_wheels"] != "bundle":
        return None
    changed = {step["component"] for step in steps}
    for component, entry in (stack or {}).items():
        lacks = list((entry or {}).get("pypi_lacks") or []) if component in changed else []
        absent = _absent(lacks, desired["ascend_artifacts"], pin)
        if absent:
            where = artifacts.public_url(desired["ascend_artifacts"] or "") or "not set"
            return finding(
                "wheels-missing",
                "error",
                f"{component} {(entry or {}).get('version')} requires {' and '.join(absent)}, which PyPI does not "
                f"have, and there is no wheel of it in wheels/ of ascend_artifacts ({where}). Put it there "
                "(ansible-playbook ascend.fleet.bundle collects what an index of the catalog has), or choose another "
                f"ascend_{component}_version.",
                variable=f"ascend_{component}_version",
            )
    return None


def _absent(requirements: list[str], source: str | None, pin: str | None) -> list[str]:
    if not requirements:
        return []
    if not source:
        return requirements
    try:
        opened = artifact_source.open_source(source, pin=pin)
        if isinstance(opened, artifact_source.MirrorSource) and opened.lock is None:
            return []  # it is not asked for every file
        wheels = [artifacts.base_name(name) for name in opened.names() if name.endswith(".whl")]
    except (ArtifactError, OSError):
        return []  # what is wrong with the source is a finding of its own
    there = {
        (_distribution(name), version)
        for name in wheels
        # A pin without a local part is met by any build of the release.
        for version in (None, _version(name), _version(name).partition("+")[0])
    }
    return [text for text in requirements if (_normal(text), _pinned(text)) not in there]


def _normal(requirement: str) -> str:
    found = _NAME.match(requirement.strip())
    return re.sub(r"[-_.]+", "-", found.group(0) if found else requirement).lower()


def _pinned(requirement: str) -> str | None:
    """The version that a requirement takes and no other; None where it leaves a choice."""
    _name, equal, version = requirement.partition("==")
    return version.strip() if equal else None


def _version(file: str) -> str:
    return unquote(file.split("-", 2)[1]) if file.count("-") > 1 else ""


def _distribution(file: str) -> str:
    return _normal(file.split("-", 1)[0])

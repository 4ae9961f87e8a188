# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what the variables name as a source of files and hashes can be trusted on its way. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import addresses
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.lock_file import PIN


def problems(desired: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the addresses among a host's variables: (variable, sentence with the fix)."""
    found = []
    try:
        pin = artifacts.check_sha256(desired.get(PIN), PIN)
    except artifacts.ArtifactError as error:
        found.append((PIN, f"{error}: it takes what sha256sum {artifacts.LOCK_NAME} prints."))
        pin = "broken"
    source = desired.get("ascend_artifacts")
    if addresses.is_plain_http(source) and not pin:
        found.append(
            (
                "ascend_artifacts",
                f"ascend_artifacts is {addresses.public_url(source)}: over plain http anybody on the way could exchange"
                f" the lock and the files together. Use https, or set {PIN} to the sha256 of the"
                f" {artifacts.LOCK_NAME} that you trust.",
            )
        )
    channels = desired.get("ascend_conda_channels") or []
    if addresses.is_plain_http(source) and any(str(channel).startswith("bundle:") for channel in channels):
        found.append(
            (
                "ascend_conda_channels",
                "ascend_conda_channels: conda reads a channel of the artifacts (bundle:) from the mirror itself, where"
                f" no lock is held against it, and {addresses.public_url(source)} is plain http. Use https, or a"
                " folder.",
            )
        )
    indexes = [("ascend_wheels", desired.get("ascend_wheels"))]
    indexes += [("ascend_conda_channels", channel) for channel in channels]
    for variable, value in indexes:
        why = addresses.unsafe_index(value)
        if why:
            found.append((variable, f"{variable}: {why}."))
    return found

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a stack needs, and where each is published: the one answer, of `resolve` and of `bundle`."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.published import Want
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Stack, Subject


def wants(stack: Stack, subject: Subject, catalog: Catalog) -> list[Want]:
    """The files that the components of a stack are installed from, in the order of installation.

    Wheels that a package index has are not among them; bundle/wants.py says which those are.

    Args:
        stack: what the resolver chose.
        subject: the host it was chosen for; what nobody knows may be missing.
        catalog: the one it was chosen from.
    """
    return [want for component in components.ALL for want in component.files(stack, subject, catalog)]


def row(want: Want) -> dict[str, Any]:
    """One file as `resolve` returns it: component, version, file, url, headers, zip, zip_url, zip_sha256."""
    archive = want.archive
    return {
        "component": want.component,
        "version": want.version,
        "file": artifacts.base_name(want.name),
        "url": want.url,
        "headers": want.headers,
        "zip": archive.name if archive else None,
        "zip_url": archive.url if archive else None,
        "zip_sha256": archive.sha256 if archive else None,
    }

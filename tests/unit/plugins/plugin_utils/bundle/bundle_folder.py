# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package, and the lock of a test's bundle."""

from __future__ import annotations

import hashlib

import yaml
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts

NAME = "Ascend-cann-nnae_8.3.RC1_linux-x86_64.run"
DATA = b"#!/bin/sh\n" + b"payload\n" * 20000
SHA = hashlib.sha256(DATA).hexdigest()


def lock(tmp_path):
    return yaml.safe_load((tmp_path / "bundle" / artifacts.LOCK_NAME).read_text())

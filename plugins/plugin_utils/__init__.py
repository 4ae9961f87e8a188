# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays on the control node."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.ascend.fleet.plugins.plugin_utils import bytecode

bytecode.use(__name__.rpartition(".")[0], Path(__file__).resolve().parents[1])

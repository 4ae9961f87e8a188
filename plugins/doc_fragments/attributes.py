# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attributes every module of the collection declares, described once."""

from __future__ import annotations


class ModuleDocFragment:
    # For modules that change a host.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what it would change without changing it.
    support: full
  diff_mode:
    description: Returns what it changed, or would change, when in diff mode.
    support: full
  platform:
    description: The systems the module runs on.
    support: full
    platforms: linux
"""

    # For modules that only read.
    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode); it never changes anything.
    support: full
  diff_mode:
    description: Returns what it changed, or would change, when in diff mode.
    support: N/A
    details: The module changes nothing.
  platform:
    description: The systems the module runs on.
    support: full
    platforms: linux
"""

    # For actions that run on the control node and talk to no host.
    CONTROL = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode); it talks to no host.
    support: full
  diff_mode:
    description: Returns what it changed, or would change, when in diff mode.
    support: N/A
    details: The action changes no host.
  platform:
    description: The systems the module runs on.
    support: full
    platforms: posix
"""

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that `resolve` would not hear: a misspelt ascend_*, or a word of its own that is spelt wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.wrong_input import InputError

WORDS = ("chip", "arch", "host_kind", "os")  # that the playbook takes beside ascend_*


def refuse(given: Mapping[str, Any], known: Iterable[str], extra: Mapping[str, Any]) -> None:
    """Raise InputError for a variable nobody reads; it names the nearest that is.

    Args:
        given: all variables of the play.
        known: the ascend_* variables there are.
        extra: those of the command line, where a misspelt chip=910b would otherwise be lost.
    """
    names = sorted(set(known))
    for name in sorted(given):
        if name.startswith("ascend_") and name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(names)}."
            raise InputError(f"{name} is no variable of ascend.fleet{hint}")
    for name in sorted(extra):
        near = difflib.get_close_matches(name, WORDS, n=1, cutoff=0.6)
        if near and name not in WORDS:
            raise InputError(f"{name} is no variable of the playbook resolve; did you mean {near[0]}?")

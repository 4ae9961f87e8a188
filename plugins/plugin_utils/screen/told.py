# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the jobs on the hosts are, handed from the workers that wait for them to the callback that shows it.

Ansible has no channel for that: a worker hands over a result when its task has ended. So they share a folder in the
run's own temporary folder, which is made before the workers are forked and removed by Ansible at the end. This is only
for display: nothing here fails.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible_collections.ascend.fleet.plugins.module_utils import whole_file


def _file(host: str) -> Path:
    return Path(C.DEFAULT_LOCAL_TMP, "ascend-fleet-progress", hashlib.sha256(host.encode()).hexdigest())


def tell(host: str, progress: Any) -> None:
    """Keep how far the job on a host says it is: the percent of a dictionary, nothing else of it. None forgets it."""
    path = _file(host)
    with contextlib.suppress(OSError, TypeError, ValueError):
        if progress is None:
            path.unlink(missing_ok=True)
        else:
            value = progress.get("percent") if isinstance(progress, Mapping) else None
            if not isinstance(value, (int, str, type(None))):
                return
            path.parent.mkdir(exist_ok=True)
            whole_file.put(str(path), json.dumps({"percent": value if isinstance(value, int) else None}), 0o600)


def percents(hosts: Iterable[str]) -> dict[str, int]:
    """{host: percent} of those hosts whose job has told one."""
    if not os.path.isdir(_file("").parent):
        return {}
    known = {host: _percent(_file(host)) for host in hosts}
    return {host: value for host, value in known.items() if value is not None}


def _percent(path: Path) -> int | None:
    try:
        progress = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    value = progress.get("percent") if isinstance(progress, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100 else None

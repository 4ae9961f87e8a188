# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an ordinary user of the host can do, tried as that user."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

UID = 65534


def can(deed: Callable[[], object]) -> bool:
    """Whether a deed succeeds for an ordinary user, in a process of its own."""
    pid = os.fork()
    if not pid:
        outcome = 1
        try:
            os.setgroups([])
            os.setgid(UID)
            os.setuid(UID)
            deed()
            outcome = 0
        except OSError:
            pass
        finally:
            os._exit(outcome)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@contextmanager
def seen_by_all(parent: str | None = None) -> Iterator[Path]:
    """A folder of root's that everybody may look into, unlike pytest's own."""
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of what a run leaves on a host: journal, lock, installed files."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.faults import judge, packages
from tests.faults.case import COMPONENTS, JOURNAL, PREFIX, STARTS, Case, await_call, slow

_BUSY_LOCK = (
    'mkdir -p /var/lib/ascend-fleet; echo \'{"controller": "ops@elsewhere, pid 4711", "pid": 4711, "since":'
    ' "2026-11-22T10:00:00Z", "what": "driver upgrade"}\' >/var/lib/ascend-fleet/lock'
)


def _tear(component: str) -> str:
    """Cut the end line of a component's last change."""
    return (
        f'at=$(grep -n \'"component": "{component}".*"event": "end"\' {JOURNAL} | tail -n 1 | cut -d: -f1);'
        f' sed -i "${{at}}s/^\\(.\\{{60\\}}\\).*/\\1/" {JOURNAL}'
    )


_NESTED = "{ head -c 200000 /dev/zero | tr '\\0' '['; echo; }"
_BROKEN_ENTRIES = {
    "nested without end": _NESTED,
    "a list as component": """echo '{"id": "1", "event": "end", "result": "ok", "component": ["driver"], "time": 0}'""",
    "numbers for texts": """echo '{"id": "2", "event": "end", "result": "ok", "component": 7, "from": {}}'""",
    "not UTF-8": 'printf \'{"id": "\\xc4\\xe3\\xba\\xc3", "event": "start"}\\n\\xff\\xfe\'',
}


def _locks_and_journals() -> Iterator[Case]:
    half = f"""printf '{{"action": "upgrade", "boot_id": "x", "component": "driver", "ev' >>{JOURNAL}"""
    for component in COMPONENTS:
        name = PREFIX[component]
        yield Case("journal", component, "end line torn", "done", before=_tear(name))
        future = json.dumps(
            {
                "id": "20991231T000000Z-aaaa",
                "event": "start",
                "time": "2099-12-31T00:00:00Z",
                "boot_id": "old:1",
                "component": name,
                "action": "install",
                "from": None,
                "to": packages.NEW[component],
                "package": None,
                "sha256": None,
                "controller": "x",
            }
        )
        yield Case(
            "clock jump", component, "unfinished change of the year 2099", "done", before=f"echo '{future}' >>{JOURNAL}"
        )
    yield Case("journal", "driver", "half a line at its end", "old", before=half)
    yield Case("journal", "driver", "half a line at its end", "done", before=half)
    yield Case("journal", "driver", "zero bytes at its end", "old", before=f"head -c 300 /dev/zero >>{JOURNAL}")
    for phase, entry in _BROKEN_ENTRIES.items():
        yield Case("journal", "driver", phase, "done", before=f"{entry} >>{JOURNAL}")
    yield Case("journal", "kernels", "nested without end", "base", before=f"{_NESTED} >>{JOURNAL}")
    yield Case("journal", "cann", "gone", "done", before=f"rm -f {JOURNAL}")
    yield Case(
        "clock jump",
        "cann",
        "files of tomorrow",
        "done",
        before="find /usr/local/Ascend /var/lib/ascend-fleet -exec touch -h -d '2 days' {} +",
    )
    yield Case("stale lock", "driver", "holder is dead", "bare", before=_BUSY_LOCK)
    yield Case(
        "stale lock", "cann", "not readable", "hdk", before="head -c 100 /dev/urandom >/var/lib/ascend-fleet/lock"
    )
    yield Case(
        "stale lock",
        "kernels",
        "its number belongs to another process now",
        "base",
        before=_BUSY_LOCK.replace('"pid": 4711', '"pid": 1'),
    )
    yield Case(
        "held lock",
        "cann",
        "another program",
        STARTS["cann"],
        after="pkill -f lock.keeper",
        before=_BUSY_LOCK + "; setsid bash -c 'exec 8<>/var/lib/ascend-fleet/lock; flock 8;"
        " exec -a lock-keeper sleep 600' >/dev/null 2>&1 </dev/null & sleep 0.5",
        refused="Another run is changing this host.*ops@elsewhere",
        untouched=True,
    )
    for component in ("driver", "firmware"):
        yield Case(
            "held lock",
            component,
            "somebody installs by hand",
            STARTS[component],
            after="pkill -f lock.keeper",
            before="setsid bash -c 'exec 8<>/run/lock/ascend_hdk_install.lock; flock 8;"
            " exec -a lock-keeper sleep 600' >/dev/null 2>&1 </dev/null & sleep 0.5",
            refused="in progress",
        )
    # Slow enough for a whole other run to find the first one at work.
    yield Case(
        "second run",
        "driver",
        "at the same time",
        STARTS["driver"],
        slow("driver", 40),
        watch=await_call("driver", 0.0) + "echo STRUCK",
        then="second-run",
        refused="Another run is changing this host",
    )
    yield Case(
        "second run",
        "cann",
        "in check mode, at the same time",
        STARTS["cann"],
        slow("cann", 30),
        watch=await_call("cann", 0.0) + "echo STRUCK",
        then="check-run",
    )


def _files() -> Iterator[Case]:
    for component, (path, _key, _value) in judge.FILES.items():
        loose = f"chattr -i {path} 2>/dev/null; "
        yield Case("version file", component, "emptied", "done", before=f"{loose}: >{path}")
        yield Case("version file", component, "garbage", "done", before=f"{loose}head -c 200 /dev/urandom >{path}")
        yield Case("version file", component, "gone", "done", before=f"{loose}rm -f {path}")
    yield Case("installed files", "cann", "set_env.sh gone", "done", before=f"rm -f {judge.ROOT}/nnae/set_env.sh")
    yield Case(
        "installed files",
        "cann",
        "latest leads nowhere",
        "done",
        before=f"rm -rf {judge.ROOT}/nnae/latest; mkdir {judge.ROOT}/nnae/latest;"
        f" ln -s ../9.9.9/opp {judge.ROOT}/nnae/latest/opp",
    )
    for what, make in (("a folder", "mkdir"), ("a named pipe", "mkfifo")):
        path = judge.FILES["cann"][0]
        # The vendor's installer waits for ever for somebody to write into the pipe.
        yield Case(
            "version file", "cann", what, "done", before=f"rm -f {path}; {make} {path}", variables={"cann_timeout": 20}
        )
    yield Case(
        "installed files",
        "driver",
        "install record unreadable",
        "old",
        before="head -c 200 /dev/urandom >/etc/ascend_install.info",
    )
    # A sound driver is not installed anew because of it; the next upgrade has to get along without.
    yield Case("installed files", "driver", "install record gone", "old", before="rm -f /etc/ascend_install.info")


KINDS = (_locks_and_journals, _files)

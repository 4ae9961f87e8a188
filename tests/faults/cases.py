# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults: kind x component x phase. A case says how a host starts, what goes wrong, and what must be refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest

import judge
import packages
import surroundings
from case import COMPONENTS, JOURNAL, MOMENTS, PREFIX, STARTS, Case, await_call, fill, kill, slow

_BUSY_LOCK = (
    'mkdir -p /var/lib/ascend-fleet; echo \'{"controller": "ops@elsewhere, pid 4711", "pid": 4711, "since":'
    ' "2026-11-22T10:00:00Z", "what": "driver upgrade"}\' >/var/lib/ascend-fleet/lock'
)
_NO_CACHE = "rm -rf /var/lib/ascend-fleet/cache"
_STAGING = (
    "until ls -d /home/ops/.ansible/tmp/*/artifact-0 /var/lib/ascend-fleet/cache/* >/dev/null 2>&1;"
    " do sleep 0.05; done; "
)


_OUTER_SHELL = "|".join(f"{place}bash\\ /var/lib/ascend-fleet/*.run\\ --*" for place in ("", "/bin/", "/usr/bin/"))


def _installer_dies() -> Iterator[Case]:
    for component in COMPONENTS:
        for percent in (10, 50, 100):
            yield Case(
                "installer killed",
                component,
                f"{percent} %",
                STARTS[component],
                {f"{PREFIX[component]}.die-at": f"{percent} once"},
            )
    for component in COMPONENTS:
        for percent in (10, 90):
            yield Case(
                "installer killed", component, f"{percent} %", "old", {f"{PREFIX[component]}.die-at": f"{percent} once"}
            )
    yield Case("installer killed", "firmware", "50 %", "bare", {"firmware.die-at": "50 once"})
    for component in COMPONENTS:
        # The archive's own shell dies; what it has unpacked and started goes on without it.
        yield Case(
            "installer killed",
            component,
            "its outer shell alone",
            STARTS[component],
            slow(component),
            watch=await_call(component, 0.5) + kill(_OUTER_SHELL),
        )
        # Whoever says systemctl reboot ends everything politely, and everything at once.
        yield Case(
            "reboot",
            component,
            "by somebody else, in the middle",
            STARTS[component],
            slow(component),
            watch=await_call(component, 0.5) + "echo STRUCK; systemctl reboot",
            then="reboot",
        )


def _processes_die() -> Iterator[Case]:
    for moment, share in MOMENTS.items():
        for component in COMPONENTS:
            wait = await_call(component, share)
            yield Case(
                "module killed",
                component,
                moment,
                STARTS[component],
                slow(component),
                watch=wait + kill("/usr/bin/python3*run_package*", but="async_wrapper"),
            )
            yield Case(
                "control node dies",
                component,
                moment,
                STARTS[component],
                slow(component),
                watch=wait + "echo STRUCK",
                then="ansible",
            )
            yield Case(
                "power cut",
                component,
                moment,
                STARTS[component],
                slow(component),
                watch=wait + "echo STRUCK",
                then="power",
            )
            yield Case(
                "connection cut",
                component,
                moment,
                STARTS[component],
                slow(component),
                watch=wait + kill("'sshd: ops'*"),
            )
    for component, start in (("driver", "bare"), ("driver", "old"), ("firmware", "old"), ("cann", "old")):
        yield Case(
            "power cut",
            component,
            "middle",
            start,
            slow(component),
            watch=await_call(component, 0.5) + "echo STRUCK",
            then="power",
        )
    yield Case(
        "control node dies",
        "driver",
        "middle",
        "old",
        slow("driver"),
        watch=await_call("driver", 0.5) + "echo STRUCK",
        then="ansible",
    )
    for start, component in (("no-driver", "driver"), ("hdk", "cann"), ("base", "kernels")):
        yield Case(
            "connection cut", component, "staging", start, before=_NO_CACHE, watch=_STAGING + kill("'sshd: ops'*")
        )
        yield Case(
            "control node dies",
            component,
            "staging",
            start,
            before=_NO_CACHE,
            watch=_STAGING + "echo STRUCK",
            then="ansible",
        )


def _less_than_death() -> Iterator[Case]:
    for component in ("driver", "cann"):
        wait, start, slowly = await_call(component, 0.5), STARTS[component], slow(component)
        yield Case(
            "control node dies",
            component,
            "interrupted by its user",
            start,
            slowly,
            watch=wait + "echo STRUCK",
            then="interrupt",
        )
        # Silent, but not closed: the session's server stops for longer than the client is patient.
        silent = kill("'sshd: ops'*", signal="-STOP") + "; sleep 20; " + kill("'sshd: ops'*", signal="-CONT")
        yield Case("connection cut", component, "silent for 20 seconds", start, slowly, watch=wait + silent)
        # Nobody is left who would tell of the end: the time limit ends it.
        yield Case(
            "module killed",
            component,
            "with its supervisor",
            start,
            slowly,
            variables={"npu_driver_timeout": 20, "cann_timeout": 20},
            watch=wait + kill("/usr/bin/python3*run_package*|/usr/bin/python3*async_wrapper*"),
        )


def _installers_lie() -> Iterator[Case]:
    for component in COMPONENTS:
        prefix, start = PREFIX[component], STARTS[component]
        yield Case("exit 0 without effect", component, "install", start, {f"{prefix}.lie": ""})
        yield Case("exit 0 without effect", component, "upgrade", "old", {f"{prefix}.lie": ""})
        yield Case("wrong version", component, "install", start, {f"{prefix}.wrong-version": "9.9.9"})
        for percent in (10, 100):
            yield Case("installer fails", component, f"{percent} %", start, {f"{prefix}.fail-at": str(percent)})
    for component in COMPONENTS:
        yield Case(
            "hang",
            component,
            "50 %",
            STARTS[component],
            {f"{PREFIX[component]}.hang-at": "50"},
            variables={"npu_driver_timeout": 10, "cann_timeout": 10},
        )
    for mode in packages.STRANGE:
        for component in ("driver", "cann", "firmware", "kernels"):
            if mode in ("asks-in-other-words", "asks-the-terminal") and component in ("firmware", "kernels"):
                continue
            yield Case(
                "strange package",
                component,
                mode,
                STARTS[component],
                strange=mode,
                variables={"npu_driver_timeout": 10, "cann_timeout": 10},
            )


def _disks() -> Iterator[Case]:
    for component in COMPONENTS:
        yield Case("disk full", component, "12 MB free", STARTS[component], {f"{PREFIX[component]}.disk-full": ""})
    yield Case(
        "disk full",
        "driver",
        "state folder",
        "bare",
        after="umount -l /var/lib/ascend-fleet",
        before="mkdir -p /var/lib/ascend-fleet && mount -t tmpfs -o size=8m none /var/lib/ascend-fleet",
        refused="free",
        untouched=True,
    )
    for component in ("driver", "cann"):
        yield Case(
            "disk full",
            component,
            "install path",
            STARTS[component],
            after="umount -l /usr/local/Ascend",
            before="mkdir -p /usr/local/Ascend && cp -a /usr/local/Ascend /root/kept.$$ &&"
            " mount -t tmpfs -o size=20m,mode=755 none /usr/local/Ascend &&"
            " cp -a /root/kept.$$/. /usr/local/Ascend && rm -rf /root/kept.$$",
        )
        # The space was there when it was asked for, and is gone a moment later.
        yield Case(
            "disk full",
            component,
            "runs full midway",
            STARTS[component],
            slow(component),
            before="mkdir -p /usr/local/Ascend && cp -a /usr/local/Ascend /root/kept.$$ &&"
            " mount -t tmpfs -o size=360m,mode=755 none /usr/local/Ascend &&"
            " cp -a /root/kept.$$/. /usr/local/Ascend && rm -rf /root/kept.$$",
            watch=await_call(component, 0) + fill("/usr/local/Ascend", 400) + "; echo STRUCK",
            after="rm -f /usr/local/Ascend/.filler",
        )


def _artifacts() -> Iterator[Case]:
    for component in COMPONENTS:
        for how in packages.TAMPERED:
            yield Case(
                "tampered in the folder",
                component,
                how,
                STARTS[component],
                tampered=how,
                before=_NO_CACHE,
                untouched=True,
                refused="sha256|hash|SHA256SUMS",
            )
        for how in ("truncated", "bit-flipped"):
            yield Case("damaged in the host's cache", component, how, STARTS[component], before=f"CACHE {how}")
    for component in ("driver", "cann"):
        yield Case(
            "tampered in the folder",
            component,
            "bit-flipped, no list of hashes",
            STARTS[component],
            tampered="bit-flipped",
            sums=False,
            untouched=True,
            before=_NO_CACHE,
        )
        yield Case(
            "tampered in the folder",
            component,
            "a proxy's web page, no list of hashes",
            STARTS[component],
            tampered="web page",
            sums=False,
            untouched=True,
            before=_NO_CACHE,
            refused="page",
        )
        yield Case(
            "tampered in the folder",
            component,
            "not there",
            STARTS[component],
            tampered="not there",
            untouched=True,
            before=_NO_CACHE,
            refused=packages.NEW[component],
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


# Tells when somebody took all of it.
_FLOOD = r"""cat >/run/npu-smi.flood <<'END'
#!/bin/bash
set -o pipefail
head -c 60000000 /dev/zero | tr '\0' x && echo "all 60 MB of npu-smi were read" >/run/flooded
END
chmod 755 /run/npu-smi.flood; mount --bind /run/npu-smi.flood /usr/local/sbin/npu-smi"""


def _hosts() -> Iterator[Case]:
    for start in ("done", "old"):
        yield Case("npu-smi", "driver", "hangs", start, {"npu-smi.hang": ""})
        yield Case("npu-smi", "driver", "prints garbage", start, {"npu-smi.output": "\x00\x7fELF ???"})
    yield Case(
        "npu-smi", "driver", "says -8005", "done", {"npu-smi.error": "dcmi module initialize failed. ret is -8005"}
    )
    yield Case(
        "npu-smi",
        "driver",
        "prints 60 MB",
        "done",
        check="cat /run/flooded 2>/dev/null; rm -f /run/flooded",
        before=_FLOOD,
        after="umount /usr/local/sbin/npu-smi",
    )
    yield Case(
        "busy",
        "driver",
        "npu-smi shows a process",
        "old",
        after=": >/var/lib/npu-sim/processes",
        before="awk '{print $1, $2, 4242, 1024, \"python3\"; exit}' /var/lib/npu-sim/chips.tsv"
        " >/var/lib/npu-sim/processes",
        refused="in use.*4242",
        untouched=True,
    )
    yield Case(
        "busy",
        "driver",
        "open device file",
        "old",
        after="pkill -f holds.the.npu",
        before="setsid bash -c 'exec -a holds-the-npu sleep 600 </dev/davinci0' >/dev/null 2>&1 & sleep 0.5",
        refused="in use.*holds-the-npu|in use.*sleep",
        untouched=True,
    )
    done = (
        f'until grep -q \'"component": "firmware".*"event": "end".*7.8.0\' {JOURNAL}; do sleep 0.1; done; echo STRUCK'
    )
    yield Case("reboot", "firmware", "control node dies before it", "old", watch=done, then="ansible")
    yield Case("reboot", "firmware", "control node dies during it", "old", reboot="ansible")
    yield Case("reboot", "firmware", "power cut during it", "old", reboot="power")


_KINDS = (
    _installer_dies,
    _processes_die,
    _less_than_death,
    _installers_lie,
    _disks,
    _artifacts,
    _locks_and_journals,
    _files,
    _hosts,
    *surroundings.KINDS,
)
QUICK = (
    "installer killed / driver / 50 % / no-driver",
    "module killed / cann / middle / hdk",
    "control node dies / driver / middle / no-driver",
    "power cut / cann / middle / hdk",
    "exit 0 without effect / kernels / install / base",
    "strange package / driver / asks-and-gives-up / no-driver",
    "wrong version / cann / install / hdk",
    "tampered in the folder / driver / bit-flipped / no-driver",
    "damaged in the host's cache / cann / bit-flipped / hdk",
    "held lock / cann / another program / hdk",
    "version file / kernels / emptied / done",
    "journal / cann / end line torn / done",
)


def every() -> list[Case]:
    """All cases, the kinds mixed, so that a run that is stopped early has seen something of each."""
    by_kind: dict[str, list[Case]] = {}
    for kind in _KINDS:
        for case in kind():
            by_kind.setdefault(case.kind, []).append(case)
    # Upgrades and bare hosts take several installers and a reboot: they come last.
    for rows in by_kind.values():
        rows.sort(key=lambda case: ("old", "bare").count(case.start))
    rounds = zip_longest(*by_kind.values())
    return [case for row in rounds for case in row if case is not None]


def quick() -> list[Case]:
    """A representative dozen."""
    known = {case.name: case for case in every()}
    return [known[name] for name in QUICK]

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults: kind x component x phase. A case says how a host starts, what goes wrong, and what must be refused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from tests.faults import packages, processes, surroundings, traces
from tests.faults.case import COMPONENTS, JOURNAL, NO_CACHE, PREFIX, STARTS, Case, await_call, fill, slow


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
                before=NO_CACHE,
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
            before=NO_CACHE,
        )
        yield Case(
            "tampered in the folder",
            component,
            "a proxy's web page, no list of hashes",
            STARTS[component],
            tampered="web page",
            sums=False,
            untouched=True,
            before=NO_CACHE,
            refused="page",
        )
        yield Case(
            "tampered in the folder",
            component,
            "not there",
            STARTS[component],
            tampered="not there",
            untouched=True,
            before=NO_CACHE,
            refused=packages.NEW[component],
        )


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
    *processes.KINDS,
    _disks,
    _artifacts,
    *traces.KINDS,
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

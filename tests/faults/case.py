# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a case is, and the scripts that several kinds of faults share."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.faults import judge

COMPONENTS = ("driver", "firmware", "cann", "kernels")
# From which kept state a component is installed next.
STARTS = {"driver": "no-driver", "firmware": "no-firmware", "cann": "hdk", "kernels": "base"}
PREFIX = {"driver": "driver", "firmware": "firmware", "cann": "nnae", "kernels": "kernels"}
# Seconds that an installer works which is to be caught at work.
SLOW = 3
STATE = "/var/lib/ascend-fleet"
JOURNAL = f"{STATE}/journal.jsonl"
NO_CACHE = f"rm -rf {STATE}/cache"
MOMENTS = {"begun": 0.0, "middle": 0.5, "late": 0.9}


@dataclass
class Case:
    """One fault. Scripts run as root inside the host."""

    kind: str
    component: str
    phase: str
    start: str
    faults: dict[str, str] = field(default_factory=dict)  # of the simulated installers, in the first run
    before: str = ""  # script before the first run
    watch: str = ""  # script that waits for its moment during the first run, acts, and says STRUCK
    then: str = ""  # what happens at that moment: ansible | interrupt | power | reboot | second-run | check-run
    reboot: str = ""  # what happens when the host reboots: ansible | power
    check: str = ""  # script after the first run; what it prints is wrong
    after: str = ""  # script after the first run: what ends by itself in the real world
    tampered: str = ""  # how the package in the folder is damaged
    sums: bool = True  # whether the folder has SHA256SUMS
    strange: str = ""  # manners of the package in the folder
    variables: dict = field(default_factory=dict)
    refused: str = ""  # expression the failing first run must show
    untouched: bool = False  # the component's installer must not have been started by the first run
    unhindered: bool = False  # the first run must come to its end as if nothing were

    @property
    def name(self) -> str:
        return f"{self.kind} / {self.component} / {self.phase} / {'upgrade' if self.start == 'old' else self.start}"


def await_call(component: str, share: float) -> str:
    """Wait until an installer has begun, then for a share of its time."""
    sign = judge.PACKAGES[component]
    return (
        f"""until grep -q '"event": "start", "package": "[^"]*{sign}.*--\\(full\\|upgrade\\|install\\)' """
        f"/var/log/npu-sim/vendor-calls.log; do sleep 0.1; done; sleep {share * SLOW:.1f}; "
    )


def kill(pattern: str, signal: str = "-9") -> str:
    """Signal what has a command line like this, from its beginning: the watching shell must not match."""
    return (
        f"for p in /proc/[0-9]*; do w=$(tr '\\0' ' ' <$p/cmdline 2>/dev/null); case \"$w\" in"
        f" {pattern}) [ ${{p#/proc/}} = $$ ] || kill {signal} ${{p#/proc/}} 2>/dev/null && echo STRUCK ;;"
        " esac; done"
    )


def kill_named(*names: str) -> str:
    """Kill processes by the names (patterns) that ps shows: the command line of a module is only an interpreter's."""
    return (
        f'for p in /proc/[0-9]*; do case "$(cat $p/comm 2>/dev/null)" in {"|".join(names)})'
        " kill -9 ${p#/proc/} 2>/dev/null && echo STRUCK ;; esac; done"
    )


def fill(folder: str, megabytes: int) -> str:
    """Fill a small file system that is mounted there; never more than so much, should it not be mounted after all."""
    return (
        f"dd if=/dev/zero of={folder}/.filler bs=1M count={megabytes} 2>/dev/null;"
        f" dd if=/dev/zero of={folder}/.filler bs=512 count=2048 oflag=append conv=notrunc 2>/dev/null"
    )


def slow(component: str, seconds: float = SLOW) -> dict[str, str]:
    return {f"{PREFIX[component]}.slow": str(seconds)}

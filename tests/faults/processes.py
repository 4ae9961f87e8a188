# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of what runs: installers, modules, connections, the control node, the power; and installers that lie."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults import packages
from tests.faults.case import COMPONENTS, MOMENTS, NO_CACHE, PREFIX, STARTS, Case, await_call, kill, kill_named, slow

# What a job is, and who waits for its end and writes its record, as ps shows them.
_JOB, _WATCH = "ascend-job", "ascend-job-wait"
_STAGING = (
    "until ls -d /home/ops/.ansible/tmp/*/artifacts /var/lib/ascend-fleet/cache/* >/dev/null 2>&1;"
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
                watch=wait + kill_named(_JOB),
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
            "connection cut", component, "staging", start, before=NO_CACHE, watch=_STAGING + kill("'sshd: ops'*")
        )
        yield Case(
            "control node dies",
            component,
            "staging",
            start,
            before=NO_CACHE,
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
        # Whoever started the job and waited for its end: it is asked for again.
        yield Case(
            "module killed", component, "who waits for the job", start, slowly, watch=wait + kill_named("python3*")
        )
        # Nobody is left who would tell of the end: the time limit ends it.
        yield Case(
            "module killed",
            component,
            "with its supervisor",
            start,
            slowly,
            variables={"npu_driver_timeout": 20, "cann_timeout": 20},
            watch=wait + kill_named(_JOB, _WATCH),
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


KINDS = (_installer_dies, _processes_die, _less_than_death, _installers_lie)

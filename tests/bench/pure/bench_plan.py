"""Planning a fleet: seconds for 1,000 to 10,000 hosts on one core, and whether they grow in step with the hosts.

Run: `make bench-pure`; ends with 1 when the largest fleet takes more than 10 s of CPU time
per 10,000 hosts, or more than 1.5 times its share of the smallest, or when a host is refused.

What ascend.fleet.plan does once the hosts are observed: read and template every host's variables, resolve, judge, plan,
and print the table. The observations are synthetic and of all sorts: chips, architectures, bare, outdated and converged
hosts, each with its own names, journal and eight NPUs. Loading the catalog is printed apart.
"""

from __future__ import annotations

import copy
import sys
import time

LIMIT_SECONDS = 10.0
LIMIT_HOSTS = 10_000
VARIABLES = {
    "ascend_mindspore_version": "2.7.1",
    "ascend_cann_flavor": "nnae",
    "ascend_components": ["driver", "firmware", "cann", "kernels", "python", "mindspore"],
    "ascend_artifacts": "{{ mirror }}/ascend",
    "mirror": "https://mirror.example",
    "ascend_report_dir": "{{ inventory_dir }}/report",
    "inventory_dir": "/srv/fleet",
}
STATES = ((None, None, None), ("24.1.rc3", "7.5.0.1.129", "8.0.RC3"), ("25.3.rc1", "7.8.0.2.212", "8.3.RC1"))
CHIPS = ("910", "910b", "310p", "a3")


def observation(number: int) -> dict:
    """What host_facts returned for one host of the fleet."""
    driver, firmware, cann = STATES[number % len(STATES)]
    chip = CHIPS[number // len(STATES) % len(CHIPS)]
    arch = ("aarch64", "x86_64")[number // 12 % 2]
    chips = [
        {"npu_id": index, "chip_id": 0, "health": "OK", "name": chip, "bus_id": f"0000:{index:02x}:00.0"}
        for index in range(8)
    ]
    rows = (
        [
            {
                "product": product,
                "version": cann,
                "latest": True,
                "chip": only,
                "damaged": None,
                "code": None,
                "innerversion": None,
                "path": f"/usr/local/Ascend/{product}/{cann}",
            }
            for product, only in (("nnae", None), ("kernels", chip))
        ]
        if cann
        else []
    )
    environments = [
        {
            "name": "mindspore",
            "python": "3.11.2",
            "cann_wheels_from": "nnae 8.3.RC1",
            "owner": "HwHiAiUser",
            "packages": {"mindspore": "2.7.1", "mindformers": "1.7.0"},
        }
    ]
    facts = {
        "schema": 1,
        "hostname": f"node-{number}",
        "arch": arch,
        "host_kind": "physical",
        "glibc": "2.34",
        "os": {"id": "openeuler", "version": "22.03", "name": "openEuler 22.03 LTS", "family": "dnf"},
        "kernel": {"release": "5.10.0", "headers": True},
        "python": {"version": "3.9.9", "executable": "/usr/bin/python3"},
        "accelerators": {"family": chip, "count": 8, "cards": 8, "product": None, "role": "training"},
        "tools": {"gcc": "10.3.1", "cmake": "3.22.0"},
        "driver": {"installed": driver, "loaded": driver, "damaged": None, "compatible_cann": []},
        "firmware": {"installed": firmware, "loaded": firmware, "damaged": None, "compatible_driver": []},
        "cann": rows,
        "environments": environments if cann == "8.3.RC1" else [],
        "busy": [],
        "devices": [],
        "proofs": {"inference": None},
        "npu": {"available": bool(driver), "chips": chips if driver else [], "message": None},
        "journal": {
            "unfinished": None,
            "previous": {},
            "durations": {"driver": 100.0 + number % 60},
            "entries": [
                {
                    "id": f"{number}-{entry // 2}",
                    "component": "driver",
                    "result": "ok",
                    "to": driver,
                    "event": ("start", "end")[entry % 2],
                }
                for entry in range(10)
            ],
        },
        "reboot_required": False,
        "reboot_reasons": [],
    }
    return {"ansible_facts": {"ascend": facts}}


def plan(count: int, observations: list[dict]) -> tuple[dict[str, int], int, dict[str, float]]:
    """({status: hosts}, distinct questions, CPU seconds by part) of planning count hosts."""
    from ansible.parsing.dataloader import DataLoader
    from ansible.template import Templar, trust_as_template
    from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import text as plan_text
    from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import wishes
    from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner

    variables = {
        name: trust_as_template(value) if isinstance(value, str) else value for name, value in VARIABLES.items()
    }
    templar = Templar(loader=DataLoader())
    planner, plans, parts = Planner(), {}, dict.fromkeys(("variables", "plans", "table"), 0.0)
    for number in range(count):
        name, began = f"node-{number}", time.process_time()
        wish = wishes.of_host(templar, {**variables, "inventory_hostname": name})
        read = time.process_time()
        plans[name] = planner.plan(name, observations[number], wish)
        parts["variables"] += read - began
        parts["plans"] += time.process_time() - read
    began = time.process_time()
    plan_text.lines(plans)
    parts["table"] = time.process_time() - began
    statuses: dict[str, int] = {}
    for entry in plans.values():
        statuses[entry["status"]] = statuses.get(entry["status"], 0) + 1
    return statuses, len(planner._judged), parts


def main() -> int:
    from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
    from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source

    # A mirror that has every package, and proves it.
    artifact_source.missing = artifact_source.unproven = lambda *_arguments: []
    most = int(sys.argv[1]) if len(sys.argv) > 1 else LIMIT_HOSTS
    began = time.process_time()
    catalog.load()
    print(f"catalog read in {time.process_time() - began:.2f} s")
    print(f"{'hosts':>7} {'distinct':>9} {'CPU s':>7} {'ms a host':>10}   {'of which':42}  statuses")
    shares = []
    for count in (most // 10, most // 4, most // 2, most):
        observations = [copy.deepcopy(observation(number)) for number in range(count)]
        statuses, distinct, parts = plan(count, observations)
        if set(statuses) != {"pending", "converged"}:
            print(f"not every host could be planned: {statuses}")
            return 1
        seconds = sum(parts.values())
        shares.append(seconds / count)
        detail = ", ".join(f"{name} {value:.2f}" for name, value in parts.items())
        print(f"{count:>7} {distinct:>9} {seconds:>7.2f} {1000 * shares[-1]:>10.3f}   {detail:42}  {statuses}")
    growth = shares[-1] / shares[0]
    print(f"growth per host from {most // 10} to {most} hosts: {growth:.2f} (1.00 is linear)")
    return 1 if growth > 1.5 or shares[-1] > LIMIT_SECONDS / LIMIT_HOSTS else 0


if __name__ == "__main__":
    raise SystemExit(main())

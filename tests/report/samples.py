# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes up fleets of any size, as host variables, with the troubles a real fleet has. Deterministic."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.plugin_utils.report import page, prom, text
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.collect import collect
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.model import build

GENERATED = "2026-11-22T16:30:00Z"
TRAIN = {
    "driver": {"version": "25.3.rc1", "package": "Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run"},
    "firmware": {"version": "7.8.0.2.212", "package": "Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run"},
    "cann": {"flavor": "nnae", "version": "8.3.RC1", "package": "Ascend-cann-nnae_8.3.RC1_linux-aarch64.run"},
    "kernels": {"version": "8.3.RC1", "package": "Ascend-cann-kernels-910b_8.3.RC1_linux-aarch64.run"},
    "python": {"version": "3.11"},
    "mindspore": {"version": "2.7.1", "package": "mindspore", "wheels": ["te", "hccl"]},
    "mindformers": {"version": "1.0.2"},
    "inference": {"model": "gpt2"},
}
INFER = {
    "driver": {"version": "25.3.rc1"},
    "firmware": {"version": "7.8.0.2.212"},
    "cann": {"flavor": "nnrt", "version": "8.3.RC1"},
    "kernels": None,
    "python": None,
    "mindspore": None,
    "mindformers": None,
    "inference": None,
    "inference_reason": "310P cards infer through nnrt; this stack has no framework to generate text with.",
}
KINDS = {
    "910b": ("Atlas 800T A2", "910B3", 8, 65536, "openEuler 22.03 (LTS-SP4)", "aarch64", TRAIN),
    "910": ("Atlas 800 9000", "910ProB", 8, 32768, "Debian GNU/Linux 12 (bookworm)", "x86_64", TRAIN),
    "310p": ("Atlas 300I Pro", "310P3", 4, 0, "Ubuntu 22.04.4 LTS", "x86_64", INFER),
}
PROMPT = "I love Beijing, because"
TEXT = "I love Beijing, because it is a city with a long history, and its people are warm and kind."
ACCEPTED = {
    "rule": "mindformers-mindspore-pair",
    "severity": "warning",
    "message": "MindFormers 1.0.2 is not an official partner of MindSpore 2.7.1. Choose MindFormers 1.7.0, or accept "
    "this finding in ascend_accept_findings.",
    "source": "MindFormers release notes, version table",
    "accepted": True,
    "variable": "ascend_mindformers_version",
}
GLIBC = {
    "rule": "os-support",
    "severity": "info",
    "message": "Debian 12 is not in the vendor's list of systems for HDK 25.3.rc1; the driver builds from source.",
    "source": "HDK 25.3.rc1 release notes, supported systems",
    "accepted": False,
    "variable": None,
}


def fleet(size: int, seed: int = 7) -> dict:
    """Return host variables for `size` hosts; 4 gives the demo fleet, more gives a cluster with its troubles."""
    if size == 4:
        return _demo()
    rng = random.Random(seed)
    hosts = {}
    for number in range(1, size + 1):
        kind = "310p" if number % 10 == 0 else "910" if number % 10 in (8, 9) else "910b"
        name = f"{'infer' if kind == '310p' else 'npu'}-r{number // 40:02d}-{number:04d}"
        hosts[name] = _host(name, kind, rng)
        _trouble(hosts[name], number, rng)
    return hosts


def _host(name: str, kind: str, rng: random.Random, host_kind: str = "physical") -> dict:
    product, chip_name, count, hbm, system, arch, stack = KINDS[kind]
    chips = [
        {
            "npu_id": index,
            "chip_id": 0,
            "name": chip_name,
            "health": "OK",
            "temperature_c": rng.randint(33, 58),
            "power_w": round(rng.uniform(66, 98), 1),
            "hbm_used_mb": rng.randint(2800, 4200) if hbm else None,
            "hbm_total_mb": hbm or None,
            "memory_used_mb": None if hbm else rng.randint(900, 2500),
            "memory_total_mb": None if hbm else 21527,
        }
        for index in range(count)
    ]
    training = stack is TRAIN
    facts = {
        "schema": 1,
        "hostname": name,
        "arch": arch,
        "os": {"id": system.split()[0].lower(), "name": system},
        "host_kind": host_kind,
        "accelerators": {"family": kind, "count": count, "product": product},
        "driver": {"installed": "25.3.rc1", "loaded": "25.3.rc1", "damaged": None},
        "firmware": {"installed": "7.8.0.2.212", "damaged": None},
        "cann": [{"product": stack["cann"]["flavor"], "version": "8.3.RC1", "latest": True, "damaged": None}],
        "environments": [],
        "npu": {"available": True, "chips": chips, "processes": []},
        "busy": [],
        "journal": {"unfinished": None},
        "proofs": {"inference": None},
        "reboot_required": False,
        "reboot_reasons": [],
    }
    hostvars = {
        "ascend_facts": facts,
        "ascend_plan": {"status": "converged", "steps": [], "findings": [], "stack": dict(stack)},
    }
    if not training:
        source = {"framework": "mindspore", "version": "2.7.1", "checkpoint_sha256": "2c1f0a9b" * 8}
        made = {"soc": "Ascend310P3", "cann": "8.3.RC1", "sha256": "7d9f1ab3" * 8, "source": source}
        facts["om_models"] = [{"name": "classifier", "path": "/models/classifier.om", "present": True, **made}]
    if training:
        facts["cann"].append({"product": "kernels", "version": "8.3.RC1", "latest": True, "damaged": None})
        packages = {"mindspore": "2.7.1", "mindformers": "1.0.2", "numpy": "1.26.4"}
        facts["environments"] = [{"name": "mindspore", "python": "3.11.2", "packages": packages, "stack": {}}]
        speed = rng.gauss(41.5 if kind == "910b" else 27.0, 1.4)
        facts["proofs"]["inference"] = {
            "prompt": PROMPT,
            "text": TEXT,
            "device": "Ascend",
            "tokens_per_second": round(speed, 2),
            "status": "passed",
            "reason": None,
            "model": "gpt2",
        }
        hostvars["ascend_plan"]["findings"] = [dict(ACCEPTED)] + ([dict(GLIBC)] if "Debian" in system else [])
    return hostvars


def _steps(*components: str) -> list[dict]:
    whole = {
        "driver": ("upgrade", "24.1.0", "25.3.rc1", "The stack wants driver 25.3.rc1."),
        "firmware": ("upgrade", "7.5.0.3.220", "7.8.0.2.212", "Driver 25.3.rc1 belongs with firmware 7.8.0.2.212."),
        "cann": ("install", None, "nnae 8.3.RC1", "MindSpore 2.7.1 was built against CANN 8.3.RC1."),
        "mindspore": ("install", None, "2.7.1", "ascend_mindspore_version asks for it."),
        "reboot": ("reboot", None, None, "The new driver is loaded at boot."),
        "inference": ("verify", None, None, "Proves the stack with a generated sentence."),
    }
    return [
        {
            "id": f"{name}-{whole[name][0]}",
            "component": name,
            "action": whole[name][0],
            "from": whole[name][1],
            "to": whole[name][2],
            "why": whole[name][3],
            "minutes": 4,
        }
        for name in components
    ]


def _trouble(host: dict, number: int, rng: random.Random) -> None:
    facts, plan = host["ascend_facts"], host["ascend_plan"]
    chips = facts["npu"]["chips"]
    if number % 97 == 5:
        reason = "Failed to connect to the host via ssh: Connection timed out"
        host["ascend_error"] = {"unreachable": True, "message": reason}
        host.pop("ascend_plan")
        host.pop("ascend_facts")
    elif number % 83 == 11:
        plan.update(status="pending", steps=_steps("driver", "firmware", "reboot"))
        facts["driver"].update(installed="24.1.0", loaded="24.1.0")
        facts["firmware"]["installed"] = "7.5.0.3.220"
        host["rollout_outcome"] = {
            "status": "failed",
            "failed_step": "driver-upgrade",
            "message": "The driver installer ended with code 1 after 48 s.",
            "cause": "Processes use the NPUs: python (pid 55115) of user train.",
            "fix": "Stop the job or wait for it, or set ascend_busy_policy to wait; then run the playbook again.",
            "seconds": 61.2,
            "steps_done": [],
        }
        facts["busy"] = [{"pid": 55115, "user": "train", "command": "python train.py"}]
    elif number % 71 == 23:
        plan.update(status="refused")
        plan["findings"] = [
            *plan["findings"],
            {
                "rule": "package-chip",
                "severity": "error",
                "message": "Ascend-cann-kernels-910_8.3.RC1 is for 910 chips; this host has 910B3. "
                "Put the 910b package into ascend_artifacts.",
                "source": "file name grammar",
                "accepted": False,
                "variable": "ascend_artifacts",
            },
        ]
    elif number % 31 == 13:
        facts["driver"]["installed"] = "25.5.0"
        facts["driver"]["loaded"] = "25.3.rc1"
        facts["reboot_required"] = True
        facts["reboot_reasons"] = ["driver 25.5.0 is installed, 25.3.rc1 is loaded"]
        plan.update(status="pending", steps=_steps("driver", "reboot"))
    elif number % 9 == 4:
        plan.update(status="pending", steps=_steps("cann", "mindspore", "inference"))
        facts["cann"], facts["environments"], facts["proofs"] = [], [], {"inference": None}
        host["rollout_outcome"] = {"status": "not_started", "message": "An earlier batch failed."}
        if number % 18 == 4:
            host.pop("rollout_outcome")
    elif number % 7 == 3:
        plan.update(status="pending", steps=_steps("driver", "firmware", "cann", "mindspore", "reboot", "inference"))
        host["rollout_outcome"] = _changed(plan, rng.uniform(240, 900))
    if number % 37 == 6 and "ascend_facts" in host:
        chips[2].update(health="Alarm", temperature_c=93, power_w=301.5)
    if number % 61 == 9:
        chips[0]["health"] = "Warning"
    if number % 113 == 17:
        chips.pop()
    proof = facts["proofs"]["inference"]
    if proof and number % 53 == 7:
        proof["tokens_per_second"] = round(proof["tokens_per_second"] * 0.55, 2)


def _changed(plan: dict, seconds: float) -> dict:
    return {"status": "changed", "seconds": round(seconds, 1), "steps_done": [step["id"] for step in plan["steps"]]}


def _demo() -> dict:
    rng = random.Random(3)
    hosts = {
        "train-910": _host("train-910", "910", rng),
        "train-a2": _host("train-a2", "910b", rng),
        "infer-310p": _host("infer-310p", "310p", rng),
        "guest": _host("guest", "910b", rng, host_kind="vm"),
    }
    for name, host in hosts.items():
        facts, plan = host["ascend_facts"], host["ascend_plan"]
        facts["os"]["name"], facts["arch"] = "Debian GNU/Linux 12 (bookworm)", "x86_64"
        steps = ("driver", "firmware", "cann", "mindspore", "reboot", "inference")
        if name == "infer-310p":
            steps = ("driver", "firmware", "cann", "reboot")
        plan.update(status="pending", steps=_steps(*steps))
        host["rollout_outcome"] = _changed(plan, rng.uniform(90, 400))
        if facts["proofs"]["inference"]:
            facts["proofs"]["inference"].update(device="CPU", tokens_per_second=round(rng.uniform(6, 11), 2))
    hosts["guest"]["ascend_plan"]["stack"].update(firmware=None)
    hosts["guest"]["ascend_facts"]["firmware"]["installed"] = None
    return hosts


def report(size: int, seed: int = 7) -> dict:
    """Return the report model of a made-up fleet."""
    hosts = fleet(size, seed)
    second = {"changed": 0, "installers_started": 0, "bytes_sent": 0} if size == 4 else None
    title = "Simulated fleet" if size == 4 else f"Training cluster, hall 3 ({size} hosts)"
    return build(collect(hosts, hosts), title, GENERATED, "control-1", second)


def main() -> None:
    """Write the samples to a folder: <folder>/<size>/report.{json,html,prom,txt}."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sizes", type=int, nargs="*", default=[4, 100, 1000])
    options = parser.parse_args()
    for size in options.sizes:
        folder = options.folder / str(size)
        folder.mkdir(parents=True, exist_ok=True)
        model = report(size)
        lines = text.lines(model)
        (folder / "report.json").write_text(json.dumps(model, ensure_ascii=False, indent=1))
        (folder / "report.html").write_text(page.render(model, lines))
        (folder / "report.prom").write_text(prom.render(model))
        (folder / "report.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

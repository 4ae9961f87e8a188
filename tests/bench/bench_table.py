"""The result of the bench in a few readable lines. `bench_table.py build/bench.json` prints them again."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def lines(result: dict) -> list[str]:
    """One line per figure: what, seconds, ratio, CPU seconds of the control node."""
    cpu = result["control_node_cpu_s"]
    rows = _short_runs(result, cpu) if "floor_s" in result else []
    peer = result.get("peer") or {}
    second = peer.get("second_run")
    if "second_run_ratio" in peer:
        rows.append(
            (
                f"second run of the peer ({peer['version']})",
                second["seconds"],
                peer["second_run_ratio"],
                second["control_node_cpu_s"],
            )
        )
    if result["first_install_s"] is not None:
        rows += [
            ("bare vendor installers over SSH", result["bare_sequence_s"], 1.0, cpu["bare_sequence"]),
            ("first installation", result["first_install_s"], result["first_install_ratio"], cpu["first_install"]),
        ]
    if "second_run_ratio" in peer:
        first = peer["first_run"]
        rows.append(
            (
                "first run of the peer, without reboot",
                first["seconds"],
                round(first["seconds"] / result["bare_sequence_s"], 3),
                first["control_node_cpu_s"],
            )
        )
    text = [
        f"{result['hosts']} hosts; {result['machine']}; installers of {result['installer_seconds']} s",
        "",
        f"{'':40}{'seconds':>9}{'ratio':>8}{'control node CPU s':>20}",
    ]
    text += [
        f"{name:40}{seconds:>9.2f}{ratio:>8.2f}{'' if used is None else f'{used:.1f}':>20}"
        for name, seconds, ratio, used in rows
    ]
    text.append("")
    if "first_install_remote_executions_per_host" in result:
        text.append(
            f"first installation ({', '.join(result['first_install_components'])}), per host: "
            f"{result['first_install_remote_executions_per_host']} remote executions, "
            f"{result['first_install_control_cpu_s_per_host']} CPU seconds of the control node"
        )
    if "noop_remote_executions_per_host" in result:
        text.append(
            f"no-op, per host: {result['noop_remote_executions_per_host']} remote execution, "
            f"{result['noop_artifact_bytes']} artifact bytes, "
            f"{result['noop_installers_started']} installers started"
        )
    if second:
        text.append(
            f"peer's second run: {second['tasks_per_host']} tasks per host, "
            f"{second['artifact_bytes']} artifact bytes, "
            f"{second['installers_started']} installers started, changed={second['changed']}"
        )
    elif not peer:
        text.append("peer: not run")
    if result["first_install_s"] is None:
        text.append("first installation: not measured (FIRST=0); the hosts are copies of one that was installed")
    text += [f"peer: {reason}" for reason in peer.get("reason", [])]
    if result.get("repeated_runs"):
        text.append(f"repeated because a host did not answer in time: {', '.join(result['repeated_runs'])}")
    return text


def _short_runs(result: dict, cpu: dict) -> list[tuple]:
    return [
        ("floor: one ping task", result["floor_s"], 1.0, cpu["floor"]),
        ("no-op site run", result["noop_s"], result["noop_ratio"], cpu["noop"]),
        ("plan playbook", result["plan_s"], result["plan_ratio"], cpu["plan"]),
        ("floor, connections to be made", result["cold"]["floor_s"], 1.0, None),
        ("no-op, connections to be made", result["cold"]["noop_s"], result["cold"]["noop_ratio"], None),
    ]


if __name__ == "__main__":
    print("\n".join(lines(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))

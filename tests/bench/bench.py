"""What a run of ascend.fleet costs, as ratios against a floor that is measured in the same run. `make bench`.

Variables of the environment: HOSTS (16), REPEAT (5: pairs of the short runs), INSTALLER_SECONDS (10: how long a
simulated installer works), PEER (1; 0 leaves the peer out), FIRST (1; 0 leaves the first installation and the peer out:
one host is installed and the others are copies of it; "only" measures nothing else), MINDSPORE (0; 1 has MindSpore and
its wheels in the first installation, 3.5 GB of disk a host), SCALE (0; 1 measures a thousand
hosts that are none, see scale.py), FANOUT (0; 1 measures the fan-out alone, without simulated
hosts, see fanout.py).
Result: build/bench.json and a table. docs/performance.md explains the floor.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from tests.bench import bare, bench_hosts, bench_table, fanout, peer, scale
from tests.bench.measure import WORK, median, paired_ratio, playbook
from tests.support import ssh_count
from tests.support.paths import BUILD, ROOT
from tests.support.playbook import Run

OUT = BUILD / "bench.json"
FLOOR = ROOT / "tests" / "bench" / "floor.yml"
SITE = ROOT / "site.yml"
PLAN = ROOT / "playbooks" / "plan.yml"


def say(text: str) -> None:
    print(f"\n==> {text}", flush=True)


def good(done: Run, what: str) -> Run:
    if done.code:
        sys.exit(f"bench: {what} ended with {done.code}; its output is in {done.log}")
    return done


def short(name: str, book: Path, hosts: bench_hosts.Hosts, repeated: list[str], *options: str) -> Run:
    """A short run; one that fails (a login that timed out on a crowded machine) is repeated once, and that is noted."""
    done = playbook(name, book, hosts.sockets, *options)
    if done.code:
        repeated.append(name)
        done = playbook(f"{name}-again", book, hosts.sockets, *options)
    return good(done, f"the run {name}")


def first_installation(hosts: bench_hosts.Hosts) -> dict:
    """The vendor's installers by hand, then the site playbook, and once more to count; each on bare hosts."""
    say("Bare hosts; the bare sequence of vendor installers over SSH")
    hosts.bare()
    by_hand = bare.install(hosts)
    if by_hand["failed"]:
        sys.exit(f"bench: the bare sequence failed: {by_hand['failed']}")
    say(f"Bare hosts again; first installation with ascend.fleet: {', '.join(bench_hosts.COMPONENTS)}")
    hosts.bare()
    first = good(playbook("first-install", SITE, hosts.sockets), "the first installation")
    say("Bare hosts, and the same counted: what tells of each execution is itself work for the control node")
    hosts.bare()
    counted = good(playbook("first-install-counted", SITE, hosts.sockets, "-vvv"), "the counted first installation")
    counts = ssh_count.count(counted.text)
    reached = [counts.get(address, ssh_count.Count()).executions for address in hosts.addresses]
    return {
        "first_install_remote_executions_per_host": max(reached),
        "first_install_control_cpu_s_per_host": round(first.cpu / len(reached), 2),
        "bare_sequence_s": round(by_hand["seconds"], 2),
        "first_install_s": round(first.seconds, 2),
        "first_install_ratio": round(first.seconds / by_hand["seconds"], 3),
        "first_install_artifact_bytes": first.record["artifact_bytes"],
        "first_install_components": bench_hosts.COMPONENTS,
        "cpu": {"bare_sequence": round(by_hand["cpu"], 2), "first_install": round(first.cpu, 2)},
    }


def copies(hosts: bench_hosts.Hosts) -> dict:
    """One host brought to its end, the others copied from it: what the short runs need, and nothing measured."""
    say("One bare host, its first installation, and copies of it")
    hosts.bare(1)
    good(playbook("first-install", SITE, hosts.sockets), "the first installation")
    hosts.copy_first()
    return {"bare_sequence_s": None, "first_install_s": None, "first_install_ratio": None, "cpu": {}}


def short_runs(hosts: bench_hosts.Hosts, repeat: int) -> dict:
    """Floor, no-op and plan in turns: first without a connection, then with the connections kept."""
    say("No-op with connections to be made, beside the floor")
    cold: dict[str, Run] = {}
    repeated: list[str] = []
    for name, book in (("floor", FLOOR), ("noop", SITE)):
        hosts.disconnect()
        cold[name] = short(f"cold-{name}", book, hosts, repeated)
    say(f"Floor, no-op and plan in turns, {repeat} times, connections kept")
    runs: dict[str, list[Run]] = {"floor": [], "noop": [], "plan": []}
    on_hosts: dict[str, list[float]] = {"floor": [], "noop": [], "plan": []}
    for turn in range(repeat):
        for name, book in (("floor", FLOOR), ("noop", SITE), ("plan", PLAN)):
            before = hosts.cpu_seconds()
            runs[name].append(short(f"{name}-{turn}", book, hosts, repeated))
            after = hosts.cpu_seconds()
            if before is not None and after is not None:
                on_hosts[name].append(after - before)
        print("  ".join(f"{name} {done[-1].seconds:.2f} s" for name, done in runs.items()), flush=True)
    changed = [line for done in runs["noop"] for line in done.record["changed_tasks"]]
    if changed:
        sys.exit(f"bench: the no-op run changed something: {changed}")
    seconds = {name: [done.seconds for done in some] for name, some in runs.items()}
    cpu = {name: [done.cpu for done in some] for name, some in runs.items()}
    result = {
        "floor_s": median(seconds["floor"]),
        "noop_s": median(seconds["noop"]),
        "plan_s": median(seconds["plan"]),
        "noop_ratio": paired_ratio(seconds["noop"], seconds["floor"]),
        "plan_ratio": paired_ratio(seconds["plan"], seconds["floor"]),
        "noop_cpu_ratio": paired_ratio(cpu["noop"], cpu["floor"]),
        "cold": {
            "floor_s": round(cold["floor"].seconds, 2),
            "noop_s": round(cold["noop"].seconds, 2),
            "noop_ratio": round(cold["noop"].seconds / cold["floor"].seconds, 3),
        },
        "noop_artifact_bytes": max(done.record["artifact_bytes"] for done in runs["noop"]),
        "cpu": {name: median(values) for name, values in cpu.items()},
        "repeated_runs": repeated,
        "seconds": {name: [round(value, 2) for value in values] for name, values in seconds.items()},
    }
    if on_hosts["floor"]:
        result["hosts_cpu_s"] = {name: median(values) for name, values in on_hosts.items()}
    return result


def executions(hosts: bench_hosts.Hosts) -> dict:
    """What one more no-op run does on the hosts, counted in its own output."""
    say("One more no-op run, counted")
    before = hosts.installer_starts()
    done = short("noop-counted", SITE, hosts, [], "-vvv")
    counts = ssh_count.count(done.text)
    entries = [counts.get(address, ssh_count.Count()) for address in hosts.addresses]
    return {
        "noop_remote_executions_per_host": max(entry.executions for entry in entries),
        "noop_remote_setup_per_host": max(entry.setup for entry in entries),
        "noop_files_sent": sum(entry.files for entry in entries),
        "noop_installers_started": hosts.installer_starts() - before,
        "noop_tasks_per_host": sorted(row["ok"] for row in done.record["hosts"].values())[len(entries) // 2],
    }


def the_peer(hosts: bench_hosts.Hosts, result: dict) -> dict | None:
    if os.environ.get("PEER", "1") == "0":
        return None
    say(f"The peer, ascend-deployer {peer.VERSION}, on bare hosts: first run, reboot, second run")
    hosts.bare()
    found = peer.measure(hosts)
    # What failed took no time worth comparing; "reason" says why it did.
    if "second_run" in found and not found["second_run"]["failed_hosts"]:
        found["second_run_ratio"] = round(found["second_run"]["seconds"] / result["floor_s"], 3)
        found["second_run_over_our_noop"] = round(found["second_run"]["seconds"] / result["noop_s"], 2)
    return found


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB; the simulated hosts run on the same machine"


def main() -> None:
    if os.environ.get("FANOUT", "0") == "1":
        say("One file to many hosts over limited links: relays, one of them killed, one server")
        alone(fanout.from_environment())
        return
    if os.environ.get("SCALE", "0") == "1":
        say("Many hosts that are none: floor, plan, report and no-op, as the control node sees them")
        alone(scale.measure(int(os.environ.get("HOSTS") or 1000)))
        return
    count, repeat = int(os.environ.get("HOSTS") or 16), int(os.environ.get("REPEAT") or 5)
    everything, first_only = os.environ.get("FIRST", "1") != "0", os.environ.get("FIRST") == "only"
    started = time.monotonic()
    result = {
        "hosts": count,
        "machine": machine(),
        "load_before": round(os.getloadavg()[0], 2),
        "repetitions": repeat,
        "installer_seconds": bench_hosts.INSTALLER_SECONDS,
        "control_node_cpu_s": {},
    }
    WORK.mkdir(parents=True, exist_ok=True)
    hosts = bench_hosts.Hosts(count)
    try:
        say(f"Prepare {count} simulated hosts with eight NPUs each (prefix {bench_hosts.PREFIX})")
        hosts.prepare()
        add(result, first_installation(hosts) if everything else copies(hosts))
        if first_only:
            print("\n" + "\n".join(bench_table.lines(result)))
            return
        add(result, short_runs(hosts, repeat))
        add(result, executions(hosts))
        add(result, {"peer": the_peer(hosts, result) if everything else None})
    finally:
        hosts.remove()
    add(result, {"bench_s": round(time.monotonic() - started)})
    print("\n" + "\n".join(bench_table.lines(result)) + f"\n\nresult  {OUT.relative_to(ROOT)}")


def alone(part: dict) -> None:
    """Keep a part that was measured alone; what an earlier run has found out of the rest stays in the file."""
    kept = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    add({"control_node_cpu_s": {}, **kept}, dict(part))
    print("\n" + json.dumps(part, indent=1))


def add(result: dict, part: dict) -> None:
    """Keep what a part has measured, in the file too: a bench that is ended early leaves what it has found out."""
    result["control_node_cpu_s"].update(part.pop("cpu", {}))
    result.update(part)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

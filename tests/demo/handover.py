"""On the hosts of the demo: a small model trained, exported, converted, and proven on the card; then nothing to do."""

from __future__ import annotations

import sys

from tests.demo.demo import OUT, say
from tests.support import playbook
from tests.support.paths import ROOT

HOST = "train-a2"


def run(title: str, number: int) -> dict:
    say(title)
    record = OUT / f"handover-{number}.json"
    print(f"$ ansible-playbook playbooks/handover.yml -i inventories/simulated -e handover_host={HOST}", flush=True)
    settings = {"ANSIBLE_STDOUT_CALLBACK": "ascend.fleet.progress", **playbook.recorded(record)}
    inventory = ROOT / "inventories" / "simulated"
    book = ROOT / "playbooks" / "handover.yml"
    done = playbook.play(book, "-e", f"handover_host={HOST}", inventory=inventory, settings=settings, record=record)
    if not done.ok:
        sys.exit(f"The run ended with exit code {done.code}. `make demo` makes the hosts that this needs.")
    return done.record


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    run("Hand over: a small model, from its training to the inference card", 1)
    second = run("Again: nothing may change", 2)
    if second["changed"]:
        sys.exit(f"The second run was not a no-op: {second['changed_tasks']}")
    say("Done: the card computes what was trained; second run changed=0")


if __name__ == "__main__":
    main()

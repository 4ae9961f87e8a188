"""What a first installation asks of a host, counted: from a bare server to a text by MindSpore, without a host.

The control node's half is real, from the playbook to the report. The answers are those that a host gives.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ascend.fleet.tests.unit import ascend_trees as trees
from ansible_collections.ascend.fleet.tests.unit import sample_hosts

from tests.support import playbook
from tests.support.paths import ROOT

# Issue and contract: no more than these from bare to text.
AT_MOST = 15
PACKAGES = {
    "Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run": "driver",
    "Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run": "firmware",
    "Ascend-cann-nnae_8.3.RC1_linux-aarch64.run": "cann",
    "Ascend-cann-kernels-910b_8.3.RC1_linux-aarch64.run": "kernels",
}
STACK = {"driver": "25.3.rc1", "firmware": "7.8.0.2.212", "cann": "nnae 8.3.RC1", "kernels": "8.3.RC1"}
STACK.update(python="3.11", mindspore="2.7.1")
INFERENCE = {"status": "passed", "engine": "mindspore-plain", "model": "gpt2", "text": "I love it", "stack": STACK}
FIRST = ["driver-install", "firmware-install"]
SECOND = ["cann-install", "kernels-install", "python-install", "mindspore-install", "inference-verify"]
OS = {"/etc/os-release": 'ID=ubuntu\nVERSION_ID="22.04"\n', "/usr/bin/apt-get": sample_hosts.RUN}
MODEL = ROOT / "roles" / "inference_check" / "files" / "gpt2"
HOSTS = ["npu-01", "npu-02"]  # each a batch
CARDS = [OS, *(sample_hosts.pci(number) for number in range(8))]


def observations() -> list[dict[str, Any]]:
    """The server as it is bare, after its reboot, and in the end."""
    loaded = sample_hosts.observe(trees.driver(), trees.firmware(), *CARDS, answer=sample_hosts.npu(8))
    proof = {"/var/lib/ascend-fleet/proofs/inference.json": json.dumps(INFERENCE)}
    done = sample_hosts.healthy(OS, proof)
    done["cann"].append({**done["cann"][0], "product": "kernels", "chip": "910b"})
    done["tools"].update(gcc="12.2.0", make=True, cmake="3.25.1")
    bare = sample_hosts.observe(*CARDS)
    # As most distributions have it: a user gets a group of its name.
    bare["user"].update(exists=False, makes_group=True)
    return [bare, loaded, done]


def job(steps: list[str], **more: Any) -> dict[str, Any]:
    rows = [{"step": step, "module": "run_package", "changed": True} for step in steps]
    return {"changed": True, "finished": 1, "ansible_job_id": "j1.2", "steps": rows, "steps_done": steps, **more}


def answers(folder: Path, broken: bool, crowded: bool) -> None:
    """What the host answers, by module and turn."""
    model = [f"gpt2/{path.name}" for path in MODEL.iterdir() if path.name != "expected.txt"]
    brought = {"changed": True, "from_cache": [], "missing": [], "evicted": [], "bytes_received": 9}
    said: dict[str, dict[str, Any]] = {
        # It fetches the packages; the model, which comes with the collection, was sent before: it had nothing yet.
        "artifact": {**brought, "files": {name: f"/cache/{name}" for name in [*PACKAGES, *model]}},
        "command": {"changed": True, "rc": 1, "stdout": "", "stderr": "", "cmd": []},
        "apt": {"changed": True},
        "group": {"changed": True},
        "user": {"changed": True},
    }
    jobs = [
        job(FIRST, reboot_reasons=["driver 25.3.rc1 is installed, but not loaded"]),
        job(SECOND, texts={"inference-verify": INFERENCE}, **({} if crowded else {"observed": observations()[-1]})),
    ]
    if broken:
        jobs[0] = {**job([]), "failed": True, "msg": "broken"}
    # Whoever starts a job waits for its end; in a batch that has more hosts than forks, another one does.
    for number, one in enumerate(jobs, 1):
        runs = {"started": 1, "finished": 0, "ansible_job_id": "j1.2", "results_file": "/x"}
        said.update({f"stretch.{number}": runs if crowded else one, f"async_wait.{number}": one})
    for number, facts in enumerate(observations()):
        said[f"host_facts.{number + 1}"] = {"changed": False, "ansible_facts": {"ascend": facts}}
    for name, answer in said.items():
        (folder / f"{name}.json").write_text(json.dumps(answer))


def install(place: Path, names: list[str], batches: list[Any], broken: bool = False, forks: int = 5) -> Any:
    """How the playbook ended on hosts of these names. Broken: what the job is to do fails on each of them."""
    for name in ("answers", "artifacts"):
        (place / name).mkdir()
    for name in PACKAGES:
        (place / "artifacts" / name).write_bytes(name.encode())
    answers(place / "answers", broken, forks < len(names))
    (place / "count").write_text("")
    variables = {
        "ansible_connection": "hostless",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ascend_mindspore_version": "2.7.1",
        "ascend_cann_flavor": "nnae",
        "ascend_components": ["driver", "firmware", "cann", "kernels", "python", "mindspore", "inference"],
        "ascend_wheels": "https://index.example/simple",
        "ascend_artifacts": str(place / "artifacts"),
        "ascend_artifacts_url": "http://192.0.2.1/artifacts",
        "ascend_report_dir": str(place / "report"),
        "ascend_accept_findings": ["os-support", "glibc"],
        "ascend_rollout": batches,
        "ascend_stage_ahead": True,
    }
    hosts = {name: {} for name in names}
    (place / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
    return playbook.play(
        ROOT / "site.yml",
        inventory=place / "hosts.json",
        settings={
            "ANSIBLE_CONNECTION_PLUGINS": str(ROOT / "tests" / "bench" / "hostless" / "connection_plugins"),
            "HOSTLESS_ANSWER": str(place / "answers"),
            "HOSTLESS_COUNT": str(place / "count"),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_REMOTE_TEMP": "/tmp/hostless",
            "ANSIBLE_FORKS": str(forks),
            "ANSIBLE_STDOUT_CALLBACK": "ascend.fleet.progress",
        },
        cwd=place,
        log=place / "log",
        timeout=600,
    )


def asked(place: Path) -> list[list[str]]:
    """What the hosts were asked, in time: host and module."""
    return [line.split() for line in (place / "count").read_text().splitlines()]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(how the playbook ended, what the hosts were asked, the folder of the run)."""
    place = tmp_path_factory.mktemp("first")
    done = install(place, HOSTS, [1, "100%"])
    return done, asked(place), place


def test_it_goes_from_bare_to_text(run):
    done, _asked, place = run
    assert done.ok, done.text[-4000:]
    hosts = json.loads((place / "report" / "report.json").read_text())["hosts"]
    assert [host["name"] for host in hosts] == HOSTS
    for host in hosts:
        assert (host["status"], host["inference"]["status"]) == ("converged", "passed")
        assert [step["state"] for step in host["plan"]] == ["done"] * 8


def test_stages_that_nobody_has_asked_for_are_not_on_the_screen(run):
    text = run[0].text
    assert "Report\n" in text and "no hosts to do this on" not in text and "Lay out" not in text, text


def test_it_is_counted(run):
    """One look before, one question for all files, one job on either side of the reboot; the second looks as well."""
    for host in HOSTS:
        asked = [module for name, module in run[1] if name == host]
        assert len(asked) <= AT_MOST, asked
        counts = {name: asked.count(name) for name in asked}
        assert (counts["host_facts"], counts["stretch"], counts.get("async_wait")) == (1, 2, None)
        assert (counts["put"], counts["artifact"]) == (1, 1)
        assert (counts["user"], counts.get("group")) == (1, None)
        assert asked.index("artifact") < asked.index("apt") < asked.index("stretch")


def test_all_hosts_are_staged_before_the_first_batch(run):
    """With ascend_stage_ahead; and none of them is asked again when its batch begins."""
    modules = [module for _name, module in run[1]]
    last = len(modules) - 1 - modules[::-1].index("artifact")
    assert last < modules.index("apt") and modules.count("artifact") == len(HOSTS)


def test_more_hosts_than_forks_all_work_at_once(tmp_path):
    """Each host's job is started before the first one is waited for."""
    done = install(tmp_path, HOSTS, ["100%"], forks=1)
    assert done.ok, done.text[-4000:]
    modules = [module for _name, module in asked(tmp_path) if module in ("stretch", "async_wait")]
    assert modules == ["stretch", "stretch", "async_wait", "async_wait"] * 2


def test_where_the_canary_fails_no_later_batch_is_started(tmp_path):
    names = ["npu-01", "npu-02", "npu-03"]
    done = install(tmp_path, names, [1, "100%"], broken=True)
    found = {
        host["name"]: host["status"] for host in json.loads((tmp_path / "report" / "report.json").read_text())["hosts"]
    }
    assert found == {"npu-01": "failed", "npu-02": "not_started", "npu-03": "not_started"}, done.text[-4000:]
    assert {host for host, module in asked(tmp_path) if module == "stretch"} == {"npu-01"}

"""What the main job leaves on a PyTorch host: the published torch and torch_npu, text by them, and the ways back."""

from __future__ import annotations

import json
import os
from pathlib import Path

ENVIRONMENT = "/opt/ascend/envs/torch"
SENTENCE = Path(os.environ["ASCEND_ROOT"]) / "roles" / "inference_check" / "files" / "gpt2" / "expected.txt"
IMPORT = "import torch, torch_npu; print(torch.__version__, torch_npu.__version__, torch.npu.is_available())"


def proof(host) -> dict:
    return json.loads(host.file("/var/lib/ascend-fleet/proofs/inference.json").content_string)


def packages(host) -> str:
    return host.check_output(f"ls {ENVIRONMENT}/lib/python3.11/site-packages")


def test_text_was_generated_by_pytorch(host):
    found = proof(host)
    assert found["text"] == SENTENCE.read_text(encoding="utf-8").strip()
    assert (found["status"], found["engine"], found["device"], found["torch"]) == (
        "passed",
        "torch-plain",
        "CPU",
        "2.7.1+cpu",
    )
    assert found["shown"] == [
        "products of matrices on cpu as on the CPU",
        "the sum of the numbers of 2 processes on the CPU by an all_reduce (gloo)",
    ]


def test_the_report_has_one_stack_and_no_mindspore(host):
    path = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "report" / "report.json"
    (entry,) = json.loads(path.read_text(encoding="utf-8"))["hosts"]
    assert entry["status"] == "converged"
    assert entry["versions"]["torch"] == "2.7.1" and entry["versions"]["torch_npu"] == "2.7.1.post8"
    assert (entry["versions"]["nnal"], entry["versions"]["cann"]) == ("9.1.0", "toolkit 9.1.0")
    assert not entry["versions"]["mindspore"]


def test_every_installer_ran_once(host):
    calls = [json.loads(line) for line in host.file("/var/log/npu-sim/vendor-calls.log").content_string.splitlines()]
    starts = [call["package"] for call in calls if call["event"] == "start" and "--quiet" in call["argv"]]
    installed = [name for name in starts if name.endswith(".run")]
    assert sorted(set(installed)) == sorted(installed) and len(installed) == 5, installed


def test_torch_npu_finds_cann_in_a_unit_and_in_a_bare_shell(host):
    # What a unit gets is the file; a cron job has nothing but what it starts.
    values = host.file(f"{ENVIRONMENT}/ascend.env").content_string
    assert "/usr/local/Ascend/nnal/atb/latest/atb/cxx_abi_1/lib" in values and 'ATB_HOME_PATH="' in values
    said = host.check_output(f"env -i {ENVIRONMENT}/bin/ascend-run python -c '{IMPORT}' 2>&1")
    assert said.splitlines()[-1] == "2.7.1+cpu 2.7.1.post8 False"


def test_without_cann_the_wheel_says_which_library_it_misses(host):
    said = host.run(f"env -i TORCH_DEVICE_BACKEND_AUTOLOAD=0 {ENVIRONMENT}/bin/python -c 'import torch_npu'").stderr
    assert "ImportError: libhccl.so: cannot open shared object file" in said


def test_a_companion_comes_and_goes_with_a_rollback(host, fleet):
    before = packages(host)
    assert "six.py" not in before
    fleet.output("site.yml", "-e", json.dumps({"ascend_torch_companions": ["six==1.17.0"]}))
    assert "six.py" in packages(host)
    said = fleet.output("playbooks/rollback.yml")
    assert "restore Python 3.11: without six" in said
    assert packages(host) == before
    assert proof(host)["status"] == "passed"


def test_last_of_all_everything_of_ours_goes(host, fleet):
    fleet.output("playbooks/uninstall.yml", "-e", json.dumps({"ascend_components": ["python", "torch", "nnal"]}))
    assert not host.file(ENVIRONMENT).exists
    assert not host.file("/usr/local/Ascend/nnal/atb/latest").exists

"""A path that this Python cannot name is answered in words, under any locale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale

TREE = Path(__file__).resolve().parents[5] / ".cache" / "collections"
# What Python 3.6 is in the locale C; later ones have to be told not to help themselves.
SEVEN_BITS = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
MODULES = {
    "run_package": {"path": "/srv/模型/Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run"},
    "python_environment": {"path": "/opt/ascend/envs/模型"},
    "text_generation": {"environment": "/opt/ascend/envs/模型", "model": "gpt2", "model_dir": "/m"},
    "framework_check": {"environment": "/opt/ascend/envs/模型"},
    "host_facts": {"env_root": "/opt/模型/envs"},
    "doctor_probe": {"env_root": "/opt/模型/envs"},
    "npu_smi_info": {"path": "/opt/模型/npu-smi"},
    "artifact": {"files": [{"name": "模型.ckpt", "sha256": "0" * 64}], "state_dir": "/tmp/none"},
}


def test_ascii_and_what_is_no_path_are_no_complaint():
    assert host_locale.complaint({"path": "/opt", "files": ["/a", None], "other": 3, "none": None}) is None


@pytest.mark.parametrize("value", ["/opt/模型", ["/opt", "/opt/模型"]])
def test_the_option_the_path_and_the_fix_are_named(value):
    said = host_locale.complaint({"a": "/opt", "env_root": value}, lambda path: path.encode("ascii"), "ascii")
    assert said.startswith("env_root: ") and "in ascii" in said and "'/opt/\\u6a21\\u578b'" in said
    assert "LC_ALL: C.UTF-8" in said and said.isascii()


def test_a_zero_byte_is_named():
    assert "no zero byte" in host_locale.complaint({"path": "/opt\0x"})


@pytest.mark.parametrize("name", sorted(MODULES))
def test_each_module_answers_in_words(name):
    arguments = {**MODULES[name], "_ansible_remote_tmp": "/tmp", "_ansible_check_mode": True}
    code = (
        "import sys, json\nsys.path[:] = sys.argv[1].split(':')\nassert sys.getfilesystemencoding() == 'ascii'\n"
        "arguments = json.load(sys.stdin)\nimport importlib\n"
        "module = importlib.import_module('ansible_collections.ascend.fleet.plugins.modules.' + sys.argv[2])\n"
        "try:\n    from ansible.module_utils.testing import patch_module_args\nexcept ImportError:\n"
        "    from ansible.module_utils import basic\n"
        "    basic._ANSIBLE_ARGS = json.dumps({'ANSIBLE_MODULE_ARGS': arguments}).encode()\n    module.main()\n"
        "else:\n    with patch_module_args(arguments):\n        module.main()\n"
    )
    paths = ":".join([str(TREE), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", code, paths, name],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=SEVEN_BITS,
    )
    assert "Traceback" not in done.stderr and done.stdout, done.stderr
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    assert answer["failed"] and "LC_ALL: C.UTF-8" in answer["msg"], answer

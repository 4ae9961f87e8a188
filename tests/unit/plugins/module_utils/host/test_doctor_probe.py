"""What the doctor's probe reads from a host, and the rules about it."""

from __future__ import annotations

import copy
import json
import os
import time

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import host_view
from ansible_collections.ascend.fleet.plugins.module_utils.host import deeper as doctor_probe
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import hccl_errors
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import rules as doctor
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView, Node

RUN = Node("", mode="0755")
ENV = "/opt/ascend/envs/mindspore"
SITE = f"{ENV}/lib/python3.11/site-packages"
PARAMS = {"install_path": "/usr/local/Ascend", "env_root": "/opt/ascend/envs", "controller_time": 1000.0}
KEYS = {
    "time", "clock_offset", "pam_su_rootok", "kernel_compiler", "umask", "umask_files", "sshd", "dkms", "logs",
    "kernel_log", "install_path", "parents", "cann_record", "login_files", "compiler_packages", "libraries",
    "mindspore_arch", "installers", "closed", "hccl", "tuning",
}  # fmt: skip


def probe(*tree, now=1000.0, commands=(), **params):
    return doctor_probe.collect(DictView(*tree, commands=commands), {**PARAMS, **params}, now)


def test_an_empty_host():
    seen = probe({})
    assert set(seen) == KEYS
    assert seen["clock_offset"] == 0
    assert seen["pam_su_rootok"] is seen["kernel_compiler"] is seen["umask"] is seen["dkms"] is None
    assert not any(seen[key] for key in ("logs", "kernel_log", "cann_record", "login_files", "libraries"))


def test_the_errors_of_jobs():
    logs = "ascend/log/debug/plog/plog-"
    tree = {
        f"/root/{logs}48_20261120101112.log": "[ERROR] EI0006: socket timeout\n[ERROR] EI0006: again\n",
        f"/home/ann/{logs}9_20261120101112.log": "[ERROR] EI0016: tls\n",
        "/home/ann/ascend/log/debug/plog/device-0.log": "EI0004",
        "/home/bob/x": "",
    }
    assert [(row["code"], row["file"].split("/ascend")[0], row["line"]) for row in probe(tree)["hccl"]] == [
        ("EI0006", "/root", "[ERROR] EI0006: socket timeout"),
        ("EI0016", "/home/ann", "[ERROR] EI0016: tls"),
    ]


def test_this_machine():
    seen = doctor_probe.collect(host_view.HostView(), {**PARAMS, "controller_time": None}, time.time())
    assert set(seen) == KEYS and seen["clock_offset"] is None
    assert json.loads(json.dumps(seen)) == seen


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("auth\t\tsufficient\tpam_rootok.so\n", True),
        ("auth [success=ok default=ignore] pam_rootok.so\n", True),
        ("# auth sufficient pam_rootok.so\nauth required pam_unix.so\n", False),
        ("", False),
        (None, None),
    ],
)
def test_pam(text, answer):
    assert probe({"/etc/pam.d/su": text} if text is not None else {})["pam_su_rootok"] is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Linux version 5.10.0 (a@b) (gcc_old (GCC) 1, gcc (GCC) 10.3.1, GNU ld 2.37) #1 SMP", "10.3.1"),
        ("Linux version 4.19.90 (a@b) (gcc version 7.3.0 (GCC)) #1 SMP", "7.3.0"),
        ("Linux version 6.1.0 (a@b) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld) #1", "12.2.0"),
        ("Linux version 5.15 (a@b) (aarch64-linux-gnu-gcc-11 (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0)", "11.4.0"),
        ("Linux version 6.6 (a@b) (clang version 17.0.6)", None),
        ("", None),
    ],
)
def test_kernel_compiler(text, answer):
    assert probe({"/proc/version": text})["kernel_compiler"] == answer


def test_umasks():
    seen = probe(
        {
            "/proc/self/status": "Name:\tpython3\nUmask:\t0077\n",
            "/etc/profile": "if true; then\n    umask 022\nfi\n",
            "/etc/bashrc": "umask 0027\n# umask 077\n",
        }
    )
    assert seen["umask"] == "0077"
    assert seen["umask_files"] == [{"path": "/etc/bashrc", "umask": "0027"}]


def test_sshd_takes_the_first_value_and_follows_includes():
    seen = probe(
        {
            "/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\n#ClientAliveInterval 5\n"
            "ClientAliveInterval 60\nMatch User x\nClientAliveCountMax 9\n",
            "/etc/ssh/sshd_config.d/50.conf": "clientaliveinterval = 10m\nClientAliveCountMax=0\n",
            "/etc/ssh/sshd_config.d/README": "ClientAliveInterval 1\n",
        }
    )
    assert seen["sshd"] == {"client_alive_interval": 600, "client_alive_count_max": 0}


def test_sshd_that_includes_itself_ends():
    seen = probe({"/etc/ssh/sshd_config": "Include sshd_config\nMatch all\nClientAliveInterval 5\n"})
    assert seen["sshd"]["client_alive_interval"] is None


def test_dkms():
    base = "/var/lib/dkms/davinci_ascend/1.0"
    seen = probe({f"{base}/source/dkms.conf": "", f"{base}/5.10.0-99/aarch64/module/drv.ko": "", f"{base}/build": None})
    assert seen["dkms"] == {"versions": ["1.0"], "kernels": ["5.10.0-99"]}
    assert probe({"/var/lib/dkms/davinci_ascend": None})["dkms"] == {"versions": [], "kernels": []}


DKMS = "[Driver] [2025-07-17 10:31:58] [ERROR]Dkms install failed, details in : /var/log/ascend_seclog/a.log"
GOOD = "[Driver] [2025-07-17 10:35:21] [INFO]Driver package installed successfully! The new version takes effect"


def test_a_log_counts_from_its_last_success_on():
    log = "/var/log/ascend_seclog/ascend_install.log"
    assert probe({log: f"{DKMS}\n{GOOD}\n"})["logs"] == []
    [row] = probe({log: f"{GOOD}\n{DKMS}\n", "/var/log/ascend_seclog/operation.log": DKMS})["logs"]
    assert row["file"] == log and row["line"] == DKMS
    assert "kernel module" in row["cause"] and "davinci_ascend" in row["fix"]
    [row] = probe({log: "[Driver] [ERROR]something new\n[Driver] [INFO]bye\n"})["logs"]
    assert (row["line"], row["cause"], row["fix"]) == ("[Driver] [ERROR]something new", None, None)


def test_the_kernel_log():
    text = (
        "[1.0] drv_vascend: Unknown symbol mdev_register_parent (err -2)\n[2.0] nouveau: Unknown symbol x\n"
        "[3.0] drv_pcie: module verification failed: signature and/or required key missing - tainting kernel\n"
    )
    tree = {"/usr/bin/dmesg": RUN}
    assert probe(tree, commands={"/usr/bin/dmesg": (0, text)})["kernel_log"] == [text.splitlines()[0]]
    assert probe(tree, commands={"/usr/bin/dmesg": (1, "")})["kernel_log"] == []
    assert probe(tree)["kernel_log"] == []


def test_installers_that_run():
    run = "/tmp/Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run"
    seen = probe(
        {
            "/proc/uptime": "4000.50 1.0\n",
            "/proc/77/cmdline": f"/bin/sh\0{run}\0--full\0",
            "/proc/77/stat": "77 (a ) b) S " + " ".join(["0"] * 18) + " 40000 0",
            "/proc/78/cmdline": f"scp\0{run}\0",
            "/proc/79/cmdline": f"python3\0-c\0{run}\0",
            "/proc/80/cmdline": "",
            "/proc/81/cmdline": "/bin/bash\0./run_driver_install.sh\0",
            "/proc/82/cmdline": f"{run}\0--upgrade\0--extra=hunter2\0token\0",
            "/proc/83/cmdline": f"bash\0-c\0{run} hunter2\0",
            "/proc/84/cmdline": f"{run} hunter2\0",
        }
    )
    assert seen["installers"] == [
        {"pid": 77, "command": f"/bin/sh {run} --full", "minutes": 60},
        {"pid": 81, "command": "/bin/bash ./run_driver_install.sh", "minutes": None},
        {"pid": 82, "command": f"{run} --upgrade", "minutes": None},
        {"pid": 84, "command": run, "minutes": None},
    ]


@pytest.mark.parametrize(
    ("owner", "mode", "closed"),
    [("root", "0755", []), ("root", "0750", [ENV]), ("root", "0700", [ENV]), ("alice", "0700", [])],
)
def test_closed_environments(monkeypatch, owner, mode, closed):
    monkeypatch.setattr(DictView, "stat_owner", lambda self, path: {"owner": owner, "mode": mode})
    assert probe(environment("te-0.4.0"))["closed"] == closed


def test_parents():
    rows = probe({"/data/npu": Node(owner="alice", mode="0700", kind="dir")}, install_path="/data/npu/Ascend")[
        "parents"
    ]
    assert rows == [
        {"path": "/data/npu", "owner": "alice", "mode": "0700"}, {"path": "/data", "owner": "root", "mode": "0755"}
    ]  # fmt: skip


def environment(*packages):
    tree = {f"{ENV}/ascend-fleet.json": "{}"}
    tree.update({f"{SITE}/{name}.dist-info/METADATA": "" for name in packages})
    return tree


def test_environments():
    ldd = "\tlibblas.so.3 => not found\n\tlibm.so.6 => /lib/libm.so.6 (0x1)\n\tlibquadmath.so.0 => not found\n"
    library = f"{SITE}/torch/lib/libtorch_cpu.so"
    seen = probe(
        environment("te-0.4.0", "attrs-23.1", "cffi-1.15", "decorator-5.1", "psutil-5.9"),
        {
            library: "",
            "/usr/bin/ldd": RUN,
            f"{SITE}/mindspore/_c_expression.cpython-311-x.so": "\x7fELF" + "\x00" * 14 + ">",
        },
        {"/opt/ascend/envs/foreign/lib/python3.11/site-packages/te-1.dist-info/METADATA": ""},
        commands={f"/usr/bin/ldd {library}": (0, ldd)},
    )
    assert seen["compiler_packages"] == {"mindspore": ["scipy"]}
    assert seen["libraries"] == {"mindspore": ["libblas.so.3", "libquadmath.so.0"]}
    assert seen["mindspore_arch"] == {"mindspore": "x86_64"}
    assert probe(environment("numpy-1.26"))["compiler_packages"] == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("given", [None, ENV, SITE, f"{SITE}/torch/lib/libtorch_cpu.so"])
def test_root_lets_ldd_look_at_a_library_as_whoever_can_write_it(tmp_path, monkeypatch, given):
    """ldd executes the loader that the library names."""
    view = host_view.HostView(str(tmp_path))
    for path in (f"{SITE}/torch/lib/libtorch_cpu.so", "/usr/bin/ldd", f"{ENV}/ascend-fleet.json"):
        (tmp_path / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path.lstrip("/")).write_text("{}")
    (tmp_path / "usr/bin/ldd").chmod(0o755)
    if given:
        os.chown(tmp_path / given.lstrip("/"), 4242, 4242)
    ran = []
    monkeypatch.setattr(host_view.HostView, "run", lambda self, argv, timeout=10, owner_of=None: ran.append(owner_of))
    doctor_probe.collect(view, PARAMS, 0.0)
    assert ran == [given]


def test_the_machine_of_a_real_library(tmp_path):
    package = tmp_path / SITE.lstrip("/") / "mindspore"
    package.mkdir(parents=True)
    (tmp_path / ENV.lstrip("/") / "ascend-fleet.json").write_text("{}")
    for machine, name in ((183, "aarch64"), (62, "x86_64")):
        header = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" + bytes([machine, 0]) + bytes(44)
        (package / "_c_expression.so").write_bytes(header)
        seen = doctor_probe.collect(host_view.HostView(str(tmp_path)), PARAMS, 0.0)
        assert seen["mindspore_arch"] == {"mindspore": name}


# ---- rules ----------------------------------------------------------------------------------------------------------

FACTS = {
    "arch": "aarch64",
    "host_kind": "physical",
    "kernel": {"release": "5.10.0-136", "headers": True},
    "tools": {"gcc": "10.3.1"},
    "accelerators": {"count": 8, "unknown": []},
    "driver": {"installed": "25.3.rc1"},
    "npu": {"available": True},
    "cann": [{"product": "nnae", "version": "8.3.RC1", "set_env": "/usr/local/Ascend/nnae/set_env.sh"}],
    "environments": [{"name": "mindspore"}],
}
LOG = {"file": "/var/log/ascend_seclog/ascend_install.log", "line": DKMS, "cause": "no headers", "fix": "install them"}
CANN_LOG = {"file": "/var/log/ascend_seclog/ascend_nnae_install.log", "line": "[ERROR] x", "cause": None, "fix": None}
DOWN = {"npu": {"available": False}}


CARD = {"address": "0000:c1:00.0", "numa_node": 1, "iommu": None}


def tuned(words, **changes):
    return {}, {"tuning": changes}, words


# rule -> (changes to the facts, changes to the probe, words of the evidence)
CASES = {
    "clock-wrong": ({}, {"clock_offset": -86400.0}, "86400 seconds behind"),
    "clock-skew": ({}, {"clock_offset": 200.0}, "200 seconds ahead"),
    "su-asks-password": ({}, {"pam_su_rootok": False}, "/etc/pam.d/su"),
    "gcc-differs": (DOWN, {"kernel_compiler": "7.3.0"}, "built with gcc 7.3.0, here is gcc 10.3.1"),
    "umask-closed": ({}, {"umask": "0077"}, "umask 0077"),
    "ssh-closes-idle": ({}, {"sshd": {"client_alive_interval": 300, "client_alive_count_max": 0}}, "300"),
    "dkms-leftover": ({"driver": {"installed": None}}, {"dkms": {"versions": ["1.0"], "kernels": []}}, "1.0"),
    "dkms-other-kernel": (DOWN, {"dkms": {"versions": ["1.0"], "kernels": ["5.10.0-99"]}}, "running is 5.10.0-136"),
    "install-failed": ({**DOWN, "driver": {"installed": None}}, {"logs": [LOG]}, "Dkms install failed"),
    "install-complained": ({}, {"logs": [LOG, CANN_LOG]}, "ascend_nnae_install.log"),
    "kernel-refuses-module": (DOWN, {"kernel_log": ["drv_vascend: Unknown symbol mdev_register_parent"]}, "mdev"),
    "install-path-parents": ({}, {"parents": [{"path": "/data", "owner": "root", "mode": "0777"}]}, "0777"),
    "cann-redirected": ({}, {"cann_record": ["/data/Ascend"]}, "/data/Ascend"),
    "cann-not-in-shell": ({"environments": []}, {}, "set_env.sh"),
    "compiler-packages": ({}, {"compiler_packages": {"mindspore": ["attrs", "cffi"]}}, "mindspore lacks attrs, cffi"),
    "libraries-missing": ({}, {"libraries": {"mindspore": ["libblas.so.3"]}}, "libblas.so.3"),
    "installer-running": ({}, {"installers": [{"pid": 7, "command": "x.run", "minutes": 60}]}, "for 60 minutes: x.run"),
    "environment-closed": ({}, {"closed": [ENV]}, ENV),
    "cpu-governor": tuned("6 CPUs with schedutil", governors={"performance": 2, "schedutil": 6}),
    "memory-settings": tuned("vm.swappiness is 60", sysctl={"vm.swappiness": "60"}),
    "transparent-hugepages": tuned("says madvise", transparent_hugepages="madvise"),
    "limits-low": tuned("4096 files", limits={"nofile": {"soft": 1024, "hard": 4096}}),
    "hccl-ports-open": tuned(
        "60016-60031 are HCCL's",
        sysctl={"net.ipv4.ip_local_reserved_ports": "60000-60015"},
        port_range="32768 60999",
    ),
    "iommu-translates": tuned("0000:c1:00.0 (DMA-FQ)", accelerators=[{**CARD, "iommu": "DMA-FQ"}]),
    "numa-unknown": tuned(
        "4 NUMA nodes, none named for 0000:c1:00.0", numa_nodes=4, accelerators=[{**CARD, "numa_node": None}]
    ),
    "mindspore-arch": ({}, {"mindspore_arch": {"mindspore": "x86_64"}}, "x86_64, the host is aarch64"),
    **{
        f"hccl-{code.lower()}": ({}, {"hccl": [{"file": "job.log", "code": code, "line": f"{code}: x"}]}, f"{code}: x")
        for code in hccl_errors.CODES
    },
}


def problems(facts, seen):
    """The rows of the probe's rules alone; those of the facts have tests of their own."""
    seen = dict(facts, probe=seen)
    return {rule["id"]: (rule["when"](seen), rule["fix"](seen) if callable(rule["fix"]) else rule["fix"])
            for rule in doctor.PROBE_RULES if rule["when"](seen)}  # fmt: skip


@pytest.fixture
def quiet():
    return probe({})


def test_nothing_is_wrong(quiet):
    assert problems(FACTS, quiet) == {}
    assert problems(FACTS, {**quiet, "clock_offset": None, "kernel_compiler": "7.3.0", "logs": []}) == {}


@pytest.mark.parametrize("rule", sorted(CASES))
def test_rule(rule, quiet):
    facts, seen, words = CASES[rule]
    found = problems({**copy.deepcopy(FACTS), **facts}, {**quiet, **seen})
    assert list(found) == [rule]
    evidence, fix = found[rule]
    assert words in evidence and isinstance(fix, str) and fix


def test_every_rule_has_a_case():
    identifiers = [rule["id"] for rule in doctor.RULES + doctor.PROBE_RULES]
    assert sorted(rule["id"] for rule in doctor.PROBE_RULES) == sorted(CASES)
    assert len(set(identifiers)) == len(identifiers)
    assert {rule["severity"] for rule in doctor.PROBE_RULES} <= set(doctor.SEVERITIES)


def test_the_fix_of_a_known_complaint_is_handed_on(quiet):
    facts = {**FACTS, "driver": {"installed": None}, "npu": {"available": False}}
    assert problems(facts, {**quiet, "logs": [LOG]})["install-failed"][1] == "No headers: install them."
    assert "Read the log" in problems(FACTS, {**quiet, "logs": [CANN_LOG]})["install-complained"][1]

"""busy: who holds the NPUs, from a procfs made of plain files."""

import os

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.host import busy

HEX = "0123456789abcdef" * 4


@pytest.fixture
def proc(tmp_path):
    """A maker of processes under a folder that looks like /proc."""

    def add(pid, command, devices=(), cgroup="0::/user.slice", uid=0):
        base = tmp_path / str(pid)
        (base / "fd").mkdir(parents=True)
        (base / "cmdline").write_bytes(b"\0".join(word.encode() for word in command))
        (base / "comm").write_text(command[0] + "\n" if command else "kthread\n")
        (base / "status").write_text(f"Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")
        (base / "cgroup").write_text(cgroup)
        for number, device in enumerate(devices):
            os.symlink(device, base / "fd" / str(number))

    add.root = str(tmp_path)
    return add


def test_a_process_with_an_open_device_is_a_user(proc):
    proc(10, ["/usr/bin/python3", "train.py", "--token=secret", "x"], ["/dev/null", "/dev/davinci3", "/dev/davinci1"])
    proc(11, ["bash"], ["/dev/pts/0", "/dev/davincix"])
    assert busy.users(proc.root) == [
        {
            "pid": 10,
            "user": "root",
            "command": "/usr/bin/python3 train.py",
            "source": "open device",
            "device": "/dev/davinci1",
            "container": None,
        }
    ]


@pytest.mark.parametrize(
    "words,shown",
    [
        (["/usr/bin/python3", "train.py", "token=hunter2", "-phunter2"], "/usr/bin/python3 train.py"),
        (["python", "-u", "-W", "ignore", "/home/alice/train.py", "hunter2"], "python train.py"),
        (
            ["python3.11", "-m", "torch.distributed.run", "--nproc", "8", "hunter2"],
            "python3.11 -m torch.distributed.run",
        ),
        (["python3", "-Im", "hunter2"], "python3"),
        (["python3", "-m", "hunter2 token"], "python3 -m"),
        (["python3", "-c", "login('hunter2')"], "python3"),
        (["python3", "-", "hunter2"], "python3"),
        (["python3", "--unknown", "hunter2"], "python3"),
        (["python3", "token=hunter2"], "python3"),
        (["bash", "-c", "curl -u me:hunter2 http://x"], "bash"),
        (["/bin/sh", "./start.sh", "hunter2"], "/bin/sh start.sh"),
        (["perl", "-e", "hunter2"], "perl"),
        (["mysql", "-phunter2", "base"], "mysql"),
        (["curl", "-H", "Authorization: hunter2", "http://me:hunter2@host/"], "curl"),
        (["torchrun", "hunter2", "hunter2"], "torchrun"),
        (["env", "TOKEN=hunter2", "python", "x.py"], "env"),
        # A process that rewrites its title leaves one piece.
        (["worker: job hunter2"], "worker:"),
        (["python serve.py token=hunter2"], "python serve.py"),
        (["python x.py hunter2", "", ""], "python x.py"),
        (["", "hunter2"], "comm"),
        ([], "comm"),
    ],
)
def test_arguments_of_other_users_are_not_shown(words, shown):
    assert busy.command_of("\0".join(words) + "\0", "comm\n") == shown


def test_arguments_are_in_no_fact(proc):
    proc(10, ["/usr/bin/python3", "train.py", "token=hunter2"], ["/dev/davinci0"])
    proc(11, ["mysql", "-phunter2"], ["/dev/davinci0"])
    rows = busy.users(proc.root, [{"pid": 11, "name": "mysql"}, {"pid": 98, "name": "serve hunter2"}])
    assert "hunter2" not in str(rows) + "".join(busy.describe(row) for row in rows)


@pytest.mark.parametrize(
    "cgroup,container",
    [
        (f"0::/system.slice/docker-{HEX}.scope", "docker 0123456789ab"),
        (f"12:pids:/docker/{HEX}\n11:cpu:/", "docker 0123456789ab"),
        (f"0::/kubepods.slice/kubepods-besteffort.slice/x/cri-containerd-{HEX}.scope", "containerd 0123456789ab"),
        (f"0::/machine.slice/libpod-{HEX}.scope/container", "podman 0123456789ab"),
        ("0::/user.slice/user-0.slice", None),
    ],
)
def test_the_container_is_named(proc, cgroup, container):
    proc(10, ["python"], ["/dev/davinci_manager"], cgroup=cgroup)
    assert busy.users(proc.root, read_state=lambda path: "")[0]["container"] == container


def test_on_a_host_that_is_a_container_the_own_container_says_nothing(proc):
    cgroup = f"0::/machine.slice/libpod-{HEX}.scope/container"
    proc(1, ["/sbin/init"], cgroup=cgroup)
    proc(10, ["python"], ["/dev/hisi_hdc"], cgroup=cgroup)
    assert busy.users(proc.root)[0]["container"] is None


def test_processes_of_npu_smi_are_joined_with_open_devices(proc):
    proc(10, ["python", "serve.py"], ["/dev/davinci0"])
    rows = busy.users(proc.root, [{"pid": 10, "name": "python"}, {"pid": 99, "name": "gone"}, {"pid": None}])
    assert [(r["pid"], r["source"], r["device"], r["command"]) for r in rows] == [
        (10, "npu-smi", "/dev/davinci0", "python serve.py"),
        (99, "npu-smi", None, "gone"),
    ]


def test_npu_smi_itself_and_the_caller_are_not_users(proc):
    proc(10, ["/usr/local/bin/npu-smi", "info"], ["/dev/davinci_manager"])
    proc(11, ["ansible"], ["/dev/davinci_manager"])
    assert busy.users(proc.root, own_pid=11) == []


def test_an_unreadable_procfs_is_nobody(tmp_path):
    assert busy.users(str(tmp_path / "none")) == []


def test_a_row_in_words():
    row = {"pid": 7, "user": "alice", "container": "docker 0123", "command": "python x.py", "device": "/dev/davinci0"}
    assert busy.describe(row) == "pid 7 (alice, docker 0123): python x.py, /dev/davinci0"
    assert busy.describe({"pid": 7, "user": None, "container": None, "command": "", "device": None}) == "pid 7: ?"

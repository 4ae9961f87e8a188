"""Distribution, kernel, host kind, boot, users, disks and device nodes of any host."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import boot
from ansible_collections.ascend.fleet.plugins.module_utils.change import process as process_io
from ansible_collections.ascend.fleet.plugins.module_utils.host import system
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView, Link, Node

RUN = Node("", mode="0755")
OPENEULER = (
    'NAME="openEuler"\nVERSION="22.03 (LTS-SP4)"\nID="openEuler"\nVERSION_ID="22.03"\nPRETTY_NAME="openEuler 22.03"\n'
)
UBUNTU = 'PRETTY_NAME="Ubuntu 22.04.3 LTS"\nVERSION_ID="22.04"\nID=ubuntu\nID_LIKE=debian\n'
KYLIN = 'NAME="Kylin Linux Advanced Server"\nID="kylin"\nVERSION_ID="V10"\n'


def os_of(text, *tools):
    return system.operating_system(DictView({"/etc/os-release": text, **{f"/usr/bin/{tool}": RUN for tool in tools}}))


def test_openeuler():
    assert os_of(OPENEULER, "dnf", "yum") == {
        "id": "openeuler",
        "id_like": [],
        "version": "22.03",
        "name": "openEuler 22.03",
        "family": "dnf",
        "package_manager": "dnf",
    }


@pytest.mark.parametrize(
    "text, tools, family, manager",
    [
        (UBUNTU, ["apt-get"], "apt", "apt-get"),
        (UBUNTU, ["apt-get", "dnf"], "apt", "apt-get"),
        ('ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\n', ["yum"], "dnf", "yum"),
        (OPENEULER, ["apt-get", "dnf"], "dnf", "dnf"),
        (KYLIN, ["yum", "dnf"], "dnf", "dnf"),
        (KYLIN, ["apt-get"], "apt", "apt-get"),
        ("ID=alpine\n", [], None, None),
        ("", [], None, None),
    ],
)
def test_package_manager(text, tools, family, manager):
    answer = os_of(text, *tools)
    assert (answer["family"], answer["package_manager"]) == (family, manager)


def test_os_release_in_usr_lib():
    view = DictView({"/usr/lib/os-release": UBUNTU})
    assert system.operating_system(view)["id_like"] == ["debian"]


@pytest.mark.parametrize(
    "machine, arch", [("aarch64", "aarch64"), ("arm64", "aarch64"), ("x86_64", "x86_64"), ("riscv64", "riscv64")]
)
def test_architecture(machine, arch):
    assert system.architecture(DictView(machine=machine)) == arch


def test_kernel_headers():
    build = "/lib/modules/5.10.0-136/build"
    assert system.kernel(DictView()) == {"release": "5.10.0-136", "headers": False}
    assert system.kernel(DictView({build: Link("/usr/src/kernels/5.10.0-136")}))["headers"] is False, "a dangling link"
    assert system.kernel(DictView({build: Link("/usr/src/k"), "/usr/src/k/Makefile": ""}))["headers"] is True


@pytest.mark.parametrize("name, version", [("glibc 2.34", "2.34"), ("musl 1.2", None), (None, None), ("", None)])
def test_glibc(name, version):
    assert system.glibc_version(DictView(glibc=name)) == version


def test_boot_id():
    stat = "1 (system d) x) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 170 0"
    view = DictView({"/proc/sys/kernel/random/boot_id": "531f9977-ec8e\n", "/proc/1/stat": stat})
    assert boot.identity(view.read) == "531f9977-ec8e:4242"
    assert boot.identity(DictView().read) == "unknown:None"


def test_boot_id_is_the_one_the_journal_is_written_with(tmp_path):
    from ansible_collections.ascend.fleet.plugins.module_utils.host_view import HostView

    (tmp_path / "proc/sys/kernel/random").mkdir(parents=True)
    (tmp_path / "proc/1").mkdir()
    (tmp_path / "proc/sys/kernel/random/boot_id").write_text("abc\n")
    (tmp_path / "proc/1/stat").write_text("1 (init) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 77 170 0")
    assert boot.identity(HostView(str(tmp_path)).read) == process_io.boot_id(str(tmp_path / "proc")) == "abc:77"


@pytest.mark.parametrize(
    "answer, kind",
    [
        ((1, "none\n"), "physical"),
        ((0, "kvm\n"), "vm"),
        ((0, "vmware\n"), "vm"),
        ((0, "xen\n"), "vm"),
        ((0, "qemu\n"), "vm"),
        ((0, "microsoft\n"), "vm"),
        ((0, "docker\n"), "container"),
        ((0, "lxc\n"), "container"),
        ((0, "systemd-nspawn\n"), "container"),
        ((0, "podman\n"), "container"),
    ],
)
def test_host_kind_by_systemd(answer, kind):
    path = "/usr/bin/systemd-detect-virt"
    found, evidence = system.host_kind(DictView({path: RUN}, commands={path: answer}))
    assert found == kind
    assert evidence == "systemd-detect-virt: " + answer[1].strip()


@pytest.mark.parametrize(
    "tree, kind, words",
    [
        ({"/run/systemd/container": "podman\n"}, "container", "podman"),
        ({"/run/.containerenv": ""}, "container", "/run/.containerenv exists"),
        ({"/.dockerenv": ""}, "container", "/.dockerenv exists"),
        ({"/proc/1/environ": "PATH=/bin\0container=lxc\0"}, "container", "container=lxc"),
        ({"/sys/class/dmi/id/product_name": "KVM Virtual Machine\n"}, "vm", "KVM Virtual Machine"),
        ({"/sys/class/dmi/id/sys_vendor": "QEMU\n"}, "vm", "QEMU"),
        ({"/sys/hypervisor/type": "xen\n"}, "vm", "xen"),
        ({"/proc/cpuinfo": "flags\t\t: fpu hypervisor lahf\n"}, "vm", "hypervisor flag"),
        (
            {"/sys/class/dmi/id/product_name": "A800 9000 A2\n", "/sys/class/dmi/id/sys_vendor": "Huawei\n"},
            "physical",
            "no sign",
        ),
        ({}, "physical", "no sign"),
    ],
)
def test_host_kind_without_systemd(tree, kind, words):
    found, evidence = system.host_kind(DictView(tree))
    assert found == kind
    assert words in evidence


def test_host_kind_when_the_tool_fails():
    view = DictView({"/usr/bin/systemd-detect-virt": RUN, "/.dockerenv": ""}, commands={})
    assert system.host_kind(view) == ("container", "/.dockerenv exists")


def test_user():
    account = {
        "uid": 1000,
        "group": "HwHiAiUser",
        "groups": ["HwHiAiUser"],
        "shell": "/bin/bash",
        "home": "/home/HwHiAiUser",
    }
    view = DictView(accounts={"HwHiAiUser": account})
    assert system.user(view, "HwHiAiUser") == {
        "name": "HwHiAiUser",
        "exists": True,
        **account,
        "makes_group": False,
    }
    assert system.user(view, "nobody1") == {
        "name": "nobody1",
        "exists": False,
        "uid": None,
        "group": None,
        "groups": [],
        "shell": None,
        "home": None,
        "makes_group": False,
    }


@pytest.mark.parametrize(
    "text, makes",
    [
        ("UMASK 022\nUSERGROUPS_ENAB yes\n", True),
        ("USERGROUPS_ENAB\tyes\n", True),
        (' USERGROUPS_ENAB "yes"\n', True),
        ("USERGROUPS_ENAB yes\nUSERGROUPS_ENAB no\n", False),
        ("USERGROUPS_ENAB no\n", False),
        ("# USERGROUPS_ENAB yes\n", False),
        ("UMASK 022\n", False),
        (None, False),
    ],
)
def test_whether_a_group_comes_with_a_new_user(text, makes):
    view = DictView({} if text is None else {"/etc/login.defs": text})
    assert system.user(view, "HwHiAiUser")["makes_group"] is makes


def test_no_group_comes_with_a_user_whose_group_is_there():
    files = {"/etc/login.defs": "USERGROUPS_ENAB yes\n"}
    view = DictView(files, accounts={"other": {"uid": 1000, "group": "HwHiAiUser"}})
    assert system.user(view, "HwHiAiUser")["makes_group"] is False
    assert system.user(view, "other")["makes_group"] is False, "it is there"


def test_devices_in_the_order_of_their_numbers():
    node = Node(owner="HwHiAiUser", group="HwHiAiUser", mode="0660", kind="char")
    names = ["davinci10", "davinci2", "davinci_manager", "devmm_svm", "hisi_hdc", "null", "davinciX", "tty0"]
    rows = system.devices(DictView({f"/dev/{name}": node for name in names}))
    assert [row["path"] for row in rows] == [
        "/dev/davinci2",
        "/dev/davinci10",
        "/dev/davinci_manager",
        "/dev/devmm_svm",
        "/dev/hisi_hdc",
    ]
    assert rows[0] == {"path": "/dev/davinci2", "owner": "HwHiAiUser", "group": "HwHiAiUser", "mode": "0660"}


def test_disks():
    view = DictView(
        {
            "/opt": None,
            "/tmp": None,
            "/usr/local/Ascend": Link("/data/a b/Ascend"),
            "/data/a b/Ascend/x": "",
            "/proc/self/mountinfo": (
                "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:1 / /tmp rw - tmpfs tmpfs rw\n"
                "3 1 8:2 / /data/a\\040b rw shared:2 - xfs /dev/sdb rw\nbroken line\n"
            ),
        }
    )
    disks = system.disks(view, ["/usr/local/Ascend", "/opt/ascend", "/var/lib/ascend-fleet", "/tmp"])
    assert {path: row["filesystem"] for path, row in disks.items()} == {
        "/usr/local/Ascend": "xfs",
        "/opt/ascend": "ext4",
        "/var/lib/ascend-fleet": "ext4",
        "/tmp": "tmpfs",
    }
    assert disks["/opt/ascend"]["free_mb"] == 100000
    assert (disks["/usr/local/Ascend"]["owner"], disks["/usr/local/Ascend"]["mode"]) == ("root", "0755")
    assert disks["/opt/ascend"]["owner"] is None, "a path that is not there yet"


def test_disks_when_nothing_is_readable():
    assert system.disks(DictView(), ["/x"])["/x"]["filesystem"] is None


def test_which_looks_into_the_sbin_folders():
    assert system.which(DictView({"/usr/sbin/lspci": RUN}), "lspci") == "/usr/sbin/lspci"
    assert system.which(DictView({"/usr/bin/lspci": "not executable"}), "lspci") is None

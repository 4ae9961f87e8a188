"""File trees that the Ascend installers leave, as DictView dictionaries, and what host_facts looks at them with."""

from __future__ import annotations

from ansible_collections.ascend.fleet.plugins.action import host_facts
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.tests.unit.dictview import Link

ROOT = "/usr/local/Ascend"
# What host_facts looks with.
PARAMS = {
    "pci_ids": host_facts.pci_ids(catalog.load()["chips"]),
    "npu_names": host_facts.npu_names(catalog.load()["chips"]),
    "install_path": ROOT,
    "user": "HwHiAiUser",
    "env_root": "/opt/ascend/envs",
    "state_dir": "/var/lib/ascend-fleet",
    "npu_smi_timeout": 30,
}


def driver(version="25.3.rc1", root=ROOT, **extra):
    """A driver as the 25.x installers leave it, with its record."""
    text = (
        f"Version={version}\nascendhal_version=7.35.23\nInnerversion=V100R001C23SPC002B212\n"
        "compatible_version=[V100R001C19],[V100R001C20],[V100R001C21],[V100R001C23]\n"
        f"compatible_version_fw=[7.0.0,7.8.99]\npackage_version={version}\n"
    )
    return {
        f"{root}/driver/version.info": text,
        f"{root}/driver/script/uninstall.sh": "#!/bin/bash\n",
        f"{root}/driver/tools/upgrade-tool": "",
        "/etc/ascend_install.info": (
            "UserName=HwHiAiUser\nUserGroup=HwHiAiUser\nDriver_Install_Type=full\n"
            f"Driver_Install_Path_Param={root}\nDriver_Install_For_All=yes\nDriver_Install_Mode=normal\n"
        ),
        **extra,
    }


def firmware(version="7.8.0.2.212", root=ROOT, package="25.3.rc1"):
    return {
        f"{root}/firmware/version.info": (
            f"Version={version}\nfirmware_version=1.0\npackage_version={package}\n"
            "compatible_version_drv=[24.1,24.1.],[25.0,25.0.],[25.3,25.3.]\n"
        ),
        f"{root}/firmware/script/uninstall.sh": "#!/bin/bash\n",
    }


def info(product, version, code="C21", arch="aarch64", name=None, path=ROOT):
    return (
        f"package_name={name or 'Ascend-cann-' + product}\nversion={version}\ninnerversion=V100R001{code}SPC001B238\n"
        f"compatible_version=[V100R001C15],[V100R001{code}]\narch={arch}\nos=linux\npath={path}\n"
    )


def part(version_dir, version="7.7.0.1.238"):
    return f"Version={version}\nversion_dir={version_dir}\ntimestamp=20250428_203017761\n"


def cann_5_1(version="5.1.RC1"):
    """ascend-toolkit with fwkacllib; ``latest`` is a link."""
    base = f"{ROOT}/ascend-toolkit/{version}"
    return {
        f"{base}/x86_64-linux/ascend_toolkit_install.info": info("toolkit", version, "C13", "x86_64"),
        f"{base}/fwkacllib/version.info": part(version, "1.82.22.1.220"),
        f"{base}/fwkacllib/lib64/te-0.4.0-py3-none-any.whl": "",
        f"{base}/fwkacllib/lib64/topi-0.4.0-py3-none-any.whl": "",
        f"{base}/fwkacllib/lib64/hccl-0.1.0-py3-none-any.whl": "",
        f"{ROOT}/ascend-toolkit/latest": Link(version),
        f"{ROOT}/ascend-toolkit/set_env.sh": "",
    }


def cann_6_0_nnae(version="6.0.1"):
    """nnae without an architecture folder; ``latest`` is a link."""
    base = f"{ROOT}/nnae/{version}"
    return {
        f"{base}/ascend_nnae_install.info": info("nnae", version, "C30"),
        f"{base}/compiler/version.info": part(version, "1.84.15.1.230"),
        f"{base}/lib64/te-0.4.0-py3-none-any.whl": "",
        f"{base}/lib64/topi-0.4.0-py3-none-any.whl": "",
        f"{base}/lib64/hccl-0.1.0-py3-none-any.whl": "",
        f"{base}/script/uninstall.sh": "",
        f"{ROOT}/nnae/latest": Link(f"{ROOT}/nnae/{version}"),
        f"{ROOT}/nnae/set_env.sh": "",
    }


def cann_6_3(version="8.1.RC1", product="toolkit", code="C21", latest=True):
    """<folder>/<version> with <arch>-linux; ``latest`` is a folder of links into the release."""
    folder = f"{ROOT}/{'ascend-toolkit' if product == 'toolkit' else product}"
    base = f"{folder}/{version}"
    tree = {
        f"{base}/aarch64-linux/ascend_{product}_install.info": info(product, version, code),
        f"{base}/arm64-linux": Link("aarch64-linux"),
        f"{base}/compiler/version.info": part(version),
        f"{base}/runtime/version.info": part(version),
        f"{base}/aarch64-linux/lib64/te-0.4.0-py3-none-any.whl": "",
        f"{base}/aarch64-linux/lib64/hccl-0.1.0-py3-none-any.whl": "",
        f"{base}/aarch64-linux/lib64/libascendcl.so": "",
        f"{base}/lib64": Link("aarch64-linux/lib64"),
        f"{base}/cann_uninstall.sh": "",
        f"{folder}/8.1": Link(f"./{version}"),
        f"{folder}/set_env.sh": "",
    }
    if latest:
        tree.update(
            {
                f"{folder}/latest/aarch64-linux/ascend_{product}_install.info": Link(
                    f"../../{version}/aarch64-linux/ascend_{product}_install.info"
                ),
                f"{folder}/latest/arm64-linux": Link("aarch64-linux"),
                f"{folder}/latest/bin": Link("aarch64-linux/bin"),
                f"{folder}/latest/compiler": Link(f"../{version}/compiler"),
                f"{folder}/latest/runtime": Link(f"../{version}/runtime"),
                f"{folder}/latest/version.cfg": f"runtime_running_version=[7.7.0.1.238:{version}]\n",
            }
        )
    return tree


def kernels_8_1(version="8.1.RC1", soc="ascend910b", folder="ascend-toolkit"):
    base = f"{ROOT}/{folder}/{version}"
    return {
        f"{base}/opp_kernel/version.info": part(version),
        f"{base}/opp/built-in/op_impl/ai_core/tbe/kernel/{soc}/add.o": "",
        f"{base}/opp/built-in/op_impl/ai_core/tbe/kernel/config/x.json": "",
    }


def nnal_8_1(version="8.1.RC1"):
    return {
        f"{ROOT}/nnal/atb/{version}/version.info": (
            f"    Ascend-cann-atb : {version}\n    Ascend-cann-atb Version : {version}.B150\n    Platform : aarch64\n"
        ),
        f"{ROOT}/nnal/atb/latest": Link(version),
        f"{ROOT}/nnal/atb/set_env.sh": "",
    }


def cann_8_5(version="8.5.0", chip="910b", current=True):
    """cann-<version> and the link ``cann``; ops state themselves beside the toolkit."""
    base = f"{ROOT}/cann-{version}"
    tree = {
        f"{base}/aarch64-linux/ascend_toolkit_install.info": info("toolkit", version, "C25"),
        f"{base}/aarch64-linux/ascend_ops_install.info": info("ops", version, "C25", name=f"Ascend-cann-{chip}-ops"),
        f"{base}/aarch64-linux/script/uninstall.sh": "",
        f"{base}/aarch64-linux/script/ops_uninstall.sh": "",
        f"{base}/share/info/compiler/version.info": part(version, "8.5.0.1.200"),
        f"{base}/set_env.sh": "",
    }
    if current:
        tree[f"{ROOT}/cann"] = Link(f"cann-{version}")
        tree[f"{ROOT}/ascend-toolkit/latest"] = Link("../cann")
        tree[f"{ROOT}/ascend-toolkit/set_env.sh"] = ""
    return tree

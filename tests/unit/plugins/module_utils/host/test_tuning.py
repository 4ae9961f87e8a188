"""The settings of the operating system, as a host shows them."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.host import tuning
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView

LIMITS = """Limit                     Soft Limit           Hard Limit           Units
Max processes             127235               127235               processes
Max open files            1024                 524288               files
Max locked memory         8388608              unlimited            bytes
"""
NPU = "/sys/bus/pci/devices/0000:c1:00.0/"


def test_a_host():
    tree = {
        "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n",
        "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "schedutil\n",
        "/sys/devices/system/cpu/cpu10/cpufreq/scaling_governor": "schedutil\n",
        "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor": "schedutil\n",
        "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
        "/proc/sys/vm/swappiness": "60\n",
        "/proc/sys/net/ipv4/ip_local_reserved_ports": "\n",
        "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
        "/proc/self/limits": LIMITS,
        "/sys/devices/system/node/node0/cpulist": "",
        "/sys/devices/system/node/node1/cpulist": "",
        "/sys/devices/system/node/possible": "0-1",
        NPU + "vendor": "0x19e5\n",
        NPU + "class": "0x120000\n",
        NPU + "numa_node": "-1\n",
        NPU + "iommu_group/type": "DMA-FQ\n",
        "/sys/bus/pci/devices/0000:01:00.0/vendor": "0x19e5\n",
        "/sys/bus/pci/devices/0000:01:00.0/class": "0x020000\n",
    }
    assert tuning.observed(DictView(tree)) == {
        "governors": {"performance": 1, "schedutil": 2},
        "transparent_hugepages": "madvise",
        "sysctl": {
            "vm.swappiness": "60",
            "vm.nr_hugepages": None,
            "kernel.numa_balancing": None,
            "net.ipv4.ip_local_reserved_ports": "",
        },
        "port_range": "32768 60999",
        "limits": {
            "nproc": {"soft": 127235, "hard": 127235},
            "nofile": {"soft": 1024, "hard": 524288},
            "memlock": {"soft": 8388608, "hard": "unlimited"},
        },
        "numa_nodes": 2,
        "accelerators": [{"address": "0000:c1:00.0", "numa_node": None, "iommu": "DMA-FQ"}],
    }


@pytest.mark.parametrize("text", ["x", "5-", "9-3", "0", "65536", "1-2-3"])
def test_no_ports(text):
    with pytest.raises(ValueError):
        tuning.ports(text)


def test_ports():
    assert tuning.ports("60000-60031, 8080") == [(60000, 60031), (8080, 8080)]
    assert tuning.ports("") == []

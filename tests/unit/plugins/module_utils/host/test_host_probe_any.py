"""Whatever a host's files hold, host_facts answers, with the same keys and in JSON."""

from __future__ import annotations

import json

from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.module_utils.host import facts as host_probe
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import rules as doctor
from ansible_collections.ascend.fleet.tests.unit import ascend_trees as trees
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView, Link, Node, Unreadable
from hypothesis import given, settings
from hypothesis import strategies as st
from test_host_probe import KEYS

STARTED = journal.start("1-a", 0, "b:1", "driver", "install", None, "25.3.rc1")
ENV = "/opt/ascend/envs/mindspore"
SITE = f"{ENV}/lib/python3.11/site-packages"
NPU = {"available": False, "kind": "driver_not_loaded", "code": -8005, "message": "x", "fix": "y", "npu_smi": None}
HOST = {
    **trees.driver(),
    **trees.firmware(),
    **trees.cann_5_1(),
    **trees.cann_6_0_nnae(),
    **trees.cann_6_3(product="nnrt"),
    **trees.cann_8_5(),
    **trees.kernels_8_1(folder="nnrt"),
    **trees.nnal_8_1(),
    "/etc/Ascend/ascend_cann_install.info": "Install_Path=/usr/local/Ascend\n",
    "/etc/os-release": "ID=openEuler\nVERSION_ID=22.03\n",
    "/proc/modules": "drv_pcie_host 1 0\n",
    "/proc/sys/kernel/random/boot_id": "b\n",
    "/proc/1/stat": "1 (x) S" + " 1" * 30,
    "/proc/self/mountinfo": "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n",
    "/usr/bin/systemd-detect-virt": Node("", mode="0755"),
    "/usr/bin/gcc": Node("", mode="0755"),
    "/usr/bin/cmake": Node("", mode="0755"),
    "/usr/lib/gcc/x/12/cc1": "",
    "/usr/share/cmake-3.18/x": "",
    "/sys/bus/pci/devices/0000:01:00.0/vendor": "0x19e5",
    "/sys/bus/pci/devices/0000:01:00.0/device": "0xd802",
    "/sys/bus/pci/devices/0000:01:00.0/class": "0x120000",
    "/dev/davinci0": Node(kind="char"),
    f"{ENV}/ascend-fleet.json": json.dumps({"path": ENV, "owner": "root", "unfinished": [], "stack": {}}),
    f"{ENV}/pyvenv.cfg": "version = 3.11.2\n",
    f"{ENV}/conda-meta/python-3.11.2-0.json": "{}",
    f"{SITE}/te-0.4.0.dist-info/METADATA": "Version: 0.4.0\n",
    f"{SITE}/te-0.4.0.dist-info/RECORD": "",
    f"{SITE}/te-0.4.0.dist-info/direct_url.json": '{"url": "file:///x"}',
    "/var/lib/ascend-fleet/journal.jsonl": journal.line(STARTED),
    "/var/lib/ascend-fleet/proofs/inference.json": "{}",
}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=5),
    st.lists(st.text(max_size=5), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)
JSON = st.one_of(
    VALUES.map(json.dumps),
    st.dictionaries(
        st.sampled_from(["name", "owner", "provider", "stack", "unfinished", "url", "cann_wheels_from"]), VALUES
    ).map(json.dumps),
    st.dictionaries(st.sampled_from(sorted(STARTED)), VALUES).map(lambda changes: json.dumps({**STARTED, **changes})),
)
LINES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "Version",
                "package_version",
                "version",
                "path",
                "compatible_version",
                "ID",
                "Install_Path",
                "Driver_Install_Path_Param",
                "UserName",
                "innerversion",
            ]
        ),
        st.text(max_size=12),
    ).map("=".join),
    max_size=4,
).map("\n".join)
NODES = st.one_of(
    st.text(max_size=40),
    JSON,
    LINES,
    st.none(),
    st.builds(Link, st.sampled_from([".", "..", "/", "latest", "nowhere", "/proc"])),
    st.builds(Unreadable),
    st.just("away"),
)
CHANGES = st.dictionaries(st.sampled_from(sorted(HOST)), NODES, max_size=4)
ANSWERS = st.one_of(st.none(), st.tuples(st.integers(-9, 255), st.text(max_size=30)))


@settings(max_examples=100, deadline=None)
@given(CHANGES, ANSWERS)
def test_any_host_gives_all_facts(changes, answer):
    tree = {**HOST, **changes}
    view = DictView({path: node for path, node in tree.items() if node != "away"})
    view.run = lambda argv, timeout=10: answer
    facts = host_probe.collect(
        view, trees.PARAMS, {"version": "3", "executable": "x"}, lambda timeout: NPU, lambda npu_processes: []
    )
    assert set(facts) == KEYS
    json.dumps(facts)
    for problem in doctor.diagnose(facts):
        assert problem["evidence"]

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleet descriptions and the hardware files made from them."""

import struct

import pytest

from tests.simulator.sim import description, hardware, image
from tests.simulator.sim.base import SimulatorError


def fleet(*hosts, **rest):
    return description.parse({"hosts": list(hosts), **rest}, "test.json")


def test_the_demo_fleet_has_the_documented_hosts():
    demo = description.load(description.SIMULATOR / "fleets" / "demo.json")
    assert [(host.name, host.chip, host.cards, host.kind) for host in demo.hosts] == [
        ("train-910", "910ProB", 8, "physical"),
        ("train-a2", "910B3", 8, "physical"),
        ("infer-310p", "310P3", 4, "physical"),
        ("guest", "910B3", 1, "vm"),
    ]


def test_count_makes_many_hosts_with_addresses_of_their_own():
    many = fleet({"name": "node", "chip": "910B4", "cards": 8, "count": 32}, subnet="10.9.0.0/24")
    assert many.hosts[0].name == "node-01"
    assert many.hosts[31].name == "node-32"
    assert len({host.address for host in many.hosts}) == 32
    assert many.hosts[0].address == "10.9.0.11"


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ({"name": "a", "chip": "910C"}, "unknown chip 910C"),
        ({"name": "a", "kind": "cloud"}, "kind cloud"),
        ({"name": "a", "colour": "red"}, "unknown keys colour"),
        ({"name": "a", "address": "10.0.0.1"}, "is not in"),
        ({"name": "A b"}, "no host name"),
    ],
)
def test_a_wrong_host_is_named(host, message):
    with pytest.raises(SimulatorError, match=message):
        fleet(host)


def test_the_same_name_twice_is_refused():
    with pytest.raises(SimulatorError, match="name a is there twice"):
        fleet({"name": "a"}, {"name": "a"})


def test_a_bad_prefix_and_no_hosts_are_refused():
    with pytest.raises(SimulatorError, match="prefix"):
        fleet({"name": "a"}, prefix="Big Name")
    with pytest.raises(SimulatorError, match="no hosts"):
        fleet()


def test_the_pci_tree_says_the_same_in_text_and_in_configuration_space(tmp_path):
    host = fleet({"name": "a", "chip": "910B4-I2", "cards": 2}).hosts[0]
    hardware.write_pci_tree(host, tmp_path / "pci")
    cards = [path for path in sorted((tmp_path / "pci").iterdir()) if (path / "vendor").read_text() == "0x19e5\n"]
    assert len(cards) == 2
    for card in cards:
        assert (card / "device").read_text() == "0xd802\n"
        assert (card / "subsystem_vendor").read_text() == "0x19e5\n"
        assert (card / "subsystem_device").read_text() == "0x4000\n"
        assert (card / "class").read_text() == "0x120000\n"
        config = (card / "config").read_bytes()
        assert struct.unpack_from("<HH", config, 0) == (0x19E5, 0xD802)
        assert config[9:12] == bytes([0x00, 0x00, 0x12])
        assert struct.unpack_from("<HH", config, 0x2C) == (0x19E5, 0x4000)


def test_a_duo_card_is_one_device_with_two_chips(tmp_path):
    host = fleet({"name": "a", "chip": "310P3-Duo", "cards": 2}).hosts[0]
    rows = [line.split("\t") for line in hardware.chip_table(host).splitlines()]
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("0", "0", "0"),
        ("0", "1", "1"),
        ("1", "0", "2"),
        ("1", "1", "3"),
    ]
    assert rows[0][3] == rows[1][3]
    assert rows[0][4] == "310P3"


def test_fresh_state_has_factory_firmware_and_the_hosts_own_settings(tmp_path):
    host = fleet(
        {
            "name": "a",
            "chip": "910B3",
            "cards": 1,
            "kind": "vm",
            "settings": {"first_install": "reboot"},
            "health": [{"npu": 0, "health": "Alarm"}],
            "processes": [{"npu": 0, "pid": 7, "name": "python", "memory": 100}],
        }
    ).hosts[0]
    (tmp_path / "state" / "old").mkdir(parents=True)
    hardware.write_state(host, tmp_path / "state")
    settings = (tmp_path / "state" / "hardware.conf").read_text()
    assert "VIRT='kvm'" in settings
    assert "FIRST_INSTALL='reboot'" in settings
    assert (tmp_path / "state" / "firmware.running").read_text() == "7.1.0.3.220\n"
    assert (tmp_path / "state" / "health").read_text() == "0 0 Alarm\n"
    assert (tmp_path / "state" / "processes").read_text() == "0 0 7 100 python\n"
    assert not (tmp_path / "state" / "old").exists()


def test_a_host_without_accelerator_has_an_empty_chip_table(tmp_path):
    host = fleet({"name": "a"}).hosts[0]
    hardware.write_state(host, tmp_path / "state")
    assert (tmp_path / "state" / "chips.tsv").read_text() == ""


def test_apt_sources_of_both_styles_become_one_list(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(
        "deb http://mirror.example/debian bookworm main contrib\n# deb http://no bookworm main\n"
    )
    (tmp_path / "sources.list.d" / "more.sources").write_text(
        "Types: deb\nURIs: http://security.example\nSuites: bookworm-security\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/k.gpg\n\n"
        "Types: deb\nURIs: http://other.example\nSuites: stable\nComponents: main\n"
    )
    assert image.apt_sources(tmp_path).splitlines() == [
        "deb http://mirror.example/debian bookworm main",
        "deb [signed-by=/usr/share/keyrings/k.gpg] http://security.example bookworm-security main",
    ]
    (tmp_path / "sources.list").unlink()
    assert image.apt_sources(tmp_path) == ""


def test_the_image_name_changes_with_the_recipe():
    assert image.name() != image.name("debian:12")
    assert image.name() == image.name()


def test_the_plain_image_is_the_one_it_always_was_and_others_have_their_own():
    names = {image.name(), image.name(system="dnf"), image.name(arch="aarch64")}
    assert len(names) == 3 or description.MACHINE == "aarch64"
    assert image.name() == image.name(system="debian", arch=description.MACHINE)


def test_every_die_of_an_a3_is_a_device_of_its_own(tmp_path):
    host = fleet({"name": "a", "chip": "A3", "cards": 8}).hosts[0]
    hardware.write_pci_tree(host, tmp_path / "pci")
    npus = [path.name for path in (tmp_path / "pci").iterdir() if (path / "vendor").read_text() == "0x19e5\n"]
    rows = [line.split("\t") for line in hardware.chip_table(host).splitlines()]
    assert len(npus) == len(rows) == 16
    assert {row[3].lower() for row in rows} == set(npus)
    # As recorded of a real server: npu-smi's first NPU.
    assert [row[3] for row in rows[:2]] == ["0000:9D:00.0", "0000:9F:00.0"]


def test_a_container_has_its_hosts_driver_mounted_read_only(tmp_path):
    settings = {"mounted_driver": "25.3.rc1"}
    host = fleet({"name": "a", "chip": "910B3", "kind": "container", "settings": settings}).hosts[0]
    mounts = hardware.mounted_driver(host, tmp_path)
    assert all(source.exists() and target.endswith(":ro") for source, target in mounts)
    assert "Version=25.3.rc1\n" in (tmp_path / "version.info").read_text()
    assert "@TOOL_VERSION@" not in (tmp_path / "npu-smi").read_text()
    assert hardware.mounted_driver(fleet({"name": "b", "chip": "910B3"}).hosts[0], tmp_path / "b") == []


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ({"name": "a", "system": "slackware"}, "system slackware"),
        ({"name": "a", "arch": "mips"}, "arch mips"),
    ],
)
def test_a_system_or_architecture_without_an_image_is_named(host, message):
    with pytest.raises(SimulatorError, match=message):
        fleet(host)


def test_packages_of_the_distribution_are_names():
    assert fleet({"name": "a", "chip": "910B3", "cards": 8}, packages=["mpich", "make"]).packages == ("mpich", "make")
    with pytest.raises(SimulatorError, match="no name of a package"):
        fleet({"name": "a", "chip": "910B3", "cards": 8}, packages=["make; reboot"])

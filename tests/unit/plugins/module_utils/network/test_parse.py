"""hccn_tool's recorded answers, of each family, and the errors it prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.network import parse, ping, tables

FIXTURES = Path(__file__).parents[1] / "fixtures" / "hccn"


def recorded(name: str) -> str:
    return (FIXTURES / f"{name}.txt").read_text()


SHORT = [
    (
        parse.parse_ip,
        "ipaddr:198.51.100.80\nnetmask:255.255.255.0\n",
        {"address": "198.51.100.80", "netmask": "255.255.255.0"},
    ),
    (
        parse.parse_ip,
        "ipv6_address:2001:db8::80\nprefix_length:64\n",
        {"address": "2001:db8::80", "netmask": "64"},
    ),
    (parse.parse_netdetect, "netdetect addr: 2001:db8::1\n", {"netdetect": "2001:db8::1"}),
    (parse.parse_ip, "ipaddr:2001:db8::80\nnetmask:64\n", {"address": "2001:db8::80", "netmask": "64"}),
    (
        parse.parse_gateway,
        "default gateway:198.51.100.1, Iface:eth0\n",
        {"gateway": "198.51.100.1", "interface": "eth0"},
    ),
    (parse.parse_netdetect, "netdetect address: 198.51.100.1\n", {"netdetect": "198.51.100.1"}),
    (parse.parse_netdetect, "netdetect addr: 198.51.100.1\n", {"netdetect": "198.51.100.1"}),
    (parse.parse_netdetect, "netdetect address: 0.0.0.0\n", {"netdetect": None}),
    (parse.parse_link, "link status: UP\n", {"link": "UP"}),
    (parse.parse_link, "link status: DOWN\n", {"link": "DOWN"}),
    (
        parse.parse_link,
        "link status : PARTIAL LINK\nport 4 : UP\nport 6 : PARTIAL UP\n",
        {"link": "PARTIAL LINK", "ports": {"4": "UP", "6": "PARTIAL UP"}},
    ),
    (parse.parse_net_health, "net health status: Success\n", {"net_health": "Success"}),
    (parse.parse_net_health, "net health status: Receive timeout\n", {"net_health": "Receive timeout"}),
    (parse.parse_speed, "Speed: 100000 Mb/s\n", {"speed_mbps": 100000, "duplex": None}),
    (
        parse.parse_speed,
        "Settings for eth0:\n\tSpeed: 200000Mb/s\n\tDuplex: Full\n",
        {"speed_mbps": 200000, "duplex": "Full"},
    ),
    (parse.parse_speed, "Speed: Unknown!\n", {"speed_mbps": None, "duplex": None}),
    (parse.parse_speed, recorded("speed_950"), {"speed_mbps": 400000, "duplex": None}),
    (parse.parse_mac, "mac addr: 06:0c:b4:96.bc:85\n", {"mac": "06:0c:b4:96:bc:85"}),
    (parse.parse_fec, "fec mode: rs FEC mode\n", {"fec": "rs"}),
    (parse.parse_fec, "fec mode: no FEC mode\n", {"fec": "no"}),
    (
        parse.parse_bandwidth,
        "Bandwidth TX: 0.00 MB/sec\nBandwidth RX: 12.50 MB/sec\n",
        {"tx_mb_s": 0.0, "rx_mb_s": 12.5},
    ),
    (
        parse.parse_tls,
        recorded("tls"),
        {
            "enabled": False,
            "preconfigured": True,
            "alarm_days": 60,
            "certificates": {"pub cert": "normal", "crl": "expired"},
        },
    ),
    (
        parse.parse_tls,
        "dev_id:3, tls switch[1](0:disable, 1:enable), tls alarm time threshold[60]days\n",
        {"enabled": True, "preconfigured": None},
    ),
    (
        parse.parse_vnic,
        "vnic link status: UP\nvnic ipaddr: 192.168.2.199\nvnic netmask: 255.255.255.0\n",
        {"link": "UP", "address": "192.168.2.199", "netmask": "255.255.255.0"},
    ),
    (
        parse.parse_spod,
        recorded("spod"),
        {"super_device_id": 12582913, "super_pod_id": 7, "super_pod_size": 384, "server_index": 3},
    ),
    (parse.parse_recovery, recorded("recovery_failed"), {"recovered": [1, 2], "failed": [0]}),
    (
        ping.parse_ping,
        recorded("ping_ok"),
        {
            "chip": 0,
            "target": "198.51.100.80",
            "sent": 3,
            "received": 3,
            "loss_pct": 0.0,
            "times_ms": [0.114, 0.067, 0.063],
        },
    ),
    (
        ping.parse_ping,
        recorded("ping_lost"),
        {"chip": 3, "sent": 3, "received": 0, "loss_pct": 100.0, "trouble": ["recv time out seq=N"]},
    ),
    (
        ping.parse_ping,
        "device 0 PING6 2001:db8::81\nDestination Host Unreachable\n",
        {"target": "2001:db8::81", "received": 0, "loss_pct": 100.0, "trouble": ["Destination Host Unreachable"]},
    ),
    (ping.parse_ping, "recv seq:0,time:0.286000ms\n", {"received": 1, "times_ms": [0.286]}),
    (
        ping.parse_hccs_ping,
        recorded("hccs_ping"),
        {"sent": 3, "received": 2, "loss_pct": 33.33, "planes": {"1": 2}, "trouble": ["This pkt check recv msg fail!"]},
    ),
    (
        tables.parse_link_stat,
        recorded("link_stat_2023"),
        {
            "current_time": "Wed Jun  7 10:08:28 2023",
            "up_count": 2,
            "down_count": None,
            "changes": [
                {"time": "Tue Jun  6 16:32:12 2023", "link": "UP"},
                {"time": "Tue Jun  6 16:32:10 2023", "link": "DOWN"},
            ],
        },
    ),
    (tables.parse_link_stat, recorded("link_stat_new"), {"up_count": 1, "down_count": 0, "changes": []}),
    (
        tables.parse_link_stat,
        recorded("link_stat_950"),
        {
            "up_count": 2,
            "down_count": 2,
            "changes": [
                {"time": "Mon Feb 9 21:45:51 2026", "link": "UP"},
                {"time": "Mon Feb 9 21:45:47 2026", "link": "DOWN"},
            ],
        },
    ),
    (
        tables.parse_lldp,
        recorded("lldp"),
        {
            "system": "leaf-07",
            "port": "400GE1/1/5:1",
            "chassis": "00:00:5e:00:53:01",
            "management": "198.51.100.250",
            "port_description": None,
        },
    ),
    (tables.parse_lldp, "\tIfname: 400GE1/1/5:1\n", {"system": None, "port": "400GE1/1/5:1"}),
    (
        tables.parse_optical,
        recorded("optical_mw"),
        {
            "present": True,
            "temperature_c": 47,
            "vcc_mv": 3262.9,
            "power_unit": "mW",
            "tx_power": [1.4035, 1.39],
            "rx_power": [1.0189, None],
            "tx_bias_ma": [7.936],
            "tx_los": 0,
            "rx_los": 3,
            "host_snr_db": [None],
            "media_snr_db": [23.1211, 17.9],
            "vendor": "Hisense",
            "serial_number": "V8BD6H00000",
            "identifier": "QSFP+ or later",
        },
    ),
    (tables.parse_optical, recorded("optical_absent"), {"present": False, "temperature_c": None, "tx_power": []}),
    (
        tables.parse_optical,
        recorded("optical_table"),
        {
            "present": True,
            "temperature_c": 51,
            "vcc_mv": 3280.5,
            "power_unit": "dBm",
            "tx_power": [1.21],
            "rx_power": [-11.4, -2.0],
        },
    ),
]


@pytest.mark.parametrize(("read", "text", "expected"), SHORT)
def test_what_is_printed_is_read(read, text, expected):
    found = read(text)
    assert {key: found[key] for key in expected} == expected


def test_an_answer_with_several_addresses_gives_all():
    text = "ipaddr:198.51.100.8\nnetmask:255.255.255.0\nipaddr:198.51.100.9\nnetmask:255.255.254.0\n"
    found = parse.parse_ip(text)
    assert [one["address"] for one in found["addresses"]] == ["198.51.100.8", "198.51.100.9"]
    assert found["addresses"][1]["netmask"] == "255.255.254.0"


def test_counters_have_the_tools_names():
    counters = tables.parse_stat(recorded("stat"))["counters"]
    assert counters["nic_rx_all_oct_num"] == 482237805 and len(counters) == 10


def test_limits_of_the_module_are_read():
    limits = tables.parse_optical(recorded("optical_mw"))["limits"]
    assert (limits["rx_power_low"], limits["vcc_high"]) == (0.1445, 3465.0)
    assert tables.parse_optical(recorded("optical_table"))["limits"]["rx_power_low_alarm"] == -10.0


def test_a_950_says_what_its_ports_are():
    found = parse.parse_device_info(recorded("dev_info_950"))
    assert [(port["port"], port["speed_mbps"], port["link"]) for port in found["ports"]] == [
        (4, 400000, "UP"),
        (5, 400000, "DOWN"),
    ]
    assert [one["name"] for one in found["interfaces"]] == ["end0v0", "ipourma0"]
    assert len(found["interfaces"][1]["addresses"]) == 2
    assert found["eids"][0] == "0000:0000:0000:0000:0010:0000:dfdf:0020"


ERRORS = [
    (parse.parse_ip, "Get ipconf failed, because no ip was preset there!", "no_address"),
    (parse.parse_ip, "Get ip failed, because no ip was preset there!", "no_address"),
    (parse.parse_gateway, "Get gateway failed, because no gateway was preset there!", "no_gateway"),
    (parse.parse_ip, "The ip address configured is conflicted!", "conflict"),
    (parse.parse_link, "Device 9 does not exist.", "no_device"),
    (tables.parse_optical, "Control link unreachable.", "link_unreachable"),
    (parse.parse_tls, "No certificate found, please set certs firstly!", "no_certificate"),
    (parse.parse_speed, "Command execute failed!", "failed"),
    (parse.parse_mac, "bash: hccn_tool: command not found", "not_found"),
    (parse.parse_mac, "hccn_tool: error while loading shared libraries: libc_sec.so", "missing_library"),
    (parse.parse_link, "", "unrecognised"),
    (parse.parse_link, "hello", "unrecognised"),
    (parse.parse_link, None, "unrecognised"),
    (ping.parse_ping, "Command execute failed!", "failed"),
]


@pytest.mark.parametrize(("read", "text", "kind"), ERRORS)
def test_an_error_is_named(read, text, kind):
    with pytest.raises(parse.HccnError) as caught:
        read(text)
    assert caught.value.kind == kind and caught.value.message

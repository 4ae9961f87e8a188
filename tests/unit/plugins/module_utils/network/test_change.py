"""A change of the chips' network: file and chips together, or neither; against a hccn_tool that keeps state."""

from __future__ import annotations

import json

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.module_utils.network import change, conf
from ansible_collections.ascend.fleet.plugins.module_utils.network.parse import HccnError

WANTED = {
    "0": {"address": "198.51.100.10", "netmask": "255.255.255.0", "gateway": "198.51.100.1", "tls_enable": "0"},
    "1": {"address": "198.51.100.11", "netmask": "255.255.255.0", "gateway": "198.51.100.1", "tls_enable": "0"},
}


class Chips:
    """Stands for tool.Tool: chips that take what the file says when they are told to."""

    def __init__(self, path, **settings):
        self.path, self.settings = path, {number: dict(row) for number, row in settings.items()}
        self.deaf, self.broken, self.calls = set(), set(), []

    def ask(self, chip, *words):
        row = self.settings.setdefault(str(chip), {})
        if words[1] == "-inet6":
            if words[0] == "-netdetect":
                return "netdetect addr: {}\n".format(row.get("IPv6netdetect", "::"))
            said = "ipv6_address:{}\nprefix_length:{}\n".format(row.get("IPv6address"), row.get("IPv6netmask"))
            return said if row.get("IPv6address") else "Get ipconf failed, because no ip was preset there!\n"
        if words[0] == "-ip":
            said = "ipaddr:{}\nnetmask:{}\n".format(row.get("address"), row.get("netmask"))
            return said if row.get("address") else "Get ipconf failed, because no ip was preset there!\n"
        if words[0] == "-gateway":
            no = "Get gateway failed, because no gateway was preset there!\n"
            return "default gateway:{}, Iface:eth0\n".format(row["gateway"]) if row.get("gateway") else no
        if words[0] == "-netdetect":
            return "netdetect address: {}\n".format(row.get("netdetect", "0.0.0.0"))
        return "dev_id:{}, tls switch[{}](0:disable, 1:enable)\n".format(chip, row.get("tls_enable", "1"))

    def change(self, chip, *words):
        chip = str(chip)
        self.calls.append((chip, *words))
        if chip in self.broken:
            raise HccnError("recovery_failed", f"dev:{chip} recovery fail")
        row = self.settings.setdefault(chip, {})
        if words[:2] == ("-cfg", "recovery") and chip not in self.deaf:
            said = conf.parse(self.path.read_text()).get(chip, {})
            keys = ("address", "netmask", "gateway", "netdetect")
            row.update((key, said[key]) for name in keys for key in (name, "IPv6" + name) if key in said)
        elif words[:3] == ("-ip", "-inet6", "-s"):
            row.update(IPv6address=words[4], IPv6netmask=words[6])
        elif words[:2] == ("-ip", "-s"):
            row.update(address=words[3], netmask=words[5])
        elif words[:2] == ("-gateway", "-s"):
            row["gateway"] = words[3]
        elif words[:2] == ("-tls", "-s"):
            row["tls_enable"] = words[3]


class Host:
    def __init__(self, tmp_path, text=None, **settings):
        self.path, self.state = tmp_path / "hccn.conf", tmp_path / "state"
        self.state.mkdir()
        if text is not None:
            self.path.write_text(text)
        self.chips = Chips(self.path, **settings)

    def work(self, state="present", chips=None, tool=True):
        return change.NetworkChange(
            state, WANTED if chips is None else chips, self.chips if tool else None, str(self.state), "me@here, pid 1",
            "boot", self._append, str(self.path),
        )  # fmt: skip

    def _append(self, path, line):
        with open(path, "a") as stream:
            stream.write(line)

    def do(self, *args, **more):
        work = self.work(*args, **more)
        if work.look() or work.open:
            work.make()
            return True
        return False

    def entries(self):
        return journal.parse((self.state / journal.FILE_NAME).read_text())


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path, "# ours not\nmtu_0=4200\naddress_7=198.51.100.77\n")


SIX = {"0": {"IPv6address": "2001:db8::8", "IPv6netmask": "64", "IPv6netdetect": "2001:db8::1"}}


def test_ipv6_is_set_read_back_and_not_set_again(host):
    assert host.do(chips=SIX) is True and host.do(chips=SIX) is False
    assert host.chips.settings["0"]["IPv6address"] == "2001:db8::8"
    assert "IPv6netmask_0=64\n" in host.path.read_text()
    host.chips.settings["0"]["IPv6address"] = "2001:db8::9"
    assert host.do(chips=SIX) is True and host.chips.settings["0"]["IPv6address"] == "2001:db8::8"


def test_ipv6_that_is_refused_is_put_back(tmp_path):
    there = {"IPv6address": "2001:db8::77", "IPv6netmask": "64"}
    host = Host(tmp_path, "IPv6address_0=2001:db8::1\n", **{"0": there})
    host.chips.deaf.add("0")
    with pytest.raises(change.ChangeError) as caught:
        host.do(chips=SIX)
    assert caught.value.facts["undone"] is True and host.chips.settings["0"]["IPv6address"] == "2001:db8::77"
    assert host.path.read_text() == "IPv6address_0=2001:db8::1\n"


def test_a_bare_host_is_set_and_the_second_run_does_nothing(host):
    assert host.do() is True
    assert host.chips.settings["1"]["address"] == "198.51.100.11" and host.chips.settings["0"]["tls_enable"] == "0"
    text = host.path.read_text()
    assert text.startswith("# ours not\nmtu_0=4200\n") and "address_7=198.51.100.77\n" in text
    calls, before = list(host.chips.calls), host.path.stat().st_mtime_ns
    assert host.do() is False
    assert host.chips.calls == calls and host.path.stat().st_mtime_ns == before
    assert journal.unfinished(host.entries()) is None


def test_a_chip_that_is_right_is_not_told_again(host):
    host.do()
    host.chips.settings["1"]["address"] = "198.51.100.99"
    host.chips.calls.clear()
    assert host.do() is True
    assert {call[0] for call in host.chips.calls} == {"1"}


def test_a_file_that_lacks_what_the_chips_have_is_written_and_no_chip_is_told(host):
    host.do()
    host.path.write_text("mtu_0=4200\n")
    host.chips.calls.clear()
    work = host.work()
    work.look()
    assert not work.disturbs()
    work.make()
    assert not host.chips.calls and conf.parse(host.path.read_text())["0"]["address"] == "198.51.100.10"


@pytest.mark.parametrize("fault", ["deaf", "broken"])
def test_what_does_not_work_is_undone_in_the_file_and_on_the_chips(tmp_path, fault):
    text = "address_0=198.51.100.200\nnetmask_0=255.255.255.0\n"
    old = {"address": "198.51.100.200", "netmask": "255.255.255.0", "tls_enable": "1"}
    host = Host(tmp_path, text, **{"0": dict(old), "1": {"address": "198.51.100.201", "netmask": "255.255.255.0"}})
    if fault == "deaf":
        host.chips.deaf.add("1")
    else:
        host.chips.change_was = host.chips.change
        host.chips.broken.add("1")
    with pytest.raises(change.ChangeError) as caught:
        host.do()
    assert host.path.read_text() == text
    assert host.chips.settings["0"]["address"] == "198.51.100.200"
    assert host.chips.settings["1"]["address"] == "198.51.100.201"
    assert caught.value.facts["undone"] is (fault == "deaf")
    assert "Fix:" in str(caught.value) and "Cause:" in str(caught.value)


def test_a_file_that_was_not_there_is_not_there_after_an_undone_change(tmp_path):
    host = Host(tmp_path)
    host.chips.deaf.update("01")
    with pytest.raises(change.ChangeError):
        host.do()
    assert not host.path.exists()


def test_removal_puts_back_what_was_there_before_the_first_change(tmp_path):
    text = "# theirs\naddress_0=198.51.100.200\nnetmask_0=255.255.255.0\n"
    host = Host(tmp_path, text, **{"0": {"address": "198.51.100.200", "netmask": "255.255.255.0"}})
    host.do()
    moved = {chip: {**row, "address": row["address"].replace(".1", ".2", 1)} for chip, row in WANTED.items()}
    host.do(chips={chip: {**row, "address": f"198.51.100.5{chip}"} for chip, row in moved.items()})
    assert host.chips.settings["0"]["address"] == "198.51.100.50"
    assert host.do("absent") is True
    assert conf.parse(host.path.read_text())["0"]["address"] == "198.51.100.200"
    assert "# theirs" in host.path.read_text() and host.chips.settings["0"]["address"] == "198.51.100.200"
    assert "address_1" not in host.path.read_text()
    assert host.do("absent") is False


def test_a_rollback_puts_back_what_the_last_change_found(host):
    host.do()
    host.do(chips={"0": {"address": "198.51.100.50"}})
    host.do("previous")
    assert host.chips.settings["0"]["address"] == "198.51.100.10"
    assert conf.parse(host.path.read_text())["0"]["address"] == "198.51.100.10"


def test_a_driver_that_is_gone_does_not_keep_the_file_from_being_put_back(host):
    host.do()
    host.do("absent", tool=False)
    assert conf.parse(host.path.read_text()) == {"0": {"mtu": "4200"}, "7": {"address": "198.51.100.77"}}


def test_an_interrupted_change_is_closed_by_the_next_run(host):
    work = host.work()
    work.look()
    work._start()
    assert journal.unfinished(host.entries(), change.COMPONENT)
    assert host.do() is True
    assert journal.unfinished(host.entries(), change.COMPONENT) is None


def test_a_change_tells_both_sides_in_its_diff(host):
    work = host.work()
    work.look()
    file, chips = work.diff()
    assert "address_0=198.51.100.10" in file["after"] and "# ours not" in file["before"]
    assert "chip 1 address: none" in chips["before"] and "chip 1 address: 198.51.100.11" in chips["after"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"absent": 3}', "null"])
def test_a_record_that_is_none_says_nothing(text):
    assert change._record(text) == {}


def test_the_record_is_data(host):
    host.do()
    record = json.loads((host.state / change.RECORD).read_text())
    assert record["absent"]["0"]["address"] is None and set(record) == {"absent", "previous"}

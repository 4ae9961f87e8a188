# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files from neighbours: piece by piece, from the nearest, past dead and lying ones, and never anything wrong."""

import hashlib
import urllib.request

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import relayed
from http_faults import serving

PIECE = 1000
DATA = bytes(range(256)) * 40  # ten pieces and a rest
SHA = hashlib.sha256(DATA).hexdigest()
PIECES = [hashlib.sha256(DATA[at : at + PIECE]).hexdigest() for at in range(0, len(DATA), PIECE)]
ITEM = {"name": "wheels/a.run", "sha256": SHA, "size": len(DATA), "pieces": PIECES}
PATH = f"{SHA}/a.run"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(relayed, "PIECE_BYTES", PIECE)


class Clock:
    """Time that passes only while somebody sleeps; `then` is done at the first sleep."""

    def __init__(self, then=None):
        self.now, self.then = 0.0, then

    def sleep(self, seconds):
        self.now += seconds
        if self.then:
            self.then()
            self.then = None

    def __call__(self):
        return self.now


_CLIENT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def opener(url, headers):
    """A client that costs little: these tests ask hundreds of times."""
    return _CLIENT.open(urllib.request.Request(url, headers=headers), timeout=5)


def fetch(part, bases, clock=None, item=ITEM):
    clock = clock or Clock()
    relays = relayed.Relays(bases, opener, clock.sleep, clock)
    return relays, relays.fetch(item, str(part))


def test_a_whole_file(tmp_path):
    with serving({PATH: DATA}) as server:
        _relays, (whole, received) = fetch(tmp_path / "part", [server.url])
    assert whole and received == len(DATA) and (tmp_path / "part").read_bytes() == DATA
    assert len(server.requests) == 1


def test_a_relay_is_followed_while_it_grows(tmp_path):
    with serving({PATH: DATA[:3000]}) as server:
        clock = Clock(lambda: server.contents.update({PATH: DATA}))
        _relays, (whole, received) = fetch(tmp_path / "part", [server.url], clock)
    assert whole and received == len(DATA)
    assert server.requests[-1] == (f"/{PATH}", "bytes=3000-")


def test_a_file_that_the_relay_does_not_have_yet_is_waited_for(tmp_path):
    with serving({}) as server:
        clock = Clock(lambda: server.contents.update({PATH: DATA}))
        _relays, (whole, _received) = fetch(tmp_path / "part", [server.url], clock)
    assert whole


def test_a_killed_relay_is_left_for_the_next_and_nothing_comes_twice(tmp_path):
    with serving({PATH: DATA}, faults=["cut:4500"]) as near, serving({PATH: DATA}) as next_one:
        clock = Clock()

        def dies(url, headers):
            if url.startswith(near.url) and near.requests:
                raise ConnectionRefusedError("refused")
            return opener(url, headers)

        relays = relayed.Relays([near.url, next_one.url], dies, clock.sleep, clock)
        whole, received = relays.fetch(ITEM, str(tmp_path / "part"))
    assert whole and received == len(DATA), "the broken piece goes on where it broke"
    assert relays.notes and near.url in relays.notes[0]


def test_a_relay_that_is_silent_holds_nobody_up_twice(tmp_path):
    """Whose power was cut refuses nothing: every question to it takes as long as the client waits."""
    with serving({PATH: DATA[:3000]}) as other:
        clock = Clock(lambda: other.contents.update({PATH: DATA}))
        asked = []

        def silent(url, headers):
            if not url.startswith(other.url):
                asked.append(clock.now)
                clock.now += 10
                raise TimeoutError("timed out")
            return opener(url, headers)

        relays = relayed.Relays(["http://192.0.2.1:8089", other.url], silent, clock.sleep, clock)
        whole, received = relays.fetch(ITEM, str(tmp_path / "part"))
    assert whole and received == len(DATA) and asked == [0] and clock.now < 11
    assert relays.notes == ["http://192.0.2.1:8089 is asked last from now on: timed out"]


def test_the_only_relay_may_stumble_and_go_on(tmp_path):
    with serving({PATH: DATA}, faults=["cut:4500", "cut:6500"]) as server:
        relays, (whole, received) = fetch(tmp_path / "part", [server.url])
    assert whole and received == len(DATA) and not relays.notes


def test_a_lying_relay_is_not_believed(tmp_path):
    with serving({PATH: b"X" * len(DATA)}) as liar, serving({PATH: DATA}) as honest:
        relays, (whole, _received) = fetch(tmp_path / "part", [liar.url, honest.url])
    assert whole and (tmp_path / "part").read_bytes() == DATA
    assert "not those of a.run" in relays.notes[0]


def test_liars_alone_leave_nothing_wrong(tmp_path):
    with serving({PATH: DATA[:2000] + b"X" * (len(DATA) - 2000)}) as liar:
        _relays, (whole, _received) = fetch(tmp_path / "part", [liar.url])
    assert not whole and (tmp_path / "part").read_bytes() == DATA[:2000]


def test_what_an_earlier_run_left_is_kept_as_far_as_it_is_right(tmp_path):
    (tmp_path / "part").write_bytes(DATA[:2500] + b"?" * 2000)
    with serving({PATH: DATA}) as server:
        _relays, (whole, received) = fetch(tmp_path / "part", [server.url])
    assert whole and received == len(DATA) - 2000 and server.requests == [(f"/{PATH}", "bytes=2000-")]


def test_who_never_has_it_is_waited_for_once_and_not_for_every_file(tmp_path):
    clock = Clock()
    with serving({}) as server:
        relays, (whole, received) = fetch(tmp_path / "part", [server.url], clock)
        assert not whole and not received and relayed.PATIENCE < clock.now < relayed.PATIENCE + 2
        before = clock.now
        assert relays.fetch(ITEM, str(tmp_path / "other")) == (False, 0)
        assert clock.now == before
        server.contents[PATH] = DATA
        assert relays.fetch(ITEM, str(tmp_path / "third"))[0], "who has a file after all is asked again"


def test_a_further_relay_is_asked_only_when_the_near_one_has_stalled(tmp_path):
    clock = Clock()
    with serving({}) as near, serving({PATH: DATA}) as far:
        _relays, (whole, _received) = fetch(tmp_path / "part", [near.url, far.url], clock)
    assert whole and relayed.STALL <= clock.now <= relayed.STALL + 1


@pytest.mark.parametrize("change", [{"pieces": None}, {"pieces": PIECES[:-1]}, {"size": None}, {"size": 0}])
def test_without_hashes_for_every_piece_nobody_is_asked(tmp_path, change):
    with serving({PATH: DATA}) as server:
        _relays, answer = fetch(tmp_path / "part", [server.url], item={**ITEM, **change})
    assert answer == (False, 0) and not server.requests and not (tmp_path / "part").exists()


def test_pieces_that_are_not_those_of_the_file_make_no_file(tmp_path):
    with serving({PATH: DATA}) as server:
        _relays, (whole, _received) = fetch(tmp_path / "part", [server.url], item={**ITEM, "sha256": "0" * 64})
        server.contents[f"{'0' * 64}/a.run"] = DATA
        _relays, (whole, _received) = fetch(tmp_path / "part", [server.url], item={**ITEM, "sha256": "0" * 64})
    assert not whole and not (tmp_path / "part").exists()


def test_a_server_that_knows_no_parts_is_given_up(tmp_path):
    (tmp_path / "part").write_bytes(DATA[:2000])
    with serving({PATH: DATA}, faults=["whole"] * 3) as server:
        relays, (whole, _received) = fetch(tmp_path / "part", [server.url])
    assert not whole and "does not send parts" in relays.notes[0]

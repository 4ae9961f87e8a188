# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads against a server that cuts, resets, flips and lies."""

import hashlib
import urllib.request

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import download
from http_faults import serving

DATA = bytes(range(256)) * 4096
SHA = hashlib.sha256(DATA).hexdigest()


def opener(url, headers):
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5)


def fetch(server, part, **options):
    options.setdefault("sha256", SHA)
    options.setdefault("size", len(DATA))
    waits = options.pop("waits", [])
    return download.fetch(server.url + "/a.run", str(part), opener, sleep=waits.append, **options)


@pytest.fixture
def part(tmp_path):
    return tmp_path / "a.run.part"


def test_a_plain_download(part):
    with serving({"a.run": DATA}) as server:
        assert fetch(server, part, headers={"Referer": "https://example.com/"}) == {
            "sha256": SHA,
            "size": len(DATA),
            "received": len(DATA),
        }
        assert server.headers_seen[0]["Referer"] == "https://example.com/"
    assert part.read_bytes() == DATA


def test_a_truncated_transfer_resumes_where_it_stopped(part):
    with serving({"a.run": DATA}, ["cut:1000", "cut:5000"]) as server:
        got = fetch(server, part)
        assert [asked for _path, asked in server.requests] == [None, "bytes=1000-", "bytes=6000-"]
    assert got["received"] == len(DATA) and part.read_bytes() == DATA


def test_a_reset_connection_resumes(part):
    with serving({"a.run": DATA}, ["reset:300000"]) as server:
        assert fetch(server, part)["sha256"] == SHA
    assert part.read_bytes() == DATA


def test_what_an_earlier_run_left_is_used(part):
    part.write_bytes(DATA[:700000])
    with serving({"a.run": DATA}) as server:
        assert fetch(server, part)["received"] == len(DATA) - 700000


def test_a_complete_part_needs_no_request(part):
    part.write_bytes(DATA)
    with serving({"a.run": DATA}) as server:
        assert fetch(server, part)["received"] == 0
        assert server.requests == []


def test_a_damaged_part_is_thrown_away_and_fetched_whole(part):
    part.write_bytes(b"x" + DATA[1:900000])
    with serving({"a.run": DATA}) as server:
        assert fetch(server, part)["sha256"] == SHA
        assert [asked for _path, asked in server.requests] == ["bytes=900000-", None]
    assert part.read_bytes() == DATA


def test_a_flipped_bit_is_noticed_and_fetched_again(part):
    with serving({"a.run": DATA}, ["flip"]) as server:
        assert fetch(server, part)["received"] == 2 * len(DATA)
    assert part.read_bytes() == DATA


def test_a_tampered_file_is_given_up_and_not_kept(part):
    with (
        serving({"a.run": DATA}, ["flip", "flip"]) as server,
        pytest.raises(download.DownloadError, match="its sha256"),
    ):
        fetch(server, part)
    assert not part.exists()


def test_a_server_without_ranges_starts_over(part):
    part.write_bytes(DATA[:1000])
    with serving({"a.run": DATA}, ["whole"]) as server:
        assert fetch(server, part)["received"] == len(DATA)
    assert part.read_bytes() == DATA


def test_a_wrong_range_is_not_appended(part):
    part.write_bytes(DATA[:1000])
    with serving({"a.run": DATA}, ["lie"]) as server:
        assert fetch(server, part)["sha256"] == SHA
    assert part.read_bytes() == DATA


def test_a_part_longer_than_the_file_starts_over(part):
    part.write_bytes(DATA + b"more")
    with serving({"a.run": DATA}) as server:
        assert fetch(server, part)["sha256"] == SHA
        assert fetch(server, part, size=None)["received"] == 0 or part.read_bytes() == DATA


def test_range_not_satisfiable_starts_over(part):
    part.write_bytes(DATA)
    with serving({"a.run": DATA}) as server:
        assert fetch(server, part, size=None)["sha256"] == SHA


def test_a_busy_server_is_asked_again_with_growing_pauses(part):
    waits = []
    with serving({"a.run": DATA}, ["503", "429", "500"]) as server:
        assert fetch(server, part, waits=waits)["sha256"] == SHA
    assert waits == [1, 2, 4]


def test_retries_are_bounded_and_the_part_is_kept(part):
    with serving({"a.run": DATA}, ["cut:1000"] + ["503"] * 20) as server:
        with pytest.raises(download.DownloadError, match="HTTP 503"):
            fetch(server, part, retries=3)
        assert len(server.requests) == 4
    assert part.read_bytes() == DATA[:1000]


def test_a_missing_file_is_not_asked_for_twice(part):
    with serving({}) as server:
        with pytest.raises(download.DownloadError, match="HTTP 404"):
            fetch(server, part)
        assert len(server.requests) == 1


def test_more_bytes_than_expected_are_refused(part):
    with serving({"a.run": DATA + b"more"}) as server, pytest.raises(download.DownloadError, match="more than"):
        fetch(server, part)
    assert not part.exists()


def test_no_server_at_all(part):
    with pytest.raises(download.DownloadError, match="refused"):
        download.fetch("http://127.0.0.1:9/a", str(part), opener, SHA, sleep=lambda seconds: None, retries=2)


def test_an_unknown_hash_is_learnt_and_progress_told(part):
    seen = []
    with serving({"a.run": DATA}) as server:
        got = fetch(server, part, sha256=None, size=None, progress=lambda *now: seen.append(now))
    assert got["sha256"] == SHA and seen[-1] == (len(DATA), len(DATA))


def test_a_truncated_transfer_of_unknown_hash_is_still_noticed(part):
    with serving({"a.run": DATA}, ["cut:10"]) as server:
        assert fetch(server, part, sha256=None, size=None)["sha256"] == SHA

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads against a server that cuts, resets, flips and lies."""

import hashlib
import os
import urllib.error
import urllib.request

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import download
from ansible_collections.ascend.fleet.plugins.modules import artifact
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


SECRETS = {"Authorization": "Bearer token", "PRIVATE-TOKEN": "token", "Cookie": "sid=token", "X-JFrog-Art-Api": "token"}


def follow(server, part, headers, **options):
    """With the opener of the artifact module."""
    return download.fetch(
        server.url + "/a.run",
        str(part),
        artifact.make_opener(5),
        SHA,
        len(DATA),
        headers,
        sleep=lambda seconds: None,
        **options,
    )


@pytest.mark.parametrize("hops", [1, 2])
def test_no_secret_follows_a_redirect_to_another_host(part, hops):
    part.write_bytes(DATA[:1000])
    with serving({"a.run": DATA}) as other, serving({"a.run": DATA}) as server:
        server.faults = [f"to:{server.url}/moved"] * (hops - 1) + [f"to:{other.url}/a.run"]
        follow(server, part, {**SECRETS, "Referer": "https://example.com/"})
        seen = {name.lower(): value for name, value in other.headers_seen[0].items()}
        assert "token" not in str(seen) and seen["referer"] == "https://example.com/" and seen["range"] == "bytes=1000-"
        assert all(row["Authorization"] == "Bearer token" for row in server.headers_seen)


def test_a_secret_does_not_come_back_after_a_detour(part):
    with serving({"a.run": DATA}) as other, serving({"a.run": DATA}) as server:
        server.faults = [f"to:{other.url}/a.run"]
        other.faults = [f"to:{server.url}/a.run"]
        follow(server, part, SECRETS)
        assert "token" not in str(other.headers_seen) + str(server.headers_seen[1])


def test_a_redirect_on_the_same_host_keeps_what_it_needs(part):
    with serving({"a.run": DATA}, ["to:/moved/../a.run"]) as server:
        follow(server, part, SECRETS)
        assert [row["Authorization"] for row in server.headers_seen] == ["Bearer token"] * 2


def test_the_same_name_without_tls_is_another_host():
    asked = []

    def open_once(url, headers):
        asked.append((url, headers))
        if len(asked) == 1:
            raise urllib.error.HTTPError(url, 301, "moved", {"Location": "http://mirror.example.com/a.run"}, None)
        return "response"

    headers = {**SECRETS, "Range": "bytes=1-"}
    assert download.follow(open_once)("https://mirror.example.com/a.run", headers) == "response"
    assert asked[1] == ("http://mirror.example.com/a.run", {"Range": "bytes=1-"})


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("file:///etc/passwd", "neither http nor https"),
        ("http://[x/", "cannot be read"),
        ("/a.run", "more than 10"),
    ],
)
def test_redirects_that_lead_nowhere_end(part, target, words):
    with serving({"a.run": DATA}, [f"to:{target}"] * 30) as server:
        with pytest.raises(download.DownloadError, match=words):
            follow(server, part, {})
        assert len(server.requests) <= 12


def test_what_is_announced_too_long_is_not_even_begun(part):
    with serving({"a.run": DATA + b"more"}) as server, pytest.raises(download.DownloadError, match="more than"):
        fetch(server, part, progress=lambda *now: pytest.fail("something was received"))
    assert not part.exists()


def test_what_does_not_fit_is_not_begun_and_not_kept(part):
    part.write_bytes(DATA[:1000])
    with serving({"a.run": DATA}) as server, pytest.raises(download.DownloadError, match="are to come"):
        fetch(server, part, spare=10**18)
    assert not part.exists()


def test_a_disk_that_fills_up_is_freed_again(part):
    part.symlink_to("/dev/full")
    with serving({"a.run": DATA}) as server, pytest.raises(download.DownloadError, match=r"Free space in"):
        fetch(server, part)
    assert not os.path.lexists(part)

# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses never show a secret, however it is spelled."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import addresses
from hypothesis import example, given
from hypothesis import strategies as st

# A secret long enough that no word of an address contains it by chance, with everything that confuses a reader of URLs.
SECRETS = st.text(alphabet="@/?#:%&=+.[]\\ aZ0-_~é", min_size=0, max_size=8).map(lambda text: f"Sek{text}Rit")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:word@host/a", "https://host/a"),
        ("https://user:pa@ss@host/x", "https://host/x"),
        ("https://user:pa/ss@host/x", "https://host"),
        ("https://user:12/34@host/x", "https://host"),
        ("https://user:p?w@host/x", "https://(hidden)"),
        ("https://host/x?token=abc#part", "https://host/x"),
        ("https://host.example/x?mail=a@b", "https://(hidden)"),
        ("https://u:p@[::1]:80/x", "https://[::1]:80/x"),
        ("git+https://user:tok@host/repository.git@v1.0", "git+https://host/repository.git"),
        ("git+https://host/r.git@0123456789abcdef#egg=r", "git+https://host/r.git"),
        ("ssh://git:word@host:22/r.git", "ssh://host:22/r.git"),
        ("git@host:r.git", "host:r.git"),
        ("https://conda.example/t/TOKEN/channel", "https://conda.example/t/***/channel"),
        ("https://user:word", "https://(hidden)"),
        ("me:word@https://host/x", "(hidden)"),
        ("https://ho\nst/\x1b[2J", "https://host/[2J"),
        ("/srv/a@b", "/srv/a@b"),
        ("bundle", "bundle"),
        ("", ""),
        (None, ""),
    ],
)
def test_public_url(url, shown):
    assert addresses.public_url(url) == shown


@given(SECRETS, st.sampled_from(["https", "http", "git+https", "ssh", "ftp"]))
@example("Sek@host/Rit", "https")
@example("Sek@a?b#cRit", "git+https")
def test_a_password_never_shows(secret, scheme):
    for url in (
        f"{scheme}://user:{secret}@host.example/path/x.git",
        f"{scheme}://{secret}@host.example/path",
        f"{scheme}://user:{secret}@host.example:8080/path/x.git@v1",
    ):
        shown = addresses.public_url(url)
        assert "Sek" not in shown and "Rit" not in shown, shown
        assert shown.startswith(f"{scheme}://")


@given(SECRETS)
def test_a_token_in_the_query_never_shows(secret):
    shown = addresses.public_url(f"https://user@host.example:8080/path?token={secret}&x=1")
    assert "Sek" not in shown and "Rit" not in shown


@given(st.text())
def test_any_text_gives_a_text_without_control_characters(text):
    shown = addresses.public_url(text)
    assert not [char for char in shown if ord(char) < 32] and addresses.public_url(shown) is not None
    addresses.crosses_network(text)
    addresses.unsafe_index(text)


def test_urls_inside_a_text():
    text = "could not fetch https://u:word@host/x?token=abc, nor 'git+ssh://me:word@h/r.git'"
    assert addresses.hide_urls(text) == "could not fetch https://host/x, nor 'git+ssh://h/r.git'"


def test_only_harmless_headers_may_be_written():
    headers = {
        "Referer": "https://u:p@vendor.example/?token=x",
        "User-Agent": "a",
        "Authorization": "Bearer x",
        "Cookie": "a=b",
        "X-Api-Key": "k",
        "PRIVATE-TOKEN": "t",
        "X-Anything": "secret",
    }
    assert addresses.public_headers(headers) == {"Referer": "https://vendor.example/", "User-Agent": "a"}


@pytest.mark.parametrize(
    "url",
    ["http://index.example/simple", "HTTP://x", " http://x", "ftp://x/y", "http:/x", "http://127.0.0.1:3141/root"],
)
def test_an_index_that_could_be_exchanged_on_the_way(url):
    assert "not an https address" in addresses.unsafe_index(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://index.example/simple",
        "/srv/wheels",
        "file:///srv/wheels",
        "bundle",
        "conda-forge",
        "bundle:mindspore",
        "",
        None,
    ],
)
def test_an_index_that_could_not(url):
    assert addresses.unsafe_index(url) is None


def test_what_leaves_the_machine():
    assert not addresses.crosses_network("http://127.0.0.1:80/x") and not addresses.crosses_network("http://[::1]/x")
    assert not addresses.crosses_network("https://host/x") and not addresses.crosses_network(None)
    for url in ("http://host/x", "http://127.0.0.1@host/x", "http://127.0.0.1.host.example/x", "http://[::1/x"):
        assert addresses.crosses_network(url)

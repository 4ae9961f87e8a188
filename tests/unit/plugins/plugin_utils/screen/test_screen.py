# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for screens: widths, wrapping, folded names."""

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import text as screen
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import words
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("北京", 4), ("e\u0301", 1), ("", 0), ("\u200d", 0)])
def test_width(text, columns):
    assert screen.width(text) == columns


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("abcdef", 6, "abcdef"), ("abcdefg", 6, "abc..."), ("北京北京北京", 8, "北京..."), ("abc", 2, ".."), ("a", 0, "")],
)
def test_shorten(text, limit, expected):
    assert screen.shorten(text, limit) == expected


def test_pad_counts_columns():
    assert screen.pad("北京", 6) == "北京  "
    assert screen.pad("7", 3, right=True) == "  7"


def test_clean_removes_what_moves_the_cursor():
    assert screen.clean("a\x1b[2K\tb\r\nc") == "a[2K b c"


def test_wrap_indents_and_breaks_long_words():
    assert screen.wrap("one two three", 9, "- ", "  ") == ["- one two", "  three"]
    assert screen.wrap("x" * 12, 8, "", "  ") == ["x" * 8, "  " + "x" * 4]
    assert screen.wrap("", 8, "- ") == ["- "]


@given(st.text(max_size=60), st.integers(6, 40))
def test_wrap_keeps_everything_and_fits(text, limit):
    lines = screen.wrap(text, limit, "> ", "  ")
    assert all(screen.width(line) <= limit for line in lines)
    joined = "".join(line[2:] for line in lines).replace(" ", "")
    assert joined == screen.clean(text).replace(" ", "")


@pytest.mark.parametrize(
    ("names", "folded"),
    [
        (["n1", "n2", "n3"], "n[1-3]"),
        (["n1"], "n1"),
        (["n08", "n09", "n10"], "n[08-10]"),
        (["n9", "n10"], "n[9-10]"),
        (["n09", "n010"], "n[09,010]"),
        (["a1.x", "a2.x", "b"], "a[1-2].x, b"),
        (["n1", "n3", "n1"], "n[1,3]"),
        ([], ""),
    ],
)
def test_fold(names, folded):
    assert screen.fold(names) == folded


def test_table_gives_the_first_column_the_least_room():
    lines = screen.table([["HOST", "STATE"], ["a" * 50, "ok"]], 30)
    assert lines[1] == "a" * 20 + "...  ok"
    assert lines[0].index("STATE") == lines[1].index("ok")


def test_the_live_line_says_whose_it_is_and_how_far_whatever_the_task_is_called():
    task = "Carry out driver 25.3.rc1, firmware 7.8.0.2.212, reboot, nnae 8.3.RC1, kernels 8.3.RC1"
    line = words.status_line("Change, batch 2", 0, 1, ["node-01"], task, 75, "20 min", {"node-01": 45})
    assert "node-01 45 %" in line and line.endswith("of about 20 min") and "Carry out driver" in line, line
    assert len(line) <= 100
    assert "  Verify  " in words.status_line("Change", 0, 1, ["a"], "Verify", 1, "", {})

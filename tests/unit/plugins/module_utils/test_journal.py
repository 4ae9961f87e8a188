"""journal: lines out, entries back, and what is unfinished."""

import json

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import journal, ownership
from hypothesis import given
from hypothesis import strategies as st


def change(number, component="driver", result="ok", before="1", after="2", action="upgrade", reboot=False, boot="b"):
    """The start and end entries of one change; result None leaves the end out."""
    start = journal.start(f"id-{number}", 1000 + number, boot, component, action, before, after, "x.run", "aa", "me")
    if result is None:
        return [start]
    return [start, journal.end(start, 1060 + number, boot, 0, result, reboot, 60.04, after)]


def test_a_line_holds_an_entry():
    entries = change(1)
    text = "".join(map(journal.line, entries))
    assert text.count("\n") == 2 and journal.parse(text) == entries
    assert entries[1]["seconds"] == 60.0 and entries[0]["time"] == "1970-01-01T00:16:41Z"
    assert journal.new_id(1000, "ab12") == "19700101T001640Z-ab12"


@pytest.mark.parametrize(
    "damage", ['{"id": "x", "event": "st', "\0\0\0\0", "[]", "{}", '{"id": 5, "event": "start"}', "\n\n"]
)
def test_a_torn_line_costs_only_itself(damage):
    first, second = change(1), change(2)
    text = "".join(map(journal.line, first)) + damage + "\n" + "".join(map(journal.line, second))
    assert journal.parse(text) == first + second


@pytest.mark.parametrize(
    "damage",
    [
        '{"id": "x", "event": "start", "component": ["driver"]}',
        '{"id": "x", "event": "start", "component": {}}',
        '{"id": "x", "event": "end", "component": null}',
        '{"id": "x", "event": "end", "component": ""}',
        '{"id": "x", "event": ["start"], "component": "driver"}',
        "[" * 100000,
        '{"a":' * 100000,
        '{"id": "..", "event": "start", "component": "driver"}',
        '{"id": "a\\u0000b", "event": "start", "component": "x"}',
        '{"id": "../../etc", "event": "start", "component": "driver"}',
        "1" * 10000,
    ],
)
def test_what_no_change_of_ours_wrote_is_left_out(damage):
    assert journal.parse(damage + "\n" + "".join(map(journal.line, change(1)))) == change(1)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


_KEYS = [*journal.start("i", 1, "b", "driver", "install", None, "2"), "seconds", "result", "reboot_required", "rc"]


@given(st.lists(st.tuples(st.sampled_from(_KEYS), _ANYTHING), max_size=4))
def test_values_of_wrong_types_break_nothing_that_reads_the_journal(values):
    rows = [dict(entry, **dict(values)) for entry in change(1) + change(2, result=None)]
    entries = journal.parse("".join(json.dumps(row) + "\n" for row in rows))
    for reader in (
        journal.unfinished,
        journal.without_end,
        journal.previous,
        journal.unfinished_components,
        journal.last_run,
        journal.before_last_run,
        journal.origin,
        ownership.holdings,
    ):
        reader(entries)
    assert all(0 <= seconds < 1e9 for seconds in journal.durations(entries).values())
    journal.reboot_pending(entries, "b")


@given(st.text())
def test_no_text_breaks_the_reader(text):
    assert isinstance(journal.parse(text), list)


def test_unfinished():
    assert journal.unfinished([]) is None
    assert journal.unfinished(change(1)) is None
    dead = change(2, result=None)
    assert journal.unfinished(change(1) + dead) == dead[0]
    assert journal.unfinished(change(1) + dead, "firmware") is None
    # A refusal touched nothing; a failure did, or may have.
    assert journal.unfinished(change(1, result="refused")) is None
    assert journal.unfinished(change(1, result="failed"))["id"] == "id-1"


def test_a_later_success_makes_an_older_death_moot():
    dead, later = change(1, result=None), change(2)
    assert journal.unfinished(dead + later) is None
    assert journal.unfinished(dead + change(2, component="firmware"))["id"] == "id-1"
    assert journal.unfinished(dead + change(2, result="refused"))["id"] == "id-1"


def test_the_newest_unfinished_change_is_named():
    entries = change(1, result=None) + change(2, "firmware", result=None) + change(3, result=None)
    assert journal.unfinished(entries)["id"] == "id-3"
    assert journal.unfinished(entries, "firmware")["id"] == "id-2"
    assert [entry["id"] for entry in journal.without_end(entries)] == ["id-1", "id-2", "id-3"]


def test_previous_versions_and_durations():
    entries = change(1, after="2") + change(2, before="2", action="repair") + change(3, "cann", result="failed")
    assert journal.previous(entries) == {"driver": "1"}
    assert journal.durations(entries) == {"driver": 60.0}
    assert journal.durations(change(1, action="uninstall", after=None)) == {}


def test_a_reboot_is_pending_until_the_next_boot():
    entries = change(1, reboot=True, boot="b1")
    assert journal.reboot_pending(entries, "b1") and not journal.reboot_pending(entries, "b2")
    assert not journal.reboot_pending(entries, "b1", "firmware")
    assert not journal.reboot_pending(entries + change(2, boot="b1"), "b1")

"""Which cases are left to try, and what the file of results says at every moment of a run that is cut short."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.faults import cases, results, table


def row(name: str, **words: object) -> dict:
    return {
        "name": name,
        "kind": "k",
        "component": "driver",
        "start": "done",
        "host": "h",
        "first_run": "failed",
        "second_run": "ok, changed=1",
        "third_run": "ok, changed=0",
        "converged": True,
        "injected": True,
        "false_ok": False,
        "note": "",
        "seconds": 10.0,
        **words,
    }


@pytest.fixture
def start(tmp_path):
    def make(commit: str = "abc", **words: bool) -> results.Results:
        return results.Results(tmp_path / "faults.json", ["a", "b", "c"], commit, **words)

    return make


def said(run: results.Results) -> dict:
    return json.loads(run.path.read_text())


def test_a_run_that_was_cut_goes_on_where_it_was(start):
    first = start()
    assert first.left(["a", "b", "c"]) == ["a", "b", "c"]
    first.add(row("a"))
    second = start()
    assert second.left(["a", "b", "c"]) == ["b", "c"]
    assert second.words == "going on after 1 cases"
    second.add(row("b"))
    assert [case["name"] for case in said(second)["cases"]] == ["a", "b"]
    assert said(second)["started"] == first.started


def test_the_seconds_of_all_pieces_are_added_up(start, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(results.time, "monotonic", lambda: now[0])
    first = start()
    now[0] += 40
    first.add(row("a"))
    now[0] += 9000
    second = start()
    now[0] += 5
    second.add(row("b"))
    assert said(second)["seconds"] == 45


def test_complete_only_when_every_case_is_settled(start):
    run = start()
    for name in "ab":
        run.add(row(name))
        assert said(run)["complete"] is False
    run.add(row("c", injected=False))
    assert said(run)["complete"] is False
    run.add(row("c", injected=False))
    run.add(row("c", injected=False))
    assert said(run)["complete"] is True
    assert {key: said(run)[key] for key in ("injected", "converged", "needed_a_human", "false_ok", "not_injected")} == {
        "injected": 2,
        "converged": 2,
        "needed_a_human": 0,
        "false_ok": 0,
        "not_injected": 1,
    }


def test_a_fault_that_came_too_late_is_tried_twice_more_and_counted_once(start):
    run = start()
    tries = []
    while run.left(["a"]):
        tries.append(run.add(row("a", injected=False))["tries"])
    assert tries == [1, 2, 3]
    assert said(run)["not_injected"] == 1
    assert start().left(["a"]) == []


def test_a_fault_that_strikes_at_the_second_try_counts(start):
    run = start()
    run.add(row("a", injected=False))
    assert run.left(["a"]) == ["a"]
    run.add(row("a"))
    assert run.left(["a"]) == []
    assert (said(run)["injected"], said(run)["not_injected"]) == (1, 0)


def test_what_the_runner_could_not_do_is_tried_again_and_never_good(start):
    run = start()
    run.add(row("a", runner=True, converged=False))
    assert run.left(["a"]) == ["a"]
    assert said(run)["needed_a_human"] == 1
    run.add(row("a", runner=True, converged=False))
    run.add(row("a", runner=True, converged=False))
    assert run.left(["a"]) == []
    assert said(run)["needed_a_human"] == 1


def test_a_false_ok_is_not_tried_until_it_looks_better(start):
    run = start()
    run.add(row("a", injected=False, false_ok=True, converged=False))
    assert run.left(["a"]) == []
    assert said(run)["false_ok"] == 1


def test_a_case_that_needed_a_human_is_not_tried_again(start):
    run = start()
    run.add(row("a", converged=False))
    assert start().left(["a"]) == []


@pytest.mark.parametrize("again", [{"commit": "def"}, {"fresh": True}])
def test_other_code_or_the_users_word_starts_anew_and_keeps_the_old_results(start, again):
    first = start()
    first.add(row("a"))
    second = start(**again)
    assert second.left(["a"]) == ["a"]
    assert "faults.before.json" in second.words
    aside = first.path.with_name("faults.before.json")
    assert [case["name"] for case in json.loads(aside.read_text())["cases"]] == ["a"]


def test_a_complete_run_is_followed_by_a_new_one(start):
    first = start()
    for name in "abc":
        first.add(row(name))
    second = start()
    assert second.left("abc") == ["a", "b", "c"]
    assert "the last run is complete" in second.words


def test_results_of_other_code_are_kept_on_request_with_a_warning(start):
    start().add(row("a"))
    second = start(commit="def", keep=True)
    assert second.left(["a", "b"]) == ["b"]
    assert "WARNING" in second.words and "abc" in second.words and "def" in second.words
    second.add(row("b"))
    assert [case["commit"] for case in said(second)["cases"]] == ["abc", "def"]
    assert said(second)["commit"] == "def"


def test_rows_of_cases_that_are_gone_do_not_stay(start):
    start().add(row("was there once"))
    assert start().rows == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cases": 7}', '{"cases": [{}]}'])
def test_a_file_that_is_no_result_starts_anew(start, tmp_path, text):
    (tmp_path / "faults.json").write_text(text)
    assert start().left("abc") == ["a", "b", "c"]


def test_the_file_is_whole_when_writing_it_is_cut(start, monkeypatch):
    run = start()
    run.add(row("a"))

    def cut(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(results.os, "fsync", cut)
    with pytest.raises(KeyboardInterrupt):
        run.add(row("b"))
    assert [case["name"] for case in said(run)["cases"]] == ["a"]


def test_the_name_of_the_code_changes_with_what_is_not_committed(tmp_path):
    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e@e", *words],
            check=True,
            capture_output=True,
        )

    git("init", "-q")
    (tmp_path / "file").write_text("one")
    git("add", ".")
    git("commit", "-qm", "first")
    clean = results.code(tmp_path)
    (tmp_path / "file").write_text("two")
    dirty = results.code(tmp_path)
    (tmp_path / "file").write_text("three")
    assert len({clean, dirty, results.code(tmp_path)}) == 3
    assert dirty.startswith(f"{clean}-")


def test_without_git_the_code_has_a_name_too(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert results.code(tmp_path) == "unknown"


def test_every_case_has_a_name_of_its_own_and_there_are_enough():
    names = [case.name for case in cases.every()]
    assert len(set(names)) == len(names)
    assert len(names) >= 220


def test_no_two_cases_are_the_same_thing():
    seen = {}
    for case in cases.every():
        what = repr({key: value for key, value in vars(case).items() if key not in ("kind", "phase")})
        assert what not in seen, f"{case.name} is {seen[what]}"
        seen[what] = case.name


def test_the_dozen_is_among_all():
    assert len(cases.quick()) == 12


def result(**words: object) -> dict:
    return {
        "injected": 1,
        "converged": 1,
        "needed_a_human": 0,
        "false_ok": 0,
        "not_injected": 1,
        "complete": True,
        "listed": 2,
        "seconds": 3600,
        "started": "2026-11-26T15:00:00Z",
        "cases": [row("a", commit="abc"), row("b", commit="abc", injected=False, seconds=30)],
        **words,
    }


def test_the_results_go_between_their_marks_and_nowhere_else():
    page = f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n"
    text = table.put(page, "new")
    assert "old" not in text and text.startswith("before\n") and text.endswith(f"{table.END}\nafter\n")
    assert table.put(text, "new") == text


@pytest.mark.parametrize("page", ["", table.BEGIN, f"{table.END}\n{table.BEGIN}", table.BEGIN * 2 + table.END])
def test_a_page_without_its_marks_is_left_alone(page):
    with pytest.raises(ValueError, match="once each"):
        table.put(page, "new")


def test_the_page_has_the_marks():
    assert table.put(table.PAGE.read_text(), "new")


def test_the_numbers_say_whether_everything_ran():
    assert "all cases in 60 minutes (20 seconds a case on average, 30 at most)" in table.numbers(result())
    assert "2 of the 9 cases" in table.numbers(result(complete=False, listed=9))
    assert "1 did not strike" in table.numbers(result())


def test_the_table_names_what_went_wrong_and_what_did_not_strike():
    bad = result(cases=[row("a", converged=False, note="why"), row("b", injected=False)])
    assert "- a: why" in table.table(bad)
    assert "Did not strike: b." in table.table(bad)


def test_no_case_can_fill_more_than_a_small_file_system():
    scripts = [script for case in cases.every() for script in (case.before, case.watch, case.check, case.after)]
    assert sum("dd if=/dev/zero" in script for script in scripts) >= 4
    for script in scripts:
        assert script.count("dd if=") == script.count(" count="), script
        assert "size=0" not in script, script

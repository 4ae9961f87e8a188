"""The record of an asynchronous task, as Ansible's wrapper writes it."""

import json

from ansible_collections.ascend.fleet.plugins.module_utils.change import job as async_job

RUNNING = {"started": True, "finished": False, "ansible_job_id": "j1.2"}


class Time:
    """A clock that sleeping moves; at a given second something happens."""

    def __init__(self, second=None, happens=None):
        self.seconds, self.second, self.happens = 0.0, second, happens

    def now(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds
        if self.second is not None and self.seconds >= self.second:
            self.happens()


def wait(path, until, time):
    return async_job.wait(str(path), until, time.now, time.sleep)


def test_the_end_is_seen_at_once(tmp_path):
    path = tmp_path / "j1.2"
    path.write_text(json.dumps(RUNNING))
    time = Time(3, lambda: path.write_text('{"changed": true, "rc": 0}'))
    assert wait(path, 60, time) == {"changed": True, "rc": 0}
    assert 3 <= time.seconds < 4


def test_a_look_ends_in_time_and_tells_what_there_is(tmp_path):
    path = tmp_path / "j1.2"
    path.write_text(json.dumps({**RUNNING, "finished": 0, async_job.PROGRESS: {"percent": 5}}))
    job = wait(path, 10, Time())
    assert not async_job.is_finished(job) and job[async_job.PROGRESS] == {"percent": 5}


def test_no_record_is_not_waited_for(tmp_path):
    assert wait(tmp_path / "j1.2", 60, Time()) is None


def test_a_record_half_written_is_one_of_a_job_that_runs(tmp_path):
    path = tmp_path / "j1.2"
    path.write_text('{"started": tr')
    assert wait(path, 1, Time()) == {"started": True}
    path.write_text("[]")
    assert not async_job.is_finished(async_job.read(str(path)))


def test_results_with_the_words_of_a_record(tmp_path):
    assert async_job.is_finished({"started": 1, "finished": 1, "failed": 1, "msg": "Timeout exceeded"})
    assert async_job.is_finished({"failed": True, "msg": "Timeout exceeded"})
    assert not async_job.is_finished({"started": 1, "finished": 0})


def test_an_answer_that_was_lost_can_be_had_again(tmp_path):
    older, path = tmp_path / "j0.1.told", tmp_path / "j1.2"
    older.write_text("{}")
    path.write_text('{"changed": true}')
    for _time in range(2):
        assert wait(path, 0, Time()) == {"changed": True}
        async_job.put_away(str(path))
    assert [item.name for item in tmp_path.iterdir()] == ["j1.2.told"]

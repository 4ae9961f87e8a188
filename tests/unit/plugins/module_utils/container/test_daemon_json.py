"""daemon_json: one runtime more or less, and everything else as it is written."""

import json

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.container import daemon_json

ROW = {"path": "/usr/local/Ascend/Ascend-Docker-Runtime/ascend-docker-runtime", "runtimeArgs": []}
TEXTS = [
    '{"a": 1}',
    '{"a":1,"b":[1,2]}\n',
    '{\n  "live-restore": true,\n  "hosts": ["a",  "b"]\n}\n',
    '{\n\t"runtimes": {\n\t\t"nvidia": {"path": "n"}\n\t},\n\t"default-runtime": "nvidia"\n}',
    '{"runtimes":{"nvidia":{"path":"n"}},"x":1}',
    '{\n    "runtimes": {"nvidia": {"path": "n"}},\n    "b": 2\n}\n',
    '{\r\n  "a": "\\u00e4}{,"\r\n}\r\n',
    '{\n  "bridge": "none", "iptables": false,\n  "log-opts": {"max-size":   "10m"}\n}',
]


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_added_and_taken_out_again(text):
    before = json.loads(text)
    more = daemon_json.with_runtime(text, "ascend", ROW, True)
    said = json.loads(more)
    assert said["runtimes"]["ascend"] == ROW and said["default-runtime"] == "ascend"
    others = {key: value for key, value in said.items() if key not in ("runtimes", "default-runtime")}
    assert others == {key: value for key, value in before.items() if key not in ("runtimes", "default-runtime")}
    assert daemon_json.with_runtime(more, "ascend", ROW, True) == more
    assert daemon_json.without_runtime(more, "ascend", before.get("default-runtime")) == text


@pytest.mark.parametrize("text", ["", " \n", "{}", "{\n}\n"])
def test_out_of_nothing_comes_a_file_that_people_can_read(text):
    more = daemon_json.with_runtime(text, "ascend", ROW, True)
    assert json.loads(more) == {"runtimes": {"ascend": ROW}, "default-runtime": "ascend"}
    assert more.startswith('{\n    "runtimes": {\n        "ascend": {\n')
    assert json.loads(daemon_json.without_runtime(more, "ascend")) == {}


def test_another_default_stays_unless_ours_is_asked_for():
    text = '{"default-runtime": "nvidia", "runtimes": {"nvidia": {"path": "n"}}}'
    more = daemon_json.with_runtime(text, "ascend", ROW, False)
    assert json.loads(more)["default-runtime"] == "nvidia"
    ours = daemon_json.with_runtime(more, "ascend", ROW, True)
    assert json.loads(daemon_json.with_runtime(ours, "ascend", ROW, False, "nvidia")) == json.loads(more)
    assert "default-runtime" not in json.loads(daemon_json.with_runtime(ours, "ascend", ROW, False))


def test_a_runtime_with_another_path_is_corrected_in_its_place():
    text = '{"runtimes": {"ascend": {"path": "/old"}, "x": {"path": "x"}}, "z": 1}'
    assert daemon_json.with_runtime(text, "ascend", ROW, False) == text.replace('{"path": "/old"}', json.dumps(ROW))


@pytest.mark.parametrize(
    "text,said",
    [
        ('{"a": 1,}', "line 1, column 9"),
        ('{\n "a": 1\n "b": 2}', "line 3, column 2"),
        ("[]", "no object"),
        ('{"runtimes": []}', "runtimes is no object"),
        ('{"default-runtime": 3}', "default-runtime is no text"),
        ("[" * 100000, "nested"),
    ],
)
def test_a_broken_file_is_told_by_line_and_column(text, said):
    with pytest.raises(daemon_json.BadConfig, match=said):
        daemon_json.with_runtime(text, "ascend", ROW, True)


@pytest.mark.parametrize(
    "text,said",
    [
        ('{"runtimes": {"runc": {"path": "runc"}}}', "lists runc"),
        ('{"default-runtime": "nvidia"}', "nvidia, which is not among"),
        ('{"default-runtime": "runc"}', None),
        ('{"default-runtime": "ascend"}', None),
        ("", None),
    ],
)
def test_what_dockerd_would_refuse_is_told(text, said):
    found = daemon_json.unusable(text, "ascend")
    assert (said in found) if said else found is None

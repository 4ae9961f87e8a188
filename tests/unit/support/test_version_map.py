"""The catalog against what MindFormers wheels say of themselves, with small wheels made here."""

import json
import zipfile

import pytest

from tests.checks import version_map

# As in the wheel of MindFormers 2.1.0.
PAIRS = {
    "mf": {"1.3.2": "2.4.10", "1.5.0": "2.6.0", "1.7.0": "2.7.1", "2.0.0": "2.10.0", "2.1.0": "2.11.0"},
    "ms": {"2.4.10": "8.0.0", "2.6.0": "8.1.RC1", "2.7.1": "8.3.RC1", "2.10.0": "9.1.0", "2.11.0": "9.2.0"},
    "cann": {"8.0.RC2": "24.1.rc2", "8.3.RC1": "25.3.RC1", "9.1.0": "26.1.0", "9.2.0": "26.2.RC1"},
}


@pytest.fixture
def wheel(tmp_path):
    def make(**changes):
        said = {
            section: {release: {"prefer": other, "support": [other]} for release, other in {**pairs, **more}.items()}
            for section, pairs in PAIRS.items()
            for more in [changes.get(section, {})]
        }
        path = tmp_path / "mindformers-9.9.9-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(version_map.NAME, json.dumps(said))
        return path

    return make


def test_the_catalog_agrees_with_the_wheels(wheel, capsys):
    assert version_map.main([str(wheel())]) == 0
    assert capsys.readouterr().out == "mindformers-9.9.9-py3-none-any.whl: 0 differences\n"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"mf": {"9.9.9": "2.7.1"}}, "mindformers 9.9.9: no row in the catalog"),
        ({"mf": {"1.7.0": "2.7.2"}}, "mindformers 1.7.0: the wheel names mindspore 2.7.2, the catalog 2.7.1"),
        ({"ms": {"2.7.1": "8.2.RC1"}}, "mindspore 2.7.1: the wheel names cann 8.2.RC1, the catalog 8.3.rc1"),
        ({"cann": {"8.3.RC1": "25.9.0"}}, "mindformers 1.7.0: the wheel leads to hdk 25.9.0, the catalog to 25.3.RC1"),
    ],
)
def test_a_difference_is_said(wheel, capsys, changes, line):
    assert version_map.main([str(wheel(**changes))]) == 1
    assert f"  {line}\n" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"mf": [], "ms": {}, "cann": {}}'])
def test_a_wheel_without_a_map_is_told_apart(tmp_path, capsys, content):
    path = tmp_path / "mindformers-1.3.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(version_map.NAME if content else "other", content)
    assert version_map.main([str(path)]) == 2
    assert "mindformers-1.3.0-py3-none-any.whl has no mindformers/VERSION_MAP.json" in capsys.readouterr().out

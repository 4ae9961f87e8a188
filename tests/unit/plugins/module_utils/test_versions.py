"""The vendor's order of versions is a total order, and reads what Huawei writes."""

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import versions
from hypothesis import given
from hypothesis import strategies as st

ORDERED = [
    [
        "6.0.rc1",
        "6.0.0",
        "23.0.rc1",
        "23.0.RC2",
        "23.0.rc3",
        "23.0.0",
        "23.0.1",
        "23.0.3",
        "23.0.7",
        "24.1.rc1",
        "24.1.rc2",
        "24.1.rc2.2",
        "24.1.rc3",
        "24.1.0",
        "24.1.0.1",
        "25.0.rc1.1",
        "25.0.rc1.3",
        "25.2.0",
        "25.3.rc1",
        "25.3.rc1.2",
        "25.5.0",
    ],
    [
        "5.1.RC1.alpha005",
        "5.1.RC1",
        "6.0.RC1",
        "6.0.1.alpha001",
        "6.0.1",
        "6.3.RC1.alpha003",
        "6.3.RC1",
        "6.3.RC2",
        "7.0.0.beta1",
        "7.0.0",
        "7.0.1",
        "8.0.RC1",
        "8.0.RC3",
        "8.0.0.T63",
        "8.0.0",
        "8.5.0.alpha001",
        "8.5.0.beta1",
        "8.5.0",
        "9.2.0-beta.2",
    ],
    [
        "2.0.0-alpha",
        "2.0.0",
        "2.3.0rc1",
        "2.3.0rc2",
        "2.3.0",
        "2.4.1",
        "2.4.10",
        "2.7.1",
        "2.7.1.post1",
        "2.7.2",
        "2.10.0",
    ],
    ["2.1.0.rc1", "2.1.0", "2.1.0.post3", "2.1.0.post4", "2.1.0.post12", "2.2.0"],
    ["20.2.2", "20.2.2.spc001", "21.0.rc1", "21.0.4", "21.0.4.B030", "22.0.4"],
    ["6.3.0.1.241", "6.4.0.4.220", "6.4.12.1.241", "7.0.0.5.242", "7.1.0.3.220", "7.1.0.11.220", "7.8.0.2.212"],
]


@pytest.mark.parametrize("known", ORDERED)
def test_order(known):
    for index, older in enumerate(known):
        for newer in known[index + 1 :]:
            assert versions.compare(older, newer) == -1, (older, newer)
            assert versions.compare(newer, older) == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("23.0.RC1", "23.0.rc1"),
        ("8.3.rc1", "8.3.RC1"),
        ("2.0", "2.0.0"),
        ("21.0.4.b030", "21.0.4.B030"),
        ("2.6.0-rc1", "2.6.0rc1"),
        ("8.0.0.Beta1", "8.0.0.beta1"),
        ("6.0.1.alpha001", "6.0.1.alpha1"),
    ],
)
def test_one_version_in_two_spellings(left, right):
    assert versions.same(left, right)
    assert versions.compare(left, right) == 0


part = st.one_of(
    st.integers(0, 300).map(str),
    st.tuples(
        st.sampled_from(["rc", "RC", "alpha", "beta", "post", "b", "B", "spc", "sph", "T", "dev"]), st.integers(0, 40)
    ).map(lambda pair: f"{pair[0]}{pair[1]:03d}"),
)
version = st.tuples(st.integers(0, 30).map(str), st.lists(part, max_size=6)).map(
    lambda pair: ".".join([pair[0], *pair[1]])
)


@given(version, version, version)
def test_total_order(a, b, c):
    assert versions.compare(a, b) == -versions.compare(b, a)
    if versions.compare(a, b) <= 0 and versions.compare(b, c) <= 0:
        assert versions.compare(a, c) <= 0
    assert (versions.compare(a, b) == 0) == (versions.key(a) == versions.key(b))


@given(version)
def test_case_and_zeros_do_not_matter(text):
    assert versions.compare(text.lower(), text.upper()) == 0
    assert versions.compare(text, text + ".0") == 0
    assert versions.is_version(text)


@given(version, st.integers(1, 30))
def test_suffixes_stand_on_their_side(text, number):
    base = text + ".1"
    for older in ("alpha", "beta", "rc", "T"):
        assert versions.compare(f"{base}.{older}{number}", base) == -1
    for newer in ("post", "spc", "sph", "b", ""):
        assert versions.compare(f"{base}.{newer}{number}", base) == 1


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_can_be_compared(left, right):
    assert versions.compare(left, right) == -versions.compare(right, left)
    versions.nearest(left, ["1.0", right])


@pytest.mark.parametrize(
    ("found", "wanted", "holds"),
    [
        ("25.5.2", "25.5.X", True),
        ("25.0.rc1.1", "25.0.X", True),
        ("25.3.rc1", "25.0.X", False),
        ("25.5.0", "25.5.0", True),
        ("25.5.1", "25.5.0", False),
    ],
)
def test_patterns_of_release_notes(found, wanted, holds):
    assert versions.satisfies(found, wanted) is holds


@pytest.mark.parametrize(
    ("found", "low", "high", "holds"),
    [
        ("7.5.0.1.129", "7.0.0", "7.5.99", True),
        ("7.7.0.1.231", "7.0.0", "7.5.99", False),
        ("7.2.99", "7.0.0", "7.2.99", True),
        ("24.1.rc3", "24.1", "24.1.", True),
        ("24.1.0", "24.1", "24.1.", True),
        ("24.10.0", "24.1", "24.1.", False),
        ("23.0.0", "23.0.0", "23.0.0.", True),
        ("23.0.0.2", "23.0.0", "23.0.0.", True),
        ("23.0.3", "23.0.0", "23.0.0.", False),
        ("23.0.rc3.1", "23.0.rc3", "23.0.rc3.", True),
    ],
)
def test_ranges_of_version_info(found, low, high, holds):
    assert versions.in_range(found, low, high) is holds


@pytest.mark.parametrize(
    ("found", "floor", "holds"),
    [
        ("2.4.10", "2.4.1", True),
        ("2.4.1", "2.4.1", True),
        ("2.4.0", "2.4.1", False),
        ("2.5.0", "2.4.1", False),
        ("2.6.0", "2.6.0rc1", True),
        ("2.6.0rc1", "2.6.0rc1", True),
        ("2.7.0", "2.6.0rc1", False),
    ],
)
def test_compatible_release_as_pip_reads_it(found, floor, holds):
    assert versions.compatible_release(found, floor) is holds


def test_nearest_shares_the_beginning_and_keeps_the_order():
    known = ["23.0.rc1", "23.0.0", "24.1.rc2", "24.1.rc3", "24.1.0", "25.0.rc1.1"]
    assert versions.nearest("24.1.rc9", known) == ["24.1.rc2", "24.1.rc3", "24.1.0"]
    assert versions.nearest("1.0", known, 1) == ["23.0.rc1"]
    assert versions.nearest("1.0", []) == []


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("25.3.rc1", True),
        ("7.8.0.2.212", True),
        ("6.0.1.alpha001", True),
        ("9.2.0-beta.2", True),
        ("2.6.0rc1", True),
        ("3", True),
        ("", False),
        ("latest", False),
        ("8.3 RC1", False),
        ("v8.3", False),
        ("8..3", False),
        ("1" * 5000 + "!", False),
        ("1" + "a" * 5000 + "!", False),
        (8.3, False),
        (None, False),
    ],
)
def test_what_looks_like_a_version(text, looks):
    assert versions.is_version(text) is looks

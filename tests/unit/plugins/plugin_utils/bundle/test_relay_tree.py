# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trees of relays: the control node gives once, nobody serves too many, nobody waits in a circle."""

import time
from collections import Counter

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import relay_tree
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.relay_tree import Member, grow, rack_of


def fleet(racks, each, files=()):
    return [
        Member(f"r{rack}-{at}", f"10.0.{rack}.{at}", f"r{rack}", files) for rack in range(racks) for at in range(each)
    ]


def served(tree):
    return Counter(sources[0] for sources in tree.sources.values() if sources)


def roots(tree):
    return [name for name, sources in tree.sources.items() if not sources]


@pytest.mark.parametrize(("racks", "each"), [(1, 2), (1, 16), (3, 16), (16, 1), (63, 16), (5, 3)])
@pytest.mark.parametrize("fan", [1, 2, 4])
def test_auto_gives_once_from_the_control_node(racks, each, fan):
    tree = grow(fleet(racks, each), ["auto"], fan)
    assert roots(tree) == ["r0-0"] and len(tree.sources) == racks * each
    # Beside its own rack's, the first relay of a rack serves first relays of others.
    assert max(served(tree).values()) <= fan + (fan if racks > 1 else 0)
    assert set(served(tree)) <= set(tree.relays)
    between = [
        name for name, sources in tree.sources.items() if sources and sources[0].split("-")[0] != name.split("-")[0]
    ]
    assert len(between) == racks - 1, "one host of each rack fetches from another rack"


def without(tree, dead):
    """Whom each host asks first when a relay is gone."""
    return {name: next((one for one in sources if one != dead), None) for name, sources in tree.sources.items()}


@pytest.mark.parametrize(("racks", "each"), [(1, 16), (8, 9), (12, 1), (3, 40)])
@pytest.mark.parametrize("fan", [1, 2, 3])
def test_whoever_falls_out_nobody_waits_in_a_circle(racks, each, fan):
    tree = grow(fleet(racks, each), ["auto"], fan)
    for sources in tree.sources.values():
        assert len(set(sources)) == len(sources) <= relay_tree.SOURCES_AT_MOST
    for dead in [None, *tree.relays]:
        asks = without(tree, dead)
        for name in asks:
            seen = [name]
            while asks[seen[-1]] is not None:
                assert asks[seen[-1]] not in seen, (dead, seen)
                seen.append(asks[seen[-1]])
            assert seen[-1] in (tree.relays[0], dead, tree.relays[1]), "the root, or of a dead root the next one"


def test_whoever_falls_out_its_hosts_spread_over_the_others():
    """What a relay sends is divided among those that ask it: one too many there holds up everybody behind."""
    tree = grow(fleet(1, 16), ["auto"], 2)
    assert len(tree.relays) == 9, "eight serve fifteen, and one more"
    for dead in tree.relays:
        serves = Counter(one for one in without(tree, dead).values() if one)
        assert max(serves.values()) <= 3
    assert max(Counter(one for one in without(tree, tree.relays[1]).values() if one).values()) == 2
    assert max(Counter(one for one in without(tree, tree.relays[3]).values() if one).values()) == 2


def test_named_relays_serve_their_racks_and_those_without_one():
    members = fleet(3, 4)
    tree = grow(members, ["r1-2", "r0-1", "elsewhere"], 2)
    assert tree.relays == ["r0-1", "r1-2"] and roots(tree) == ["r0-1"]
    assert tree.sources["r0-0"] == ["r0-1", "r1-2"] and tree.sources["r1-0"] == ["r1-2", "r0-1"]
    assert served(tree) == {"r0-1": 5, "r1-2": 6}


def test_hosts_with_other_files_have_a_tree_of_their_own():
    tree = grow([*fleet(1, 4, "a"), *[Member(f"b{at}", "10.0.0.9", "r0", "b") for at in range(3)]], ["auto"], 2)
    assert roots(tree) == ["r0-0", "b0"]
    assert all(source.startswith("b") for name in ("b1", "b2") for source in tree.sources[name])


def test_one_host_alone_and_one_without_an_address_are_no_relays():
    assert grow(fleet(1, 1), ["auto"], 2) == relay_tree.Tree()
    assert grow(fleet(1, 1), ["r0-0"], 2) == relay_tree.Tree()
    tree = grow([Member("a", "", ""), Member("b", "10.0.0.2", ""), Member("c", "10.0.0.3", "")], ["auto"], 2)
    assert tree.relays == ["b", "c"] and tree.sources == {"a": ["c", "b"], "b": [], "c": ["b"]}
    assert grow(fleet(1, 4), [], 2) == relay_tree.Tree()


@pytest.mark.parametrize(
    ("said", "address", "rack"),
    [
        ("7", "10.1.2.3", "rack 7"),
        (None, "10.1.2.3", "10.1.2.0/24"),
        ("", "2001:db8:1:2::9", "2001:db8:1:2::/64"),
        (None, "", ""),
    ],
)
def test_the_rack_of_a_host(said, address, rack):
    assert rack_of(said, address) == rack


def test_a_large_fleet_is_quick():
    began = time.process_time()
    grow(fleet(125, 16), ["auto"], 2)
    assert time.process_time() - began < 5


def test_what_the_playbook_registered_counts_for_its_hosts_only():
    registered = {"sources": {"a": ["http://10.0.0.1:8089"], "b": []}}
    of = relay_tree.of_host
    assert of({"ascend_fleet_relays": registered, "inventory_hostname": "a"}) == ["http://10.0.0.1:8089"]
    assert of({"ascend_fleet_relays": registered, "inventory_hostname": "b"}) == []
    for variables in ({"inventory_hostname": "a"}, {"ascend_fleet_relays": registered, "inventory_hostname": "c"}):
        assert of(variables) is None
    assert of({"ascend_fleet_relays": {"skipped": True}, "inventory_hostname": "a"}) is None

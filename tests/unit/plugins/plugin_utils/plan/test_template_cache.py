"""One rendering for many hosts, but only where their results cannot differ."""

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.template_cache import TemplateCache


class Renderer:
    """Counts renderings; what comes out names the host, so that a wrong hit shows."""

    def __init__(self, host):
        self.host, self.calls = host, 0

    def __call__(self, value):
        self.calls += 1
        return f"{value} for {self.host}"


def results(value, first, second):
    """(what two hosts get, how often it was rendered)."""
    cache, one, two = TemplateCache(), Renderer("one"), Renderer("two")
    return [cache.template(value, first, one), cache.template(value, second, two)], one.calls + two.calls


@pytest.mark.parametrize(
    "value",
    [
        "2.7.1",
        ["driver", "firmware"],
        {"a": ["b"]},
        None,
        True,
        "{{ mirror }}/ascend",
        ["{{ mirror }}", "{% if mirror %}x{% endif %}"],
    ],
)
def test_rendered_once_when_what_it_reads_is_equal(value):
    found, calls = results(value, {"mirror": "m", "host": "one"}, {"mirror": "m", "host": "two"})
    assert calls == 1
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("value", "first", "second"),
    [
        ("{{ host }}", {"host": "one"}, {"host": "two"}),
        ("{{ port }}", {"port": 1}, {"port": True}),
        ("{{ port }}", {"port": None}, {}),
        ("{{ lookup('env', 'HOME') }}", {}, {}),
        ("{{ '/srv' | basename }}", {}, {}),
        ("{{ outer }}", {"outer": "{{ inner }}", "inner": "a"}, {"outer": "{{ inner }}", "inner": "b"}),
        ("{{ hostvars['x'].y }}", {"hostvars": {"x": 1}}, {"hostvars": {"x": 1}}),
        ("{{ broken", {}, {}),
        (["plain", object()], {}, {}),
    ],
)
def test_rendered_for_each_host_when_it_may_differ(value, first, second):
    found, calls = results(value, first, second)
    assert calls == 2
    assert found[0] != found[1]


def test_equal_text_of_another_origin_is_another_value():
    cache, render = TemplateCache(), Renderer("one")
    one, two = "".join(["{{ ", "mirror }}"]), "".join(["{{ ", "mirror }}"])
    assert one == two
    assert one is not two
    for value in (one, two, one, two):
        cache.template(value, {"mirror": "m"}, render)
    assert render.calls == 2


def test_an_error_is_not_kept():
    cache = TemplateCache()

    def fail(_value):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.template("x", {}, fail)
    assert cache.template("x", {}, Renderer("one")) == "x for one"

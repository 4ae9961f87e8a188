# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's page in a headless Chromium: nothing fetched, nothing wrong on the console, usable by keyboard."""

import json

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import page, text
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.collect import collect
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.model import build

from tests.report import samples
from tests.report.browser import Browser, executable

NASTY = '</script><script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">\u2028&lt;b&gt;'
CONTRAST = """
(() => {
  const curve = (part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const channel = (value) => curve(value / 255);
  const read = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let node = element; node; node = node.parentElement) {
      const color = read(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("main *, header *, footer *, dialog[open] *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest(".hidden")) continue;
    const [front, back] = [light(read(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    const name = `${element.tagName}.${element.className}`;
    if (ratio < 4.5) weak.push(`${name} ${ratio.toFixed(2)} ${element.textContent.slice(0, 30)}`);
  }
  return weak.slice(0, 5);
})()
"""
NAMELESS = """
[...document.querySelectorAll("button, input, select")].filter((element) => element.checkVisibility() && !(
  element.textContent.trim() || element.getAttribute("aria-label") || (element.labels && element.labels.length)
)).length
"""

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def browser():
    if executable() is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with Browser() as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for size in (4, 100, 1000):
        report = samples.report(size)
        (folder / f"{size}.html").write_text(page.render(report, text.lines(report)))
    return folder


def clean(browser):
    assert browser.errors == []
    assert [url for url in browser.requests if not url.startswith("file:")] == []
    assert len(browser.requests) == 1, "one file, nothing else"


@pytest.mark.parametrize("size", [4, 100, 1000])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_opens_quickly_and_cleanly(browser, pages, size, scheme):
    browser.emulate(scheme)
    seconds = browser.open(pages / f"{size}.html")
    clean(browser)
    assert seconds < 8, "on two busy cores; about one second for 1,000 hosts on a quiet machine"
    assert browser.run("document.documentElement.dataset.theme") == scheme
    assert browser.run("document.querySelectorAll('#chips .block').length") == size
    assert browser.run(CONTRAST) == []
    assert browser.run(NAMELESS) == 0
    assert browser.run("document.querySelectorAll('h1').length") == 1
    assert browser.run("document.querySelectorAll('*').length") < 20_000


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_is_wider_than_the_window(browser, pages, width):
    browser.emulate(width=width)
    browser.open(pages / "100.html", "#group=none")
    assert browser.run("document.documentElement.scrollWidth") <= width
    browser.emulate()


def test_every_host_is_in_the_list_or_a_group(browser, pages):
    browser.open(pages / "1000.html")
    counts = "[...document.querySelectorAll('#hosts .group .how-many')].map((item) => parseInt(item.textContent))"
    titles = browser.run(counts)
    single = browser.run("document.querySelectorAll('#hosts tbody tr:not(.group)').length")
    assert sum(titles) + single == 1000
    browser.run("document.querySelector('#hosts .group .toggle').click()")
    assert browser.run("document.querySelector('#hosts .group .toggle').getAttribute('aria-expanded')") == "true"
    assert browser.run("document.querySelectorAll('#hosts tbody tr:not(.group)').length") > single


def test_filter_sort_and_the_address(browser, pages):
    browser.open(pages / "100.html", "#group=none")
    browser.run("document.querySelector('.pill[data-status=failed]').click()")
    assert browser.run("document.querySelectorAll('#hosts tbody tr').length") == 2
    assert browser.run("location.hash").count("status=failed") == 1
    assert browser.run("document.getElementById('showing').textContent") == "2 of 100 hosts"
    browser.run("document.getElementById('reset').click()")
    browser.run("document.querySelector('[data-sort=driver]').click()")
    cells = "[...document.querySelectorAll('#hosts td[data-label=Driver]')]"
    order = f"{cells}.slice(0, 3).map((cell) => cell.firstChild.textContent)"
    assert browser.run(order) == ["24.1.0", "24.1.0", "25.3.rc1"]
    assert browser.run("document.querySelector('th[aria-sort=ascending]').textContent") == "Driver"
    fragment = browser.run("location.hash")
    browser.open(pages / "100.html", fragment)
    assert browser.run(order) == ["24.1.0", "24.1.0", "25.3.rc1"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("is:drift", 14),
        ("is:reboot", 3),
        ("is:sick", 6),
        ("is:slow", 1),
        ("driver:24.1.0", 2),
        ("mindspore:none", 19),
        ("infer-r00", 3),
        ("rule:package-chip", 1),
        ('cann:"nnrt 8.3.RC1"', 9),
        ("is:unreachable", 1),
        ("910B3 is:failed", 2),
        ("no such host", 0),
    ],
)
def test_queries(browser, pages, query, count):
    browser.open(pages / "100.html", "#group=none")
    setting = f"(document.getElementById('query').value = {json.dumps(query)})"
    browser.run(f"{setting}, document.getElementById('query').dispatchEvent(new Event('input'))")
    browser.wait(f"document.getElementById('showing').textContent === '{count} of 100 hosts'")
    clean(browser)


def test_details_by_keyboard(browser, pages):
    browser.open(pages / "100.html", "#group=none")
    browser.run("document.querySelector('#hosts td .link').focus()")
    browser.press("Enter")
    browser.wait("document.getElementById('details').open")
    first = browser.run("document.getElementById('details-h').textContent")
    browser.press("ArrowRight")
    assert browser.run("document.getElementById('details-h').textContent") != first
    assert browser.run(CONTRAST) == []
    browser.press("Escape")
    browser.wait("!document.getElementById('details').open")
    assert browser.run("document.activeElement.textContent") == first, "focus returns to where it was"


def test_slash_goes_to_the_filter(browser, pages):
    browser.open(pages / "4.html")
    browser.press("/")
    assert browser.run("document.activeElement.id") == "query"
    assert browser.run("document.getElementById('query').value") == ""


def test_the_theme_can_be_chosen(browser, pages):
    browser.emulate("light")
    browser.open(pages / "4.html")
    browser.run("document.getElementById('theme').click()")
    assert browser.run("document.documentElement.dataset.theme") == "dark"
    browser.run("document.getElementById('theme').click()")
    assert browser.run("document.documentElement.dataset.theme") == "light"


def test_hostile_text_stays_text(browser, tmp_path):
    chips = [{"npu_id": 0, "name": NASTY, "health": NASTY, "temperature_c": "x"}]
    hosts = {
        NASTY: {
            "rollout_outcome": {"status": "failed", **dict.fromkeys(("failed_step", "message", "cause", "fix"), NASTY)},
            "ascend_plan": {
                "status": "pending",
                "steps": [{"id": NASTY, "component": NASTY, "why": NASTY}],
                "stack": {},
                "findings": [{"severity": "error", **dict.fromkeys(("rule", "message", "source", "variable"), NASTY)}],
            },
            "inference_check_result": {"text": NASTY, "prompt": NASTY, "status": "passed", "tokens_per_second": 3},
            "ascend_facts": {
                "driver": {"installed": NASTY},
                "os": {"name": NASTY},
                "npu": {"available": True, "chips": chips},
                "reboot_required": True,
                "reboot_reasons": [NASTY],
            },
        },
        "constructor": {},
        "__proto__": {},
    }
    report = build(collect(hosts, hosts), NASTY, NASTY, NASTY, {NASTY: NASTY})
    target = tmp_path / "nasty.html"
    target.write_text(page.render(report, text.lines(report)))
    browser.open(target)
    browser.run("document.querySelector('#hosts td .link').click()")
    assert browser.run("window.hacked") is None
    assert browser.run("document.querySelectorAll('img, script:not([type])').length") == 1
    assert browser.run("document.getElementById('details-h').textContent") == NASTY
    clean(browser)


def test_an_empty_report(browser, tmp_path):
    report = build([], "Nothing", "2026-11-22T16:30:00Z", "control")
    target = tmp_path / "empty.html"
    target.write_text(page.render(report))
    browser.open(target)
    clean(browser)
    assert "No hosts in this report" in browser.run("document.body.innerText")


def test_prints(browser, pages, tmp_path):
    browser.emulate("dark", media="print")
    browser.open(pages / "4.html")
    browser.pdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run("getComputedStyle(document.querySelector('.toolbar')).display") == "none"
    browser.emulate()

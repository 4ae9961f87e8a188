// Data, element helpers, the filter and its place in the address. Text enters the page as text nodes only.
const report = JSON.parse(document.getElementById("data").textContent);
const COMPONENTS = report.columns.map((column) => column.component);
const HEADLINES = report.columns.filter((column) => column.headline).map((column) => column.component);
const LABELS = Object.fromEntries(report.columns.map((column) => [column.component, column.title]));
const STATUSES = ["failed", "unreachable", "refused", "pending", "not_started", "changed", "converged"];
const STATUS_WORDS = { not_started: "not started" };
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const byId = (id) => document.getElementById(id);
const word = (status) => STATUS_WORDS[status] || status;
const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

const hosts = report.hosts.map((packed, index) => {
  const host = {
    drift: [], reboot_reasons: [], notes: [], models: [], error: null, reason: null, inference: null, chips_missing: 0, seconds: null, ...packed, index,
    plan: report.pools.plan[packed.plan],
    findings: report.pools.findings[packed.findings],
    desired: report.pools.desired[packed.desired],
    versions: report.pools.versions[packed.versions],
    chips: packed.chips.map((row) => Object.fromEntries(report.chip_keys.map((key, at) => [key, row[at]]))),
  };
  host.drifting = Object.fromEntries(host.drift.map((item) => [item.component, item]));
  host.sick = host.chips.filter((chip) => chip.level === "bad" || chip.level === "warning").length + host.chips_missing;
  host.speed = host.inference ? host.inference.tokens_per_second : null;
  host.hay = [
    host.name, word(host.status), host.chip, host.chip_name, host.product, host.os, host.arch, host.host_kind,
    ...Object.values(host.versions), host.error && `${host.error.step} ${host.error.message} ${host.error.cause}`,
    ...host.findings.map((item) => item.rule), ...host.models.map((model) => `${model.name} ${model.soc} ${model.checkpoint_sha256}`), ...host.notes, ...host.reboot_reasons,
    host.inference && `${host.inference.text || ""} ${host.inference.reason || ""}`,
  ].filter(Boolean).join(" \n").toLowerCase();
  return host;
});
const byName = new Map(hosts.map((host) => [host.name, host]));

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "click") element.addEventListener("click", value);
    else if (key === "css") Object.entries(value).forEach(([name, text]) => element.style.setProperty(name, text));
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false).map(
    (child) => (child instanceof Node ? child : String(child))));
  return element;
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

// A shape beside every colour, so that status does not depend on seeing hues.
const SHAPES = {
  converged: "M6 .8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 6 .8Z",
  changed: "M6 .8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 6 .8Zm0 2a3.2 3.2 0 0 1 0 6.4Z",
  pending: "M6 .8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 6 .8Zm0 1.8a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8Z",
  refused: "M1 1h10v10H1Zm1.6 4v2h6.8V5Z",
  failed: "M2.6.9 6 4.3 9.4.9l1.7 1.7L7.7 6l3.4 3.4-1.7 1.7L6 7.7l-3.4 3.4L.9 9.4 4.3 6 .9 2.6Z",
  unreachable: "M6 .6 11.4 6 6 11.4.6 6Zm0 2.8L3.4 6 6 8.6 8.6 6Z",
  not_started: "M1 5h10v2H1Z",
  warning: "M6 .7 11.8 11H.2Zm-.8 3.6.2 3.4h1.2l.2-3.4Zm0 4.4v1.4h1.6V8.7Z",
  info: "M6 .8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 6 .8ZM5.2 3h1.6v1.5H5.2Zm0 2.4h1.6V9H5.2Z",
  accepted: "M4.4 10.3.8 6.7l1.5-1.5 2.1 2.1L9.7 2l1.5 1.5Z",
};
SHAPES.error = SHAPES.failed;
SHAPES.done = SHAPES.accepted;
SHAPES.planned = SHAPES.pending;
SHAPES.skipped = SHAPES.not_started;
SHAPES.unknown = SHAPES.pending;
SHAPES.passed = SHAPES.converged;
const TONES = { done: "converged", planned: "pending", skipped: "not_started", unknown: "not_started", passed: "converged" };

function mark(kind) {
  const icon = svg("svg", { viewBox: "0 0 12 12", class: `mark tone-${TONES[kind] || kind}`, "aria-hidden": "true" });
  icon.append(svg("path", { d: SHAPES[kind] || SHAPES.not_started, fill: "currentColor", "fill-rule": "evenodd" }));
  return icon;
}

// The filter: words, quoted words and key:value terms, all of which must hold.
const state = { query: "", status: new Set(), sort: "", descending: false, group: "", measure: "health" };

const FLAGS = {
  drift: (host) => host.drift.length > 0,
  reboot: (host) => Boolean(host.reboot_required),
  sick: (host) => host.sick > 0,
  changed: (host) => Boolean(host.changed),
  slow: (host) => slowHosts().has(host.name),
};

function readTerms(query) {
  return [...query.matchAll(/(?:([a-z_]+):)?(?:"([^"]*)"?|(\S+))/gi)].map((found) => ({
    key: (found[1] || "").toLowerCase(), value: (found[2] ?? found[3] ?? "").toLowerCase(),
  }));
}

function holds(host, term) {
  const { key, value } = term;
  if (key === "is") return FLAGS[value] ? FLAGS[value](host) : host.status === value;
  if (key === "rule") return host.findings.some((item) => (item.rule || "").toLowerCase() === value);
  if (key === "host") return host.name.toLowerCase() === value;
  if (key === "chip") return [host.chip, host.chip_name].some((text) => (text || "").toLowerCase() === value);
  if (key === "kind") return (host.host_kind || "").toLowerCase() === value;
  if (COMPONENTS.includes(key)) {
    const version = (host.versions[key] || "").toLowerCase();
    return value === "none" ? !version : version.startsWith(value);
  }
  return host.hay.includes(key ? `${key}:${value}` : value);
}

let filtered = hosts;
function refilter() {
  const terms = readTerms(state.query);
  filtered = hosts.filter((host) => (state.status.size === 0 || state.status.has(host.status)) &&
    terms.every((term) => holds(host, term)));
  return filtered;
}

function saveState() {
  const parts = new URLSearchParams();
  if (state.query) parts.set("q", state.query);
  if (state.status.size) parts.set("status", [...state.status].join(","));
  if (state.group) parts.set("group", state.group);
  if (state.sort) parts.set("sort", (state.descending ? "-" : "") + state.sort);
  const hash = parts.toString();
  try { history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search); } catch { /* file: in some browsers */ }
}

function loadState() {
  const parts = new URLSearchParams(location.hash.slice(1));
  state.query = parts.get("q") || "";
  state.status = new Set((parts.get("status") || "").split(",").filter((item) => STATUSES.includes(item)));
  state.group = parts.get("group") || "";
  const sort = parts.get("sort") || "";
  state.descending = sort.startsWith("-");
  state.sort = sort.replace(/^-/, "");
  return parts.get("host");
}

function setFilter(changes) {
  Object.assign(state, changes);
  if ("query" in changes) byId("query").value = state.query;
  update();
}

function quoted(value) { return /[\s"]/.test(value) ? `"${value}"` : value; }

function filterLink(label, query, attributes) {
  return h("button", { type: "button", class: "link", ...attributes, click: () => { setFilter({ query, status: new Set() }); toHosts(); } }, label);
}

function toHosts() { byId("hosts").scrollIntoView({ block: "start" }); }

// npu-[001-120]: the same folding as on the screen's table.
function fold(names) {
  const families = new Map();
  const rest = [];
  for (const name of names) {
    const found = /^(.*?)(\d+)(\D*)$/.exec(name);
    if (!found) { rest.push(name); continue; }
    const key = `${found[1]}\u0000${found[3]}`;
    if (!families.has(key)) families.set(key, []);
    families.get(key).push(found[2]);
  }
  const parts = [];
  for (const [key, digits] of families) {
    const [prefix, suffix] = key.split("\u0000");
    if (digits.length === 1) { parts.push(prefix + digits[0] + suffix); continue; }
    digits.sort((left, right) => Number(left) - Number(right));
    const runs = [];
    for (const item of digits) {
      const last = runs[runs.length - 1];
      if (last && Number(item) === Number(last[1]) + 1 && (item.length === last[1].length || !(item + last[1]).startsWith("0"))) last[1] = item;
      else runs.push([item, item]);
    }
    parts.push(`${prefix}[${runs.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(",")}]${suffix}`);
  }
  return [...parts, ...rest.sort(collator.compare)].join(", ");
}

function hostLink(name) {
  return h("button", { type: "button", class: "link", click: () => openDetails(name) }, name);
}

// Few names are links; many are folded to a line or two, with a way to see them in the list below.
function shortNames(names) {
  const folded = fold(names);
  return folded.length > 150 ? `${folded.slice(0, folded.lastIndexOf(",", 140) + 1)} …` : folded;
}

function hostNames(names, query) {
  if (names.length > 8) {
    return h("p", { class: "names" }, h("span", { class: "mono" }, shortNames(names), " "),
      query ? filterLink(`Show ${names.length.toLocaleString("en")} hosts`, query, { class: "link nowrap" }) : null);
  }
  return h("p", { class: "names" }, names.flatMap((name, at) => (at ? [", ", hostLink(name)] : [hostLink(name)])));
}

function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) {
    const value = key(item);
    if (value === null || value === undefined) continue;
    if (!groups.has(value)) groups.set(value, []);
    groups.get(value).push(item);
  }
  return groups;
}

function heading(section, text, note, right) {
  return h("div", { class: "panel-head" }, h("h2", { id: `${section}-h` }, text), note && h("span", { class: "soft" }, note),
    right && h("span", { class: "right" }, right));
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return null;
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

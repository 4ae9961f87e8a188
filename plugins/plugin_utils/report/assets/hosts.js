// The list of hosts: sorted, grouped above 60 hosts, rows made only when they are looked at.
const GROUP_ABOVE = 60;
const CHUNK = 100;
const GROUPS = {
  none: "no groups", alike: "alike hosts", status: "status", chip: "chip",
  ...Object.fromEntries(HEADLINES.map((component) => [component, `${LABELS[component]} version`])), os: "operating system",
};
const COLUMNS = [
  ["name", "Host", (host) => host.name], ["status", "Status", (host) => STATUSES.indexOf(host.status)],
  ["chips", "Chips", (host) => `${host.chip_name || host.chip || ""} ${host.chip_count || 0}`], ["os", "System", (host) => host.os],
  ...COMPONENTS.map((component) => [component, LABELS[component], (host) => host.versions[component]]),
  ["speed", "Tokens/s", (host) => host.speed],
];
let openGroups = new Set();

function sortedHosts(list) {
  const column = COLUMNS.find(([key]) => key === state.sort);
  if (!column) return list;
  const sign = state.descending ? -1 : 1;
  const compare = (left, right) => {
    const [a, b] = [column[2](left), column[2](right)];
    const emptiness = Number(a === null || a === undefined || a === "") - Number(b === null || b === undefined || b === "");
    if (emptiness) return emptiness;
    return sign * (typeof a === "number" ? a - b : collator.compare(String(a), String(b))) || left.index - right.index;
  };
  return list.slice().sort(compare);
}

function groupKey(host, kind) {
  if (kind === "alike") return JSON.stringify([host.status, host.chip_name || host.chip, host.chip_count, host.arch, host.os, host.versions, Boolean(host.reboot_required), host.error && host.error.message]);
  if (kind === "chip") return host.chip_name || host.chip || "unknown chip";
  if (COMPONENTS.includes(kind)) return host.versions[kind] || `no ${LABELS[kind]}`;
  if (kind === "os") return host.os || "unknown system";
  return host.status;
}

function renderHosts() {
  const section = byId("hosts");
  const list = sortedHosts(filtered);
  const kind = state.group || (list.length > GROUP_ABOVE ? "alike" : "none");
  const choice = h("select", { "aria-label": "Group hosts by" }, Object.entries(GROUPS).map(([key, label]) => h("option", { value: key, selected: key === kind }, key === "none" ? "No groups" : `Group by ${label}`)));
  choice.addEventListener("change", () => { state.group = choice.value; openGroups = new Set(); update(); byId("hosts").querySelector("select").focus(); });
  const head = h("thead", null, h("tr", null, COLUMNS.map(([key, label]) => h("th", {
    scope: "col", class: key === "speed" ? "number" : null, "aria-sort": state.sort === key ? (state.descending ? "descending" : "ascending") : null,
  }, h("button", { type: "button", "data-sort": key, click: () => sortBy(key) }, label)))));
  const bodies = kind === "none" ? [rowsBody(list)] : groupBodies(list, kind);
  const body = list.length ? h("div", { class: "table-wrap" }, h("table", { "aria-labelledby": "hosts-h" }, head, bodies)) :
    h("p", { class: "empty" }, "No host matches the filter. ", h("button", { type: "button", class: "link", click: clearFilter }, "Clear the filter"));
  section.replaceChildren(heading("hosts", "Hosts", list.length === hosts.length ? plural(list.length, "host") : `${list.length} of ${plural(hosts.length, "host")}`, choice), body);
}

function sortBy(key) {
  if (state.sort !== key) Object.assign(state, { sort: key, descending: key === "speed" });
  else if (state.descending === (key === "speed")) state.descending = !state.descending;
  else Object.assign(state, { sort: "", descending: false });
  update();
  byId("hosts").querySelector(`[data-sort="${key}"]`).focus();
}

function rowsBody(list) {
  const body = h("tbody");
  appendRows(body, list, 0);
  return body;
}

function appendRows(body, list, from) {
  body.append(...list.slice(from, from + CHUNK).map(hostRow));
  const left = list.length - from - CHUNK;
  if (left <= 0) return;
  const more = h("tr", { class: "more" }, h("td", { colspan: COLUMNS.length }, h("button", { type: "button", class: "ghost" }, `Show ${Math.min(left, CHUNK)} more of ${left}`)));
  more.querySelector("button").addEventListener("click", () => {
    more.remove();
    const first = body.children.length;
    appendRows(body, list, from + CHUNK);
    const next = body.children[first];
    if (next) next.querySelector("button").focus();
  });
  body.append(more);
}

function groupBodies(list, kind) {
  const groups = [...groupBy(list, (host) => groupKey(host, kind))];
  if (!state.sort) groups.sort((left, right) => STATUSES.indexOf(left[1][0].status) - STATUSES.indexOf(right[1][0].status) || right[1].length - left[1].length);
  return groups.map(([key, members]) => {
    if (members.length === 1 && kind === "alike") return rowsBody(members);
    const body = h("tbody");
    const button = h("button", { type: "button", class: "toggle", "aria-expanded": "false" }, h("span", { class: "twist", "aria-hidden": "true" }, "▸"), groupTitle(members, kind, key));
    body.append(h("tr", { class: "group" }, h("td", { colspan: COLUMNS.length }, button)));
    const toggle = () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", String(open));
      if (open) { openGroups.add(key); appendRows(body, members, 0); } else { openGroups.delete(key); while (body.children.length > 1) body.lastChild.remove(); }
    };
    button.addEventListener("click", toggle);
    if (openGroups.has(key)) toggle();
    return body;
  });
}

function groupTitle(members, kind, key) {
  const host = members[0];
  const range = h("span", { class: "range" }, shortNames(members.map((item) => item.name)));
  const counts = [...groupBy(members, (item) => item.status)].map(([status, items]) => h("span", { class: "status" }, mark(status), `${items.length} ${word(status)}`));
  if (kind !== "alike") return h("span", null, h("span", { class: "what" }, h("b", { class: "how-many" }, kind === "status" ? word(key) : key), kind === "status" ? String(members.length) : counts), range);
  const facts = [host.chip_count ? `${host.chip_count} × ${host.chip_name || host.chip || "NPU"}` : null, host.os,
    ...HEADLINES.map((item) => (host.versions[item] ? `${LABELS[item]} ${host.versions[item].replace(" ", "\u00a0")}` : null))];
  const named = (list) => list.map((item) => LABELS[item.component]).join(", ");
  const drift = named(host.drift.filter((item) => item.installed));
  const missing = named(host.drift.filter((item) => !item.installed));
  return h("span", null, h("span", { class: "what" }, h("b", { class: "how-many" }, plural(members.length, "host")), h("span", { class: "status" }, mark(host.status), word(host.status)),
    facts.filter(Boolean).map((text) => h("span", null, text)), drift && h("span", { class: "badge" }, `drift: ${drift}`),
    missing && h("span", { class: "badge" }, `missing: ${missing}`), host.reboot_required ? h("span", { class: "badge" }, "reboot") : null), range);
}

function hostRow(host) {
  const where = [host.arch, host.host_kind].filter(Boolean).join(", ");
  return h("tr", null,
    h("td", null, h("button", { type: "button", class: "link mono", click: () => openDetails(host.name) }, host.name)),
    h("td", { "data-label": "Status" }, h("span", { class: "status" }, mark(host.status), word(host.status)),
      host.changed ? h("span", { class: "sub" }, "changed") : null, host.reboot_required ? h("span", { class: "sub" }, "needs reboot") : null),
    h("td", { "data-label": "Chips" }, h("span", { class: "nowrap" }, host.chip_count ? `${host.chip_count} × ${host.chip_name || host.chip || "NPU"}` : "–"), host.sick ? h("span", { class: "sub" }, `${host.sick} sick`) : null),
    h("td", { "data-label": "System" }, host.os || "–", where && h("span", { class: "sub" }, where)),
    COMPONENTS.map((component) => versionCell(host, component)),
    h("td", { class: "number", "data-label": "Tokens/s" }, host.speed !== null ? host.speed.toFixed(1) : host.inference ? h("span", { class: "soft" }, host.inference.status) : "–"));
}

function versionCell(host, component) {
  const drift = host.drifting[component];
  const version = host.versions[component];
  const want = drift && h("span", { class: "want", title: "desired, or what most alike hosts have" }, drift.against === "majority" ? `most: ${drift.expected}` : `→ ${drift.expected}`);
  return h("td", { class: `v${drift ? " drift" : version ? "" : " absent"}`, "data-label": LABELS[component] }, version || "–", want);
}

function clearFilter() { setFilter({ query: "", status: new Set() }); }

function update() {
  refilter();
  saveState();
  for (const pill of byId("pills").children) pill.setAttribute("aria-pressed", String(state.status.has(pill.dataset.status)));
  const narrowed = state.query.trim() !== "" || state.status.size > 0;
  byId("showing").textContent = narrowed ? `${filtered.length.toLocaleString("en")} of ${plural(hosts.length, "host")}` : "";
  byId("reset").hidden = !narrowed;
  renderChips();
  renderProof();
  renderHosts();
}

function wireTheme() {
  const button = byId("theme");
  const media = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem("ascend-fleet-theme"); } catch { /* storage can be off */ }
  const apply = () => {
    const theme = chosen || (media.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
  };
  button.addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("ascend-fleet-theme", chosen); } catch { /* not kept then */ }
    apply();
  });
  media.addEventListener("change", apply);
  apply();
}

function wireToolbar() {
  const query = byId("query");
  let timer = 0;
  query.value = state.query;
  query.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => setFilter({ query: query.value }), 120); });
  byId("reset").addEventListener("click", () => { clearFilter(); query.focus(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName) && !byId("details").open) { event.preventDefault(); query.focus(); }
  });
  const bar = document.querySelector(".toolbar");
  addEventListener("scroll", () => bar.classList.toggle("stuck", bar.getBoundingClientRect().top <= 0), { passive: true });
}

const asked = loadState();
wireTheme();
renderMasthead();
renderVerdict();
renderPills();
renderAttention();
renderVersions();
renderFindings();
renderChanges();
renderNetwork();
renderBandwidth();
wireToolbar();
wireDetails();
update();
balance();
if (asked) openDetails(asked);

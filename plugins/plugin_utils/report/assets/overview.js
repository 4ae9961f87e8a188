// The top of the page: the verdict in one sentence, what needs a person, versions and findings.
function renderMasthead() {
  const when = new Date(report.generated);
  const local = Number.isNaN(when.getTime()) ? report.generated :
    when.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  byId("meta").replaceChildren(h("time", { datetime: report.generated }, local), ` · written on ${report.controller}`);
  byId("foot").replaceChildren(
    `${plural(hosts.length, "host")} · report schema ${report.schema} · the same data is in report.json and report.prom. `,
    "Drift: differs from what the plan desires, or from the majority of alike hosts where the plan desires nothing.");
}

function renderVerdict() {
  const summary = report.summary;
  const total = summary.hosts;
  const bad = STATUSES.slice(0, 5).filter((status) => summary[status]);
  const good = summary.converged + summary.changed;
  let sentence = `All ${plural(total, "host")} converged`;
  if (!total) sentence = "No hosts in this report";
  else if (good === total && total === 1) sentence = "The host converged";
  else if (good < total) sentence = `${good.toLocaleString("en")} of ${plural(total, "host")} converged`;
  const rest = bad.map((status) => `${summary[status].toLocaleString("en")} ${word(status)}`);
  const notes = [rest.join(", "), summary.changed_hosts ? `${plural(summary.changed_hosts, "host")} changed in this run` : ""];
  if (!rest.length && total && !summary.changed_hosts) notes.push("nothing had to change");
  if (report.second_run) notes.push(`second run: ${Object.entries(report.second_run).map(([key, value]) => `${key.replaceAll("_", " ")} ${value}`).join(", ")}`);
  const chips = summary.chips;
  const sick = chips.warning + chips.bad + chips.missing;
  const proven = hosts.filter((host) => host.inference && host.inference.status === "passed");
  const figures = [
    figure(chips.total ? `${chips.ok.toLocaleString("en")} / ${chips.total.toLocaleString("en")}` : "–", "chips healthy", sick ? "bad" : "", sick ? "is:sick" : null),
    figure(summary.drifting, "hosts drift", summary.drifting ? "warn" : "", summary.drifting ? "is:drift" : null),
    figure(summary.reboot_required, "need a reboot", summary.reboot_required ? "warn" : "", summary.reboot_required ? "is:reboot" : null),
    figure(`${proven.length} / ${hosts.length - summary.inference.skipped}`, "proven by computing", summary.inference.failed ? "bad" : "", null),
  ];
  const bar = h("div", { class: "bar", role: "group", "aria-label": "Hosts by status" }, STATUSES.slice().reverse().filter((status) => summary[status]).map((status) =>
    h("button", {
      type: "button", class: `tone-${status}`, css: { flex: `${summary[status]} 1 0` }, title: `${summary[status]} ${word(status)}`,
      "aria-label": `Show ${summary[status]} ${word(status)}`, click: () => { setFilter({ status: new Set([status]), query: "" }); toHosts(); },
    })));
  byId("verdict").replaceChildren(
    h("p", { class: "verdict-line" }, sentence, h("small", null, notes.filter(Boolean).join(" · "))),
    h("div", { class: "figures" }, figures), bar);
}

function figure(value, label, level, query) {
  const inside = [h("span", { class: "value" }, value), h("span", { class: "label" }, label)];
  const css = `figure${level ? ` is-${level}` : ""}`;
  if (!query) return h("div", { class: css }, inside);
  return h("button", { type: "button", class: css, click: () => { setFilter({ query, status: new Set() }); toHosts(); } }, inside);
}

function renderPills() {
  byId("pills").replaceChildren(...STATUSES.filter((status) => report.summary[status]).map((status) =>
    h("button", {
      type: "button", class: "pill", "data-status": status, "aria-pressed": String(state.status.has(status)),
      click: () => {
        const chosen = new Set(state.status);
        if (!chosen.delete(status)) chosen.add(status);
        setFilter({ status: chosen });
      },
    }, mark(status), word(status), h("b", null, report.summary[status].toLocaleString("en")))));
}

function renderAttention() {
  const section = byId("attention");
  const groups = groupBy(hosts.filter((host) => host.error), (host) =>
    JSON.stringify([host.status, host.error.step, host.error.message, host.error.cause, host.error.fix]));
  const ordered = [...groups.values()].sort((left, right) =>
    STATUSES.indexOf(left[0].status) - STATUSES.indexOf(right[0].status) || right.length - left.length);
  const waiting = groupBy(hosts.filter((host) => host.reason), (host) => host.reason);
  const noted = groupBy(hosts.filter((host) => !host.error).flatMap((host) =>
    [...host.notes, ...(host.reboot_required ? host.reboot_reasons : [])].map((note) => ({ note, name: host.name }))), (item) => item.note);
  section.hidden = !ordered.length && !noted.size && !waiting.size;
  const issues = ordered.map((members) => {
    const { status, error } = members[0];
    const where = error.step ? ` at ${error.step}` : "";
    return issue(status, `${plural(members.length, "host")} ${word(status)}${where}`, error.message,
      [["Cause", error.cause], ["Fix", error.fix]], members.map((host) => host.name), false, phrase(error.message));
  });
  for (const [reason, members] of waiting) {
    issues.push(issue("not_started", `${plural(members.length, "host")} not started`, reason, [], members.map((host) => host.name), false, "is:not_started"));
  }
  for (const [note, items] of [...noted].slice(0, 30)) issues.push(issue("warning", note, null, [], items.map((item) => item.name), false, phrase(note)));
  section.replaceChildren(heading("attention", "Needs attention"), ...issues);
}

function phrase(text) { return `"${text.split('"')[0].slice(0, 80)}"`; }

function issue(kind, title, message, facts, names, accepted, query) {
  const rows = facts.filter(([, text]) => text);
  return h("article", { class: `issue${accepted ? " is-accepted" : ""}` }, mark(accepted ? "accepted" : kind), h("div", { class: "issue-body" },
    h("p", { class: "issue-title" }, title, accepted && h("span", { class: "badge" }, "accepted in the inventory")),
    message && h("p", null, message),
    rows.length ? h("dl", null, rows.map(([label, text]) => [h("dt", null, label), h("dd", { class: label === "Fix" ? "fix" : null }, text)])) : null,
    names && hostNames(names, query)));
}

function renderVersions() {
  const section = byId("versions");
  const rows = COMPONENTS.filter((component) => report.components[component].length).map((component) => {
    const spread = report.components[component];
    const total = spread.reduce((sum, item) => sum + item.hosts, 0);
    const shown = spread.slice(0, 8);
    return h("div", { class: "component" }, h("h3", null, LABELS[component]), h("ul", null,
      shown.map((item) => versionRow(component, item, total)),
      spread.length > shown.length && h("li", { class: "soft" }, `and ${spread.length - shown.length} more versions`)));
  });
  const drifting = report.summary.drifting;
  const note = rows.length ? (drifting ? `${plural(drifting, "host")} differ${drifting === 1 ? "s" : ""}` : "no host differs") : null;
  section.replaceChildren(heading("versions", "Versions", note), ...(rows.length ? rows : [h("p", { class: "empty" }, "No host could be observed.")]));
}

function versionRow(component, item, total) {
  const label = item.version || "not installed";
  const drifts = item.drifting > 0;
  const verdict = item.version ? "drift" : "missing";
  const text = drifts ? (item.drifting === item.hosts ? verdict : `${item.drifting} ${verdict}`) : "";
  return h("li", { class: `version${drifts ? " drifts" : ""}` },
    filterLink(label, `${component}:${item.version ? quoted(item.version) : "none"}`, { class: "link mono" }),
    h("div", { class: "track", "aria-hidden": "true" }, h("div", { class: "fill", css: { width: `${(100 * item.hosts) / total}%` } })),
    h("span", { class: "count" }, item.hosts.toLocaleString("en")), h("span", { class: "state" }, text));
}

function renderFindings() {
  const section = byId("findings");
  const all = hosts.flatMap((host) => host.findings.map((item) => ({ item, name: host.name })));
  const groups = groupBy(all, ({ item }) => JSON.stringify([item.accepted, item.severity, item.rule, item.message]));
  const rank = { error: 0, warning: 1, info: 2 };
  const ordered = [...groups.values()].sort((left, right) =>
    Number(left[0].item.accepted) - Number(right[0].item.accepted) || rank[left[0].item.severity] - rank[right[0].item.severity] ||
    right.length - left.length);
  const open = ordered.filter((group) => !group[0].item.accepted).length;
  const entries = ordered.map((group) => {
    const { item } = group[0];
    const sources = item.source ? [["Source", item.source]] : [];
    const variables = item.variable ? [["Variable", item.variable]] : [];
    return issue(item.severity, item.rule || item.severity, item.message, [...variables, ...sources], group.map((entry) => entry.name), item.accepted,
      item.rule && `rule:${quoted(item.rule)}`);
  });
  const note = ordered.length ? `${open} open, ${ordered.length - open} accepted` : null;
  section.replaceChildren(heading("findings", "Findings", note),
    ...(entries.length ? entries : [h("p", { class: "empty" }, "The compatibility check has nothing to say about this fleet.")]));
}

function stateLegend(groups) {
  const states = [["done", "done"], ["planned", "planned"], ["failed", "failed"], ["skipped", "not reached"], ["unknown", "not confirmed"]].filter(([state]) =>
    groups.some((members) => members[0].plan.some((item) => item.state === state)));
  return states.length < 2 ? "" : h("p", { class: "legend" }, states.map(([state, text]) => h("span", null, mark(state), text)));
}

// What was done, or would be: hosts with the same steps share an entry.
function renderChanges() {
  const section = byId("changes");
  const groups = groupBy(hosts.filter((host) => host.plan.length), (host) => JSON.stringify(host.plan.map((item) => [item.state, item.words])));
  section.hidden = groups.size === 0;
  const rank = { failed: 0, unknown: 1, skipped: 1, planned: 2, done: 3 };
  const worst = (members) => Math.min(...members[0].plan.map((item) => rank[item.state] ?? 2));
  const ordered = [...groups.values()].sort((left, right) => worst(left) - worst(right) || right.length - left.length);
  const planned = ordered.some((members) => worst(members) === 2);
  const done = ordered.some((members) => worst(members) === 3);
  const title = planned && !done ? "What would change" : done && !planned ? "What was done" : "Changes, done and planned";
  section.replaceChildren(heading("changes", title, `${plural(ordered.reduce((sum, members) => sum + members.length, 0), "host")}`),
    ...ordered.slice(0, 20).map((members) => h("div", { class: "change" },
      h("div", null, h("p", { class: "issue-title" }, plural(members.length, "host")), hostNames(members.map((host) => host.name))),
      h("ol", { class: "flow" }, members[0].plan.map((item) => h("li", { title: item.why || null }, mark(item.state), h("span", null, item.words)))))),
    ordered.length > 20 ? h("p", { class: "soft" }, `and ${ordered.length - 20} more combinations`) : "",
    stateLegend(ordered));
}

// What follows versions and findings moves up beside them where one column leaves room; a large fleet's chips stay wide.
function balance() {
  const columns = ["versions", "findings"].map((id) => byId(id).parentElement);
  const bottom = (column) => [...column.children].reduce((sum, item) => sum + item.offsetHeight, 0);
  for (const section of [byId("changes"), hosts.length <= 12 ? byId("chips") : null]) {
    const [left, right] = columns.map(bottom);
    if (section && !section.hidden && Math.abs(left - right) > 160) columns[left < right ? 0 : 1].append(section);
  }
}

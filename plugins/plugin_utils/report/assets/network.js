// The network between the NPUs: what is wrong, and which hosts reach which.
const REACH = { ".": ["ok", "all pass"], "!": ["warning", "some fail or lose packets"], x: ["bad", "all fail"], "?": ["unknown", "not known"] };
const NETWORK_LEVELS = { alarm: "error", warn: "warning", info: "info" };

function reach([, , passed, lost, failed, unknown]) {
  if (!lost && !failed) return unknown ? "?" : ".";
  return failed && !passed && !lost ? "x" : "!";
}

function renderBandwidth() {
  const bandwidth = report.bandwidth;
  const section = byId("bandwidth");
  section.hidden = !bandwidth;
  if (!bandwidth) return;
  const done = bandwidth.runs.filter((run) => run.gb_s !== null);
  const best = Math.max(...done.map((run) => run.gb_s), 0);
  const rows = done.slice().sort((left, right) => left.gb_s - right.gb_s).slice(0, 64).map((run) => {
    const chart = svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": `${run.gb_s} GB/s` },
      svg("rect", { class: "bar-track", width: 100, height: 10, rx: 1 }),
      svg("rect", { class: run.level === "ok" ? "bar-fill" : "bar-bad", width: best ? (100 * run.gb_s) / best : 0, height: 10, rx: 1 }));
    const name = byName.has(run.name) ? h("button", { type: "button", class: "link mono", click: () => openDetails(run.name) }, run.name) : h("span", null, run.name);
    return h("div", { class: "speed" }, name, chart, h("span", { class: "speed-value" }, `${run.gb_s.toFixed(1)} GB/s`),
      h("span", { class: "said soft" }, [run.topology, run.earlier && "in an earlier run", run.percent !== null && `${run.percent} % of the median`,
        run.history.length && `earlier: ${run.history.slice(-5).map((value) => value.toFixed(1)).join(", ")}`].filter(Boolean).join(" · ")));
  });
  section.replaceChildren(heading("bandwidth", "Bandwidth of all_reduce", `${done.length} of ${plural(bandwidth.runs.length, "run")} measured, the slowest first`),
    ...bandwidth.troubles.slice(0, 24).map(networkIssue), h("div", { class: "speeds" }, rows));
}

function renderNetwork() {
  const network = report.network;
  const section = byId("network");
  section.hidden = !network;
  if (!network) return;
  const probes = network.probes;
  const states = [[probes.ok, "passed"], [probes.loss, "lost packets"], [probes.fail, "failed"], [probes.unknown, "not known"], [probes.earlier, "of them in earlier runs"]];
  const note = [`${plural(network.hosts, "host")}, ${plural(network.ports, "port")}`, `${plural(probes.total, "probe")} (${network.shape}): ${
    states.filter(([count]) => count).map(([count, text]) => `${count.toLocaleString("en")} ${text}`).join(", ") || "none ran"}`].join(" · ");
  section.replaceChildren(heading("network", "Network between the NPUs", note), ...network.troubles.map(networkIssue),
    network.troubles.length ? "" : h("p", { class: "soft" }, network.ports ? "Nothing is wrong." : "No chip has an address."), networkMatrix(network.matrix));
}

function networkIssue(row) {
  const names = [...new Set(row.ports.length ? row.ports.map((port) => port.host) : [row.where])].filter((name) => byName.has(name));
  return issue(NETWORK_LEVELS[row.level], row.where, row.problem, [["Seen", row.evidence], ["Fix", row.fix], ["Rule", row.rule]], names, false, null);
}

function networkMatrix(matrix) {
  if (!matrix.hosts.length) return "";
  const cells = new Map(matrix.cells.map((cell) => [`${cell[0]} ${cell[1]}`, cell]));
  const head = h("tr", null, h("th", { scope: "col" }, "host"), matrix.hosts.map((name, at) => h("th", { scope: "col", title: name }, at + 1)));
  const rows = matrix.hosts.map((name, row) => h("tr", null, h("th", { scope: "row" }, `${row + 1} ${name}`), matrix.hosts.map((other, column) => {
    const cell = cells.get(`${Math.min(row, column)} ${Math.max(row, column)}`);
    if (!cell) return h("td", { class: "reach" });
    const [tone, words] = REACH[reach(cell)];
    const told = `${name} and ${other}: ${words} (${cell[2]} passed, ${cell[3]} lost packets, ${cell[4]} failed, ${cell[5]} not known)`;
    return h("td", { class: `reach cell-${tone}`, title: told }, h("span", { "aria-label": told }, reach(cell)));
  })));
  return h("div", null, matrix.whole ? "" : h("p", { class: "soft" }, "Of this large fleet, the hosts with a failure."),
    h("div", { class: "matrix-wrap" }, h("table", { class: "matrix" }, h("thead", null, head), h("tbody", null, rows))));
}

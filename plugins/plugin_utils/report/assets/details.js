// Everything about one host, in a drawer.
let opener = null;

function openDetails(name) {
  const host = byName.get(name);
  if (!host) return;
  const dialog = byId("details");
  dialog.replaceChildren(...detailParts(host));
  dialog.scrollTop = 0;
  if (!dialog.open) {
    opener = document.activeElement;
    dialog.showModal();
  }
}

function wireDetails() {
  const dialog = byId("details");
  dialog.addEventListener("close", () => { if (opener && opener.isConnected) opener.focus(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") step(event.key === "ArrowRight" ? 1 : -1);
  });
}

function step(by) {
  const current = byId("details").dataset.host;
  const list = sortedHosts(filtered);
  const at = list.findIndex((host) => host.name === current);
  const next = list[(at + by + list.length) % list.length];
  if (next) openDetails(next.name);
}

function detailParts(host) {
  const dialog = byId("details");
  dialog.dataset.host = host.name;
  const facts = [host.product, host.chip_count ? `${host.chip_count} × ${host.chip_name || host.chip || "NPU"}` : null, host.os, host.arch, host.host_kind,
    host.seconds ? `${duration(host.seconds)} in this run` : null];
  return [
    h("div", { class: "details-head" }, h("h2", { id: "details-h" }, host.name),
      h("button", { type: "button", class: "ghost", "aria-label": "Previous host", click: () => step(-1) }, "←"),
      h("button", { type: "button", class: "ghost", "aria-label": "Next host", click: () => step(1) }, "→"),
      h("button", { type: "button", class: "ghost", autofocus: true, click: () => dialog.close() }, "Close")),
    h("section", null, h("p", { class: "status" }, mark(host.status), h("b", null, word(host.status)), host.changed ? "changed in this run" : null),
      h("p", { class: "soft" }, facts.filter(Boolean).join(" · "))),
    host.error && h("section", { class: "alarm" }, h("p", { class: "issue-title" }, host.error.step ? `At ${host.error.step}` : "Error"), h("p", null, host.error.message),
      host.error.cause && h("p", null, `Cause: ${host.error.cause}`), host.error.fix && h("p", null, `Fix: ${host.error.fix}`)),
    host.reason && h("section", null, h("p", null, `Not started: ${host.reason}`)),
    (host.notes.length || host.reboot_required) && h("section", null, h("h3", null, "Notes"),
      h("ul", null, host.reboot_required && h("li", null, `Needs a reboot. ${host.reboot_reasons.join("; ")}`), host.notes.map((note) => h("li", null, note)))),
    versionTable(host), planList(host), findingList(host), proofPart(host), modelTable(host), chipTable(host),
  ].filter(Boolean);
}

function table(headings, rows) {
  return h("table", null, h("thead", null, h("tr", null, headings.map((text) => h("th", { scope: "col" }, text)))), h("tbody", null, rows));
}

function versionTable(host) {
  const rows = COMPONENTS.filter((component) => host.versions[component] || host.desired[component] || host.drifting[component]).map((component) => {
    const drift = host.drifting[component];
    const verdict = drift ? (drift.against === "majority" ? `most alike hosts have ${drift.expected}` : "differs") : host.desired[component] ? "as desired" : "";
    return h("tr", null, h("th", { scope: "row" }, LABELS[component]), h("td", { class: `v${drift ? " drift" : ""}` }, host.versions[component] || "–"),
      h("td", { class: "v" }, host.desired[component] || "–"), h("td", { class: "soft" }, verdict));
  });
  return rows.length ? h("section", null, h("h3", null, "Versions"), table(["", "Installed", "Desired", ""], rows)) : null;
}

function planList(host) {
  if (!host.plan.length) return null;
  const states = { done: "done", planned: "planned", failed: "failed here", skipped: "not reached", unknown: "not confirmed" };
  const done = host.plan.some((item) => item.state !== "planned");
  return h("section", null, h("h3", null, done ? "What was done" : "Plan"), h("ol", { class: "steps" }, host.plan.map((item) => {
    return h("li", null, mark(item.state), h("div", null, h("p", null, item.words),
      item.why && h("p", { class: "soft" }, item.why)), h("span", { class: "soft nowrap" }, states[item.state] || item.state));
  })));
}

function findingList(host) {
  if (!host.findings.length) return null;
  return h("section", null, h("h3", null, "Findings"), host.findings.map((item) =>
    issue(item.severity, item.rule, item.message, [["Variable", item.variable], ["Source", item.source]], null, item.accepted)));
}

// One for each framework of the host.
function proofPart(host) {
  const proofs = allProofs(host);
  return proofs.length ? h("section", null, h("h3", null, host.inference.engine === "acl" ? "Computed on the card" : "Generated text"), proofs.map(oneProof)) : null;
}

function oneProof(proof) {
  const facts = [proof.status, proof.tokens_per_second !== null ? `${proof.tokens_per_second} tokens/s` : null, proof.device, proof.engine, proof.model];
  return h("div", null, proof.text && h("p", { class: "quote" }, proof.text), proof.prompt && h("p", { class: "soft" }, `Prompt: ${proof.prompt}`),
    proof.reason && h("p", null, proof.reason), h("p", { class: "soft" }, facts.filter(Boolean).join(" · ")), proofWorth(proof));
}

// What a proof is worth, in words: a weaker one says what it leaves open.
function proofWorth(proof) {
  return proof.shows ? h("p", { class: "soft" }, `Shows ${proof.shows}; does not show ${proof.not_shown || "anything else"}.`) : null;
}

// Of a hash what people compare; the whole is what a pointer shows.
function modelTable(host) {
  if (!host.models.length) return null;
  const states = { passed: "proven", failed: "refused or wrong" };
  const rows = host.models.map((model) => h("tr", null, h("th", { scope: "row" }, model.name), h("td", { class: "v" }, model.soc || "–"), h("td", { class: "v" }, model.cann || "–"),
    h("td", { class: "v", title: model.checkpoint_sha256 }, model.checkpoint_sha256 ? model.checkpoint_sha256.slice(0, 12) : "–"), h("td", null, model.framework || "–"),
    h("td", null, h("span", { class: "status" }, model.status ? mark(model.status) : null, states[model.status] || "not proven"), model.reason && h("p", { class: "soft" }, model.reason)),
    h("td", { class: "nowrap" }, model.latency_ms === null ? "–" : `${model.latency_ms} ms, ${model.throughput || "–"}/s`)));
  return h("section", null, h("h3", null, "Models"), table(["Name", "SoC", "CANN", "Checkpoint", "Trained with", "Proof", "Speed"], rows));
}

function chipTable(host) {
  if (!host.chips.length) return null;
  const rows = host.chips.map((chip) => h("tr", null, h("th", { scope: "row", class: "mono" }, chip.id || "–"), h("td", null, chip.name || "–"),
    h("td", null, h("span", { class: "status" }, h("i", { class: `cell cell-${chip.level}`, css: { "--cell": "11px" } }), chip.health || "not reported")),
    h("td", null, chip.temperature_c === null ? "–" : `${chip.temperature_c} °C`), h("td", null, chip.power_w === null ? "–" : `${chip.power_w} W`),
    h("td", { class: "nowrap" }, chip.total ? [h("span", { class: "meter", "aria-hidden": "true" }, h("i", { css: { width: `${(100 * (chip.used || 0)) / chip.total}%` } })), `${chip.used || 0} / ${chip.total} MB`] : "–")));
  return h("section", null, h("h3", null, "Chips"), table(["Id", "Name", "Health", "Temperature", "Power", "Memory"], rows),
    host.chips_missing ? h("p", { class: "soft" }, `${host.chips_missing} more on the PCI bus that npu-smi does not list`) : null);
}

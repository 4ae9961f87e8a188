// One cell per chip: health, or where it is hot, or how full its memory is.
const MEASURES = {
  health: { label: "Health" },
  temperature: { label: "Temperature", low: 25, high: 95, unit: "°C", read: (chip) => chip.temperature_c },
  memory: { label: "Memory in use", low: 0, high: 100, unit: "%", read: (chip) => (chip.total ? (100 * (chip.used || 0)) / chip.total : null) },
};

function chipText(chip) {
  const parts = [chip.id || "chip", chip.health || "no health reported"];
  if (chip.temperature_c !== null) parts.push(`${chip.temperature_c} °C`);
  if (chip.power_w !== null) parts.push(`${chip.power_w} W`);
  if (chip.total) parts.push(`${chip.used || 0} of ${chip.total} MB`);
  return parts.join(", ");
}

function cell(chip) {
  if (state.measure === "health") return h("i", { class: `cell cell-${chip.level}` });
  const measure = MEASURES[state.measure];
  const value = measure.read(chip);
  if (value === null) return h("i", { class: "cell cell-none" });
  const share = Math.round(100 * Math.min(1, Math.max(0, (value - measure.low) / (measure.high - measure.low))));
  return h("i", { class: "cell", css: { background: `color-mix(in oklab, var(--hot) ${share}%, var(--cool))` } });
}

function cells(host) {
  const absent = Array.from({ length: host.chips_missing }, () => h("i", { class: "cell cell-missing" }));
  const found = [...host.chips.map(cell), ...absent];
  const blank = found.length ? [] : Array.from({ length: Math.min(host.chip_count || 1, 16) }, () => h("i", { class: "cell cell-none" }));
  return h("span", { class: "cells", "aria-hidden": "true" }, found, blank);
}

function block(host) {
  const words = host.chips.length ? `${host.chips.length - host.chips.filter((chip) => chip.level !== "ok").length} of ${host.chips.length + host.chips_missing} chips healthy` : "no chip seen";
  const lines = [host.name, words, ...host.chips.filter((chip) => state.measure !== "health" || chip.level !== "ok").map(chipText)];
  return h("button", {
    type: "button", class: "block", title: lines.slice(0, 18).join("\n"), "aria-label": `${host.name}: ${words}`,
    click: () => openDetails(host.name),
  }, h("span", { class: "name" }, host.name), cells(host));
}

function renderChips() {
  const section = byId("chips");
  section.hidden = !hosts.some((host) => host.chips.length || host.chip_count);
  const shown = filtered;
  const total = shown.reduce((sum, host) => sum + host.chips.length + host.chips_missing, 0);
  const choice = h("select", { "aria-label": "Colour the chips by" }, Object.entries(MEASURES).map(([key, measure]) =>
    h("option", { value: key, selected: key === state.measure }, measure.label)));
  choice.addEventListener("change", () => { state.measure = choice.value; renderChips(); byId("chips").querySelector("select").focus(); });
  const density = shown.length > 240 ? " dense" : shown.length > 60 ? " medium" : "";
  const grid = h("div", { class: `grid${density}${state.measure === "health" ? "" : " heat"}` }, shown.map(block));
  section.replaceChildren(heading("chips", "Chips", `${plural(total, "chip")} on ${plural(shown.length, "host")}`, choice), grid, legend(), sickList(shown));
}

function legend() {
  if (state.measure !== "health") {
    const measure = MEASURES[state.measure];
    return h("p", { class: "legend heat" }, h("span", null, `${measure.low} ${measure.unit}`, h("i", { class: "scale" }), `${measure.high} ${measure.unit}`));
  }
  const kinds = [["ok", "OK"], ["warning", "Warning"], ["bad", "Alarm or critical"], ["unknown", "health not reported"], ["missing", "on the bus, not in npu-smi"], ["none", "not observed"]];
  const used = new Set(filtered.flatMap((host) => [...host.chips.map((chip) => chip.level), host.chips_missing ? "missing" : "", host.chips.length || host.chips_missing ? "" : "none"]));
  return h("p", { class: "legend" }, kinds.filter(([kind]) => used.has(kind)).map(([kind, text]) => h("span", null, h("i", { class: `cell cell-${kind}` }), text)));
}

function sickList(shown) {
  const rank = { bad: 0, missing: 1, warning: 2 };
  const sick = shown.flatMap((host) => [
    ...host.chips.filter((chip) => chip.level === "bad" || chip.level === "warning").map((chip) => ({ host, chip, level: chip.level })),
    ...(host.chips_missing ? [{ host, chip: null, level: "missing" }] : []),
  ]).sort((left, right) => rank[left.level] - rank[right.level] || collator.compare(left.host.name, right.host.name));
  if (!sick.length) return "";
  const rows = sick.slice(0, 30).map(({ host, chip, level }) => h("li", null, h("i", { class: `cell cell-${level}` }),
    h("button", { type: "button", class: "link mono", click: () => openDetails(host.name) }, chip ? `${host.name}  ${chip.id}` : host.name),
    h("span", null, chip ? chip.health : `${host.chips_missing} missing`), h("span", { class: "soft" }, chip && chip.temperature_c !== null ? `${chip.temperature_c} °C` : "")));
  return h("div", { class: "sick" }, h("h3", null, "Chips to look at"), h("ul", null, rows),
    sick.length > rows.length ? h("p", { class: "names" }, filterLink(`and ${sick.length - rows.length} more: show the hosts`, "is:sick")) : null);
}

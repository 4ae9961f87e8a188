// What the hosts generated, and how fast.
const BARS_UP_TO = 30;
let slow = null;

// Slow: below 80 % of the median of hosts with the same chip, where at least five can be compared.
function slowHosts() {
  if (slow) return slow;
  slow = new Set();
  for (const members of groupBy(hosts.filter((host) => host.speed !== null), (host) => host.chip_name || host.chip || "").values()) {
    if (members.length < 5) continue;
    const middle = median(members.map((host) => host.speed));
    members.filter((host) => host.speed < 0.8 * middle).forEach((host) => slow.add(host.name));
  }
  return slow;
}

function median(values) {
  const sorted = values.slice().sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)];
}

function renderProof() {
  const section = byId("proof");
  const shown = filtered.filter((host) => host.inference);
  const fast = shown.filter((host) => host.speed !== null);
  section.hidden = !hosts.some((host) => host.inference);
  const best = Math.max(...fast.map((host) => host.speed), 0);
  const few = fast.length <= BARS_UP_TO;
  const body = few ? h("div", { class: "speeds" }, fast.map((host) => speedRow(host, best))) : histograms(fast);
  const note = fast.length ? `${plural(fast.length, "host")}, median ${median(fast.map((host) => host.speed)).toFixed(1)} tokens/s` : null;
  const prompts = [...new Set(shown.map((host) => host.inference.prompt).filter(Boolean))];
  section.replaceChildren(
    heading("proof", "What was computed", [note, prompts.length === 1 ? `prompt: ${prompts[0]}` : null].filter(Boolean).join(" · ")),
    body, textList(shown, few), worthList(shown));
}

// Each engine that generated here, with what that shows and what it leaves open.
function worthList(shown) {
  const groups = groupBy(shown.flatMap(allProofs).filter((proof) => proof.shows), (proof) => [proof.engine, proof.model].filter(Boolean).join(", "));
  if (!groups.size) return "";
  return h("ul", { class: "texts" }, [...groups].map(([name, members]) => h("li", null, h("b", null, name || "engine not told"),
    h("span", { class: "soft" }, plural(members.length, "host")), h("div", null, proofWorth(members[0])))));
}

// Of each framework of a host, the first one's first.
function allProofs(host) {
  return host.inference ? [host.inference, ...(host.inference.also || [])] : [];
}

function speedRow(host, best) {
  const share = best ? (100 * host.speed) / best : 0;
  const chart = svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": `${host.speed} tokens per second` },
    svg("rect", { class: "bar-track", width: 100, height: 10, rx: 1 }),
    svg("rect", { class: host.inference.status === "failed" ? "bar-bad" : "bar-fill", width: share, height: 10, rx: 1 }));
  return h("div", { class: "speed" }, h("button", { type: "button", class: "link mono", click: () => openDetails(host.name) }, host.name), chart,
    h("span", { class: "speed-value" }, `${host.speed.toFixed(1)} tok/s`),
    h("span", { class: "said" }, h("q", null, host.inference.text || ""), h("span", { class: "soft" }, [host.inference.device, host.inference.engine, host.inference.model].filter(Boolean).map((word) => ` · ${word}`).join(""))));
}

function histograms(fast) {
  const groups = [...groupBy(fast, (host) => host.chip_name || host.chip || "unknown chip")].sort((left, right) => right[1].length - left[1].length);
  return h("div", { class: "charts" }, groups.map(([name, members]) => histogram(name, members)));
}

function histogram(name, members) {
  const speeds = members.map((host) => host.speed);
  const low = Math.min(...speeds);
  const high = Math.max(...speeds);
  const bins = Math.min(32, Math.max(6, Math.ceil(Math.sqrt(members.length)) * 2));
  const counts = new Array(bins).fill(0);
  for (const speed of speeds) counts[Math.min(bins - 1, Math.floor((bins * (speed - low)) / (high - low || 1)))] += 1;
  const most = Math.max(...counts);
  const middle = median(speeds);
  const chart = svg("svg", { viewBox: `0 0 ${bins * 10} 60`, preserveAspectRatio: "none", height: 66, role: "img", "aria-label": `${name}: ${low.toFixed(1)} to ${high.toFixed(1)} tokens per second, median ${middle.toFixed(1)}` },
    ...counts.map((count, at) => {
      const from = low + ((high - low) * at) / bins;
      const tall = count ? Math.max(2, (58 * count) / most) : 0;
      const bar = svg("rect", { class: from < 0.8 * middle ? "bar-bad" : "bar-fill", x: at * 10 + 0.6, width: 8.8, y: 60 - tall, height: tall });
      const tip = svg("title");
      tip.textContent = `${count} hosts from ${from.toFixed(1)} tokens/s`;
      bar.append(tip);
      return bar;
    }));
  const behind = members.filter((host) => slowHosts().has(host.name));
  return h("figure", { class: "histogram" },
    h("figcaption", null, h("b", null, name), h("span", { class: "soft" }, ` · ${plural(members.length, "host")}, median ${middle.toFixed(1)} tokens/s`),
      behind.length ? [" · ", filterLink(`${behind.length} slow`, "is:slow")] : null),
    chart, h("div", { class: "axis" }, h("span", null, low.toFixed(1)), h("span", null, "tokens/s"), h("span", null, high.toFixed(1))));
}

// Hosts that said the same share a line; with few hosts the text already stands beside its bar.
function textList(shown, few) {
  const rest = few ? shown.filter((host) => host.speed === null || host.inference.status !== "passed") : shown;
  const groups = groupBy(rest, (host) => JSON.stringify([host.inference.status, host.inference.status === "passed" ? host.inference.text : host.inference.reason]));
  if (!groups.size) return "";
  const rank = { failed: 0, passed: 1, skipped: 2 };
  const ordered = [...groups.values()].sort((left, right) =>
    rank[left[0].inference.status] - rank[right[0].inference.status] || right.length - left.length);
  return h("ul", { class: "texts" }, ordered.slice(0, 40).map((members) => {
    const proof = members[0].inference;
    const said = proof.status === "passed" ? h("q", null, proof.text || "") : h("span", null, proof.reason || "no reason given");
    return h("li", null, mark(proof.status), h("span", { class: "soft" }, `${members.length} ${proof.status}`),
      h("div", null, said, hostNames(members.map((host) => host.name), phrase(proof.status === "passed" ? proof.text || "" : proof.reason || proof.status))));
  }));
}

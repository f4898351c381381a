// Shows tables.js: chooses a case, draws its curves, writes its sentences. Computes nothing but places on the screen.
"use strict";

(() => {
  const data = window.isogapTables;
  const element = (id) => document.getElementById(id);
  if (!data) {
    element("verdict").textContent = "This is the source of the explorer; its tables are put beside it when the site is built: "
      + "sphinx-build docs docs/_build/html, then open docs/_build/html/explorer/index.html.";
    return;
  }
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const KINDS = {
    low: { colour: "--measured", dash: [2, 3], width: 1 },
    high: { colour: "--measured", dash: [2, 3], width: 1 },
    middle: { colour: "--measured", dash: [], width: 2.5 },
    mean: { colour: "--measured", dash: [9, 3, 2, 3], width: 1.5 },
    upper: { colour: "--proved", dash: [8, 5], width: 2 },
    paper: { colour: "--paper-bound", dash: [2, 6], width: 2.5 },
    law: { colour: "--law", dash: [3, 3], width: 2.5 },
  };
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const shown = (value) => (value === null ? "none" : String(value).replace("-", "−").replace("e-", "e−"));

  let system = data.systems[0], at = {}, panel = "", plot = null;

  // --- choosing -------------------------------------------------------------------------------------------------------

  // The case that has the choice just made, and as many of the others as there is.
  function nearest(wanted, key) {
    const keys = system.choices.map((choice) => choice.key);
    const agreement = (one) => keys.reduce((sum, k) => sum + (one.at[k] === wanted[k] ? 1 : 0), 0);
    const possible = system.cases.filter((one) => key === null || one.at[key] === wanted[key]);
    return possible.reduce((best, one) => (agreement(one) > agreement(best) ? one : best), possible[0]);
  }

  function current() {
    return nearest(at, null);
  }

  function choose(key, value) {
    at = { ...nearest({ ...at, [key]: value }, key).at };
    refresh();
  }

  function chooseSystem(key) {
    system = data.systems.find((one) => one.key === key) || data.systems[0];
    at = { ...nearest(at, null).at };
    if (!system.panels.some((one) => one.key === panel)) panel = system.panels[0].key;
    form();
    refresh();
  }

  function radios(title, name, options, chosen, changed) {
    const list = make("div", { class: "options" }), set = make("fieldset", {}, make("legend", {}, title), list);
    for (const [value, label] of options) {
      const input = make("input", { type: "radio", name, value, id: `${name}-${value}` });
      input.checked = value === chosen;
      input.addEventListener("change", () => changed(value));
      list.append(make("div", { class: "option" }, input, make("label", { for: input.id }, label)));
    }
    return set;
  }

  function field(choice) {
    const id = `choice-${choice.key}`, label = make("label", { for: id }, choice.label);
    const changed = (index) => choose(choice.key, choice.values[index]);
    let input;
    if (choice.values.every((value) => typeof value === "number")) {
      input = make("input", { id, type: "range", min: 0, max: choice.values.length - 1, step: 1 });
      label.append(make("output", { id: `${id}-value`, for: id }));
      input.addEventListener("input", () => changed(Number(input.value)));
    } else {
      input = make("select", { id });
      choice.names.forEach((name, index) => input.append(make("option", { value: index }, name)));
      input.addEventListener("change", () => changed(Number(input.value)));
    }
    return make("div", { class: "field" }, label, input);
  }

  function systemField() {
    const input = make("select", { id: "system" });
    for (const one of data.systems) input.append(make("option", { value: one.key }, one.title));
    input.value = system.key;
    input.addEventListener("change", () => { chooseSystem(input.value); element("system").focus(); });
    return make("div", { class: "field wide" }, make("label", { for: "system" }, "System"), input,
      make("p", { class: "about" }, system.text));
  }

  function form() {
    const panels = system.panels.map((one) => [one.key, one.title]);
    element("choices").replaceChildren(
      systemField(),
      radios("Show", "panel", panels, panel, (key) => { panel = key; refresh(); }),
      ...system.choices.map(field),
    );
  }

  function showChoices() {
    for (const choice of system.choices) {
      const index = choice.values.indexOf(at[choice.key]), input = element(`choice-${choice.key}`);
      const name = choice.names[index];
      input.value = index;
      if (input.type === "range") {
        input.setAttribute("aria-valuetext", name);
        element(`choice-${choice.key}-value`).textContent = name;
      }
    }
  }

  // --- showing --------------------------------------------------------------------------------------------------------

  function refresh() {
    const one = current(), shownPanel = one.panels[panel];
    at = { ...one.at };
    showChoices();
    element("verdict").textContent = shownPanel.verdict;
    element("command").textContent = one.command;
    legend(shownPanel);
    table(shownPanel);
    const slider = element("layer");
    slider.max = shownPanel.layers.length - 1;
    slider.value = Math.min(Number(slider.value), Number(slider.max));
    element("reading").hidden = shownPanel.curves.length === 0;
    draw();
    read();
    const where = new URLSearchParams({ system: system.key, show: panel, ...at });
    try { history.replaceState(null, "", `#${where}`); } catch { /* a page from a file may not */ }
  }

  function legend(shownPanel) {
    const entries = shownPanel.curves.map((curve) => {
      const { colour, dash, width } = KINDS[curve.kind];
      const line = `<svg viewBox="0 0 38 12" aria-hidden="true"><path d="M1 6H37" fill="none" stroke="var(${colour})" ` +
        `stroke-width="${width}" stroke-dasharray="${dash.join(" ")}"/></svg>`;
      const entry = make("li");
      entry.innerHTML = line;
      entry.append(curve.name);
      return entry;
    });
    element("legend").replaceChildren(...entries);
  }

  function table(shownPanel) {
    const axes = system.panels.find((one) => one.key === panel);
    const head = make("tr", {}, make("th", { scope: "col" }, axes.x));
    for (const curve of shownPanel.curves) head.append(make("th", { scope: "col" }, curve.name));
    const body = make("tbody");
    shownPanel.layers.forEach((layer, i) => {
      const row = make("tr", {}, make("th", { scope: "row" }, String(layer)));
      for (const curve of shownPanel.curves) row.append(make("td", {}, shown(curve.values[i])));
      body.append(row);
    });
    element("numbers").replaceChildren(make("caption", {}, axes.y), make("thead", {}, head), body);
  }

  function read() {
    const shownPanel = current().panels[panel], i = Number(element("layer").value), layer = shownPanel.layers[i];
    element("at").textContent = layer;
    element("layer").setAttribute("aria-valuetext", `layer ${layer}`);
    element("values").replaceChildren(...shownPanel.curves.map((curve) =>
      make("div", {}, make("dt", {}, curve.name), make("dd", {}, shown(curve.values[i])))));
    if (plot !== null) plot.setCursor({ left: plot.valToPos(layer, "x"), top: 0 });
  }

  function draw() {
    const box = element("plot"), shownPanel = current().panels[panel];
    const axes = system.panels.find((one) => one.key === panel);
    if (plot !== null) plot.destroy();
    plot = null;
    if (shownPanel.curves.length === 0 || typeof uPlot === "undefined") {
      const why = shownPanel.curves.length === 0 ? "Nothing to draw: see the sentence above."
        : "The plotting library is not here (the pages were built without npm); all numbers are below.";
      box.replaceChildren(make("p", { class: "none" }, why));
      return;
    }
    box.replaceChildren();
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", `${axes.title}: ${axes.y} by ${axes.x}. ${shownPanel.verdict} All numbers are in the table below.`);
    const kept = (value) => (axes.log && value !== null && value <= 0 ? null : value);
    plot = new uPlot(options(box, axes, shownPanel), [
      shownPanel.layers, ...shownPanel.curves.map((curve) => curve.values.map(kept)),
    ], box);
  }

  function options(box, axes, shownPanel) {
    const kinds = shownPanel.curves.map((curve) => curve.kind);
    const high = kinds.indexOf("high") + 1, low = kinds.indexOf("low") + 1;
    const line = { stroke: style("--soft"), grid: { stroke: style("--line"), width: 0.5 }, ticks: { stroke: style("--line") }, font: "13px system-ui", labelFont: "14px system-ui" };
    const powers = (u, splits) => splits.map((v) => (v === null ? "" : power(v)));
    return {
      width: Math.max(box.clientWidth, 260),
      height: Math.min(440, Math.max(270, Math.round(box.clientWidth * 0.5))),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false },
      scales: { x: { time: false }, y: axes.log ? { distr: 3, range: decades } : {} },
      bands: high && low ? [{ series: [high, low], fill: style("--band") }] : [],
      axes: [
        { ...line, label: axes.x, labelSize: 24 },
        { ...line, label: axes.y, labelSize: 24, size: axes.log ? 58 : 62, ...(axes.log ? { splits: tens, values: powers, filter: (u, splits) => splits } : {}) },
      ],
      series: [{}, ...shownPanel.curves.map((curve) => {
        const { colour, dash, width } = KINDS[curve.kind];
        return { label: curve.name, stroke: style(colour), width, dash, spanGaps: false, points: { show: false } };
      })],
    };
  }

  // Whole decades, at most nine of them labelled.
  const exponent = (value) => Math.round(Math.log10(value));
  const decades = (u, low, high) => [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high * 1.0001))];
  const tens = (u, axis, low, high) => {
    const first = exponent(low), last = exponent(high), step = Math.max(1, Math.ceil((last - first) / 8));
    return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => 10 ** (first + i * step));
  };
  const raised = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  const power = (value) => `10${[...String(exponent(value))].map((c) => raised[c]).join("")}`;

  // --- beginning ------------------------------------------------------------------------------------------------------

  function theme() {
    let kept = null;
    try { kept = localStorage.getItem("theme"); } catch { /* not from a file */ }
    if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
  }

  function begin() {
    theme();
    const asked = new URLSearchParams(location.hash.slice(1));
    const found = data.systems.find((one) => one.key === asked.get("system")) || data.systems[0];
    panel = asked.get("show") || "";
    for (const choice of found.choices) {
      const value = choice.values.find((one) => String(one) === asked.get(choice.key));
      if (value !== undefined) at[choice.key] = value;
    }
    if (Object.keys(at).length === 0) at = { ...data.start };
    element("layer").addEventListener("input", read);
    element("copy").addEventListener("click", copy);
    window.addEventListener("resize", () => { draw(); read(); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { draw(); read(); });
    element("provenance").textContent = `Tables of isogap ${data.version}, seed ${data.seed}, format ${data.format}.`;
    chooseSystem(found.key);
  }

  async function copy() {
    const text = element("command").textContent, button = element("copy");
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(element("command"));
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }

  begin();
})();

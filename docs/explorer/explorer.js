// Shows tables.js: chooses a case, has its curves drawn, writes its sentences. Computes nothing.
"use strict";

(() => {
  const data = window.isogapTables, plotting = window.isogapPlot;
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
  const shown = (value) => (value === null ? "none" : String(value).replace("-", "−").replace("e-", "e−"));
  const SPANS = [["all", "all"], ["half", "first half"], ["tenth", "first tenth"]];

  let system = data.systems[0], at = {}, panel = "", span = "all", kept = null, plot = null;

  // --- choosing -------------------------------------------------------------------------------------------------------

  // The case that has the choice just made, and as many of the others as there is.
  function nearest(wanted, key) {
    const keys = system.choices.map((choice) => choice.key);
    const agreement = (one) => keys.reduce((sum, k) => sum + (one.at[k] === wanted[k] ? 1 : 0), 0);
    const possible = system.cases.filter((one) => key === null || one.at[key] === wanted[key]);
    return possible.reduce((best, one) => (agreement(one) > agreement(best) ? one : best), possible[0]);
  }

  const axesOf = (owner, key) => owner.panels.find((one) => one.key === key);
  const current = () => nearest(at, null);

  function choose(key, value) {
    const wanted = { ...at, [key]: value };
    at = { ...nearest(wanted, key).at };
    const others = system.choices.filter((choice) => at[choice.key] !== wanted[choice.key]);
    element("moved").textContent = others.length === 0 ? "" : "There is no such network here; changed with it: "
      + others.map((choice) => `${choice.label} to ${nameOf(choice, at[choice.key])}`).join(", ") + ".";
    refresh();
  }

  const nameOf = (choice, value) => choice.names[choice.values.indexOf(value)];

  function chooseSystem(key) {
    system = data.systems.find((one) => one.key === key) || data.systems[0];
    at = { ...nearest(at, null).at };
    if (!axesOf(system, panel)) panel = system.panels[0].key;
    element("moved").textContent = "";
    form();
    refresh();
  }

  function view(wanted) {
    at = { ...wanted.at };
    panel = wanted.panel;
    chooseSystem(wanted.system);
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
    if (choice.values.every((value) => typeof value === "number") && choice.values.length > 2) {
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
      radios("Layers", "span", SPANS, span, (key) => { span = key; refresh(); }),
    );
  }

  function showChoices() {
    for (const choice of system.choices) {
      const input = element(`choice-${choice.key}`), name = nameOf(choice, at[choice.key]);
      input.value = choice.values.indexOf(at[choice.key]);
      if (input.type === "range") {
        input.setAttribute("aria-valuetext", name);
        element(`choice-${choice.key}-value`).textContent = name;
      }
    }
  }

  function tour() {
    element("questions").replaceChildren(...data.tour.map((one) => {
      const link = make("a", { href: `#${address(one.system, one.panel, one.at)}` }, one.question);
      link.addEventListener("click", (event) => { event.preventDefault(); span = "all"; view(one); show(); });
      return make("li", {}, link);
    }));
  }

  // Where the answer stands below the choices it comes into view.
  function show() {
    if (matchMedia("(max-width: 48rem)").matches) element("result").scrollIntoView();
  }

  // --- showing --------------------------------------------------------------------------------------------------------

  // The layers chosen, and the curves on them.
  function part(shownPanel) {
    const last = shownPanel.layers.at(-1) * { all: 1, half: 0.5, tenth: 0.1 }[span];
    const count = Math.max(2, shownPanel.layers.filter((layer) => layer <= last).length);
    return { layers: shownPanel.layers.slice(0, count), curves: shownPanel.curves.map((curve) => ({ ...curve, values: curve.values.slice(0, count) })) };
  }

  function refresh() {
    const one = current(), shownPanel = one.panels[panel];
    at = { ...one.at };
    showChoices();
    element("tone").textContent = data.tones[shownPanel.tone];
    element("summary").dataset.tone = shownPanel.tone;
    element("headline").textContent = shownPanel.headline;
    element("verdict").textContent = shownPanel.verdict;
    element("about").textContent = `${one.about[0].toUpperCase()}${one.about.slice(1)}, seed ${data.seed}.`;
    element("command").textContent = one.command;
    legend(shownPanel);
    table(shownPanel);
    const slider = element("layer"), layers = part(shownPanel).layers;
    slider.max = layers.length - 1;
    slider.value = Math.min(Number(slider.value), Number(slider.max));
    element("reading").hidden = shownPanel.curves.length === 0;
    keeping();
    draw();
    read();
    try { history.replaceState(null, "", `#${address(system.key, panel, at)}`); } catch { /* a page from a file may not */ }
  }

  function legend(shownPanel) {
    const groups = new Map();
    const entry = (sort, kind, name) => {
      if (!groups.has(sort)) groups.set(sort, []);
      groups.get(sort).push(make("li", {}, plotting.sample(kind), name));
    };
    for (const curve of shownPanel.curves) entry(data.sorts[curve.kind], curve.kind, curve.name);
    if (comparable()) entry("kept", "kept", keptCurve().name);
    element("legend").replaceChildren(...[...groups].map(([sort, entries]) =>
      make("div", {}, make("b", {}, sort), make("ul", { "aria-label": `Curves: ${sort}` }, ...entries))));
  }

  function table(shownPanel) {
    const axes = axesOf(system, panel);
    const head = make("tr", {}, make("th", { scope: "col" }, axes.x));
    for (const curve of shownPanel.curves) head.append(make("th", { scope: "col" }, `${curve.name} (${data.sorts[curve.kind]})`));
    const body = make("tbody");
    shownPanel.layers.forEach((layer, i) => {
      const row = make("tr", {}, make("th", { scope: "row" }, String(layer)));
      for (const curve of shownPanel.curves) row.append(make("td", {}, shown(curve.values[i])));
      body.append(row);
    });
    element("numbers").replaceChildren(make("caption", {}, axes.y), make("thead", {}, head), body);
  }

  function read(from = null) {
    const shownPanel = current().panels[panel], i = Number(element("layer").value), layer = shownPanel.layers[i];
    element("at").textContent = layer;
    element("layer").setAttribute("aria-valuetext", `layer ${layer}`);
    const row = (sort, name, value) => make("div", {}, make("dt", {}, name, make("i", {}, ` ${sort}`)), make("dd", {}, shown(value)));
    const rows = shownPanel.curves.map((curve) => row(data.sorts[curve.kind], curve.name, curve.values[i]));
    if (comparable()) {
      const layers = kept.shownPanel.layers, near = layers.filter((one) => one <= layer).length - 1;
      rows.push(row(`kept${layers[near] === layer ? "" : `, at ${layers[near]}`}`, keptCurve().name, keptCurve().values[Math.max(near, 0)]));
    }
    element("values").replaceChildren(...rows);
    if (plot !== null && from !== "plot") mark(layer);
  }

  // A plot has no places before it was drawn for the first time.
  function mark(layer) {
    const mine = plot;
    requestAnimationFrame(() => { if (plot === mine && mine !== null) mine.setCursor({ left: mine.valToPos(layer, "x"), top: 0 }); });
  }

  function draw() {
    const box = element("plot"), shownPanel = current().panels[panel], axes = axesOf(system, panel);
    if (plot !== null) plot.destroy();
    plot = null;
    if (shownPanel.curves.length === 0 || typeof uPlot === "undefined") {
      const why = shownPanel.curves.length === 0 ? "Nothing to draw: see the sentence above."
        : "The plotting library is not here (the pages were built without npm); all numbers are below.";
      box.replaceChildren(make("p", { class: "none" }, why));
      return;
    }
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", `${axes.title}: ${axes.y} by ${axes.x}. ${shownPanel.verdict} All numbers are in the table below.`);
    const groups = [part(shownPanel)];
    if (comparable()) {
      const last = groups[0].layers.at(-1), curve = keptCurve();
      const count = kept.shownPanel.layers.filter((layer) => layer <= last).length;
      groups.push({ layers: kept.shownPanel.layers.slice(0, count), curves: [{ ...curve, kind: "kept", values: curve.values.slice(0, count) }] });
    }
    plot = plotting.draw(box, axes, groups, (layer) => {
      const layers = shownPanel.layers, i = layers.reduce((best, one, k) => (Math.abs(one - layer) < Math.abs(layers[best] - layer) ? k : best), 0);
      element("layer").value = Math.min(i, Number(element("layer").max));
      read("plot");
    });
  }

  // --- keeping one network to compare with -------------------------------------------------------------------------------

  function keptCurve() {
    const curves = kept.shownPanel.curves, curve = curves.find((one) => one.kind === "mean") || curves.find((one) => one.kind === "middle");
    return { ...curve, name: `${curve.name}, ${kept.about}` };
  }

  // Curves of one scale only are laid over each other.
  function comparable() {
    return kept !== null && kept.shownPanel.curves.length > 0 && kept.axes.y === axesOf(system, panel).y;
  }

  function keeping() {
    element("keep").textContent = kept === null ? "Keep to compare" : "Forget the kept one";
    element("keep").setAttribute("aria-pressed", String(kept !== null));
    element("kept").textContent = kept === null ? "" : comparable() ? "Choose another network: the kept one stays in the plot."
      : `Kept: ${kept.axes.title.toLowerCase()} of ${kept.about}; it has another scale and is not drawn here.`;
  }

  function keep() {
    const one = current();
    kept = kept === null ? { about: one.about, shownPanel: one.panels[panel], axes: axesOf(system, panel) } : null;
    refresh();
  }

  // --- taking away ----------------------------------------------------------------------------------------------------

  const address = (key, show, choices) => String(new URLSearchParams({ system: key, show, ...choices }));

  function follow() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const found = data.systems.find((one) => one.key === asked.get("system"));
    if (!found) return view(data.tour[0]);
    const wanted = {};
    for (const choice of found.choices) {
      const value = choice.values.find((one) => String(one) === asked.get(choice.key));
      if (value !== undefined) wanted[choice.key] = value;
    }
    return view({ system: found.key, panel: asked.get("show") || "", at: wanted });
  }

  function csv() {
    const shownPanel = current().panels[panel], axes = axesOf(system, panel);
    const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const head = [axes.x, ...shownPanel.curves.map((curve) => `${curve.name} (${data.sorts[curve.kind]})`)].map(quoted);
    const rows = shownPanel.layers.map((layer, i) => [layer, ...shownPanel.curves.map((curve) => curve.values[i] ?? "")]);
    return [head, ...rows].map((row) => row.join(",")).join("\n") + "\n";
  }

  function save() {
    const name = ["isogap", system.key, panel, ...Object.values(at)].join("-").replaceAll(/[^\w.-]+/g, "_");
    const link = make("a", { href: URL.createObjectURL(new Blob([csv()], { type: "text/csv" })), download: `${name}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  async function copy(button, text, fallback) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      fallback();
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = before; }, 1500);
  }

  function copyLink() {
    const link = `${location.href.split("#")[0]}#${address(system.key, panel, at)}`, box = element("link");
    box.value = link;
    copy(element("share"), link, () => { box.hidden = false; box.select(); });
  }

  // --- beginning ------------------------------------------------------------------------------------------------------

  function theme() {
    let chosen = null;
    try { chosen = localStorage.getItem("theme"); } catch { /* not from a file */ }
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  }

  function begin() {
    theme();
    tour();
    element("layer").addEventListener("input", () => read());
    element("keep").addEventListener("click", keep);
    element("save").addEventListener("click", save);
    element("share").addEventListener("click", copyLink);
    element("copy").addEventListener("click", () => copy(element("copy"), element("command").textContent, () => getSelection().selectAllChildren(element("command"))));
    const again = () => { draw(); read(); };
    window.addEventListener("resize", again);
    window.addEventListener("hashchange", follow);
    window.addEventListener("beforeprint", () => { element("all").open = true; });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    element("provenance").textContent = `Tables of isogap ${data.version}, seed ${data.seed}, format ${data.format}.`;
    follow();
  }

  begin();
})();

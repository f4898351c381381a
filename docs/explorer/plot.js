// Draws curves of tables.js by uPlot. Computes nothing but places on the screen.
"use strict";

window.isogapPlot = (() => {
  // Colour, dashes and width of every kind of curve: a reader without colours has the dashes.
  const KINDS = {
    low: { colour: "--measured", dash: [2, 3], width: 1 },
    high: { colour: "--measured", dash: [2, 3], width: 1 },
    middle: { colour: "--measured", dash: [], width: 2.5 },
    mean: { colour: "--measured", dash: [9, 3, 2, 3], width: 1.5 },
    upper: { colour: "--proved", dash: [8, 5], width: 2 },
    paper: { colour: "--paper-bound", dash: [2, 6], width: 2.5 },
    law: { colour: "--law", dash: [3, 3], width: 2.5 },
    limit: { colour: "--limit", dash: [6, 3], width: 2 },
    conjecture: { colour: "--limit", dash: [1, 4], width: 2.5 },
    kept: { colour: "--kept", dash: [14, 4], width: 3 },
  };
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // A piece of the line as it is drawn.
  function sample(kind) {
    const { colour, dash, width } = KINDS[kind];
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 38 12");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const attributes = { d: "M1 6H37", fill: "none", stroke: `var(${colour})`, "stroke-width": width, "stroke-dasharray": dash.join(" ") };
    for (const [name, value] of Object.entries(attributes)) path.setAttribute(name, value);
    svg.append(path);
    return svg;
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

  function options(box, axes, curves, moved) {
    const kinds = curves.map((curve) => curve.kind);
    const high = kinds.indexOf("high") + 1, low = kinds.indexOf("low") + 1;
    const line = { stroke: style("--soft"), grid: { stroke: style("--line"), width: 0.5 }, ticks: { stroke: style("--line"), size: 5 }, font: "13px system-ui", labelFont: "14px system-ui", labelGap: 2 };
    const powers = (u, splits) => splits.map((v) => (v === null ? "" : power(v)));
    const logarithmic = { splits: tens, values: powers, filter: (u, splits) => splits };
    return {
      width: Math.max(box.clientWidth, 260),
      height: Math.min(460, Math.max(280, Math.round(box.clientWidth * 0.52))),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false },
      scales: { x: { time: false }, y: axes.log ? { distr: 3, range: decades } : {} },
      bands: high && low ? [{ series: [high, low], fill: style("--band") }] : [],
      axes: [
        { ...line, label: axes.x, labelSize: 20, size: 34 },
        { ...line, label: axes.y, labelSize: 24, size: axes.log ? 58 : 62, ...(axes.log ? logarithmic : {}) },
      ],
      series: [{}, ...curves.map((curve) => {
        const { colour, dash, width } = KINDS[curve.kind];
        return { label: curve.name, stroke: style(colour), width, dash, spanGaps: false, points: { show: false } };
      })],
      hooks: { setCursor: [(u) => { if (u.cursor.event && u.cursor.idx !== null && u.cursor.idx !== undefined) moved(u.data[0][u.cursor.idx]); }] },
    };
  }

  // Curves over their own layers, side by side over all of them.
  function joined(groups, log) {
    const kept = (value) => (log && value !== null && value <= 0 ? null : value);
    return uPlot.join(groups.map(({ layers, curves }) => [layers, ...curves.map((curve) => curve.values.map(kept))]));
  }

  // groups: of layers and curves on them; moved: told the layer that the pointer is at.
  function draw(box, axes, groups, moved) {
    box.replaceChildren();
    return new uPlot(options(box, axes, groups.flatMap((group) => group.curves), moved), joined(groups, axes.log), box);
  }

  return { draw, sample };
})();

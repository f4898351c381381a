// Looks at built pages in Chromium, without a server and without a network:
//   node site.mjs FOLDER [--shots FOLDER]
// Every page: no message in the console, no request outside the folder, WCAG 2 A and AA by axe, light and dark.
// The explorer: sliders move, and what is shown is what stands in its tables.
import { createRequire } from "node:module";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = resolve(process.argv[2] || "docs/_build/html");
const shots = process.argv.includes("--shots") ? resolve(process.argv[process.argv.indexOf("--shots") + 1]) : null;
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : null;
const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  .find((path) => path && existsSync(path));
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const faults = [];
const fault = (page, what) => { faults.push(`${page}: ${what}`); };

function pagesBelow(where) {
  return readdirSync(where, { withFileTypes: true }).flatMap((entry) => {
    const path = join(where, entry.name);
    return entry.isDirectory() ? pagesBelow(path) : entry.name.endsWith(".html") ? [path] : [];
  }).sort();
}

// Pages of one make are looked at once by axe: listings of checks and of modules.
function sampled(paths) {
  const seen = new Set();
  return new Set(paths.filter((path) => {
    const kind = /\/(checks|_modules)\//.exec(path);
    if (kind === null) return true;
    if (seen.has(kind[1])) return false;
    seen.add(kind[1]);
    return true;
  }));
}

async function listen(page, name) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) fault(name(), `console: ${message.text()}`);
  });
  page.on("pageerror", (error) => fault(name(), `script: ${error.message}`));
  page.on("requestfailed", (request) => fault(name(), `request failed: ${request.url()}`));
  await page.route("**/*", (route) => {
    const url = route.request().url();
    if (url.startsWith("file:") || url.startsWith("data:") || url.startsWith("blob:")) return route.continue();
    fault(name(), `asks the network for ${url}`);
    return route.abort();
  });
}

async function contrast(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, {
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }, resultTypes: ["violations"], preload: false,
  }));
  for (const { id, help, nodes } of found.violations) {
    const first = nodes.slice(0, 2).map((node) => `${node.target.join(" ")} ${(node.failureSummary || "").split("\n").slice(-1)[0].trim()}`);
    fault(name, `${id}: ${help}; ${nodes.length} places, first ${first.join(" | ")}`);
  }
}

async function explorer(page) {
  const tables = JSON.parse(readFileSync(join(folder, "explorer", "tables.js"), "utf8").replace(/^window\.\w+ =\n/, "").replace(/;\n$/, ""));
  await page.goto(pathToFileURL(join(folder, "explorer", "index.html")).href);
  const text = (selector) => page.locator(selector).innerText();
  const plain = (value) => (value === null ? "none" : String(value).replace("-", "−").replace("e-", "e−"));
  let seen = 0;
  for (const system of tables.systems) {
    await page.locator("#system").selectOption(system.key);
    const key = system.choices.map((choice) => choice.key);
    for (const choice of system.choices) {
      const control = page.locator(`#choice-${choice.key}`);
      const slider = (await control.getAttribute("type")) === "range";
      for (let i = 0; i < choice.values.length; i++) {
        if (slider) {
          await control.focus();
          await page.keyboard.press("Home");
          for (let k = 0; k < i; k++) await page.keyboard.press("ArrowRight");
          if ((await text(`#choice-${choice.key}-value`)) !== choice.names[i]) fault("explorer", `slider ${choice.key} does not say ${choice.names[i]}`);
        } else await control.selectOption(String(i));
        const at = {};
        for (const { key: k, values } of system.choices) at[k] = values[Number(await page.locator(`#choice-${k}`).inputValue())];
        const one = system.cases.find((c) => key.every((k) => c.at[k] === at[k]));
        if (one === undefined) { fault("explorer", `no case ${JSON.stringify(at)}`); continue; }
        if (at[choice.key] !== choice.values[i]) fault("explorer", `${choice.key} moved back to ${at[choice.key]}`);
        for (const { key: panel } of system.panels) {
          await page.check(`#panel-${panel}`);
          const shown = one.panels[panel];
          if ((await text("#verdict")) !== shown.verdict.replace(/\s+/g, " ").trim()) fault("explorer", `another verdict at ${JSON.stringify(at)}`);
          if ((await page.locator("#command").textContent()) !== one.command) fault("explorer", `another command at ${JSON.stringify(at)}`);
          const cells = await page.locator("#numbers td").allTextContents();
          const expected = shown.layers.flatMap((_, l) => shown.curves.map((curve) => plain(curve.values[l])));
          if (expected.length && JSON.stringify(cells) !== JSON.stringify(expected)) fault("explorer", `other numbers at ${JSON.stringify(at)} ${panel}`);
          if (shown.curves.length && (await page.locator("#plot canvas").count()) !== 1) fault("explorer", "no plot");
          seen += 1;
        }
      }
    }
  }
  const layer = page.locator("#layer");
  await layer.focus();
  await page.keyboard.press("Home");
  const before = await text("#values");
  for (let k = 0; k < 5; k++) await page.keyboard.press("ArrowRight");
  if ((await text("#values")) === before) fault("explorer", "the layer slider moves nothing");
  console.log(`explorer: ${seen} views, each the same as in its tables`);
}

async function shoot(browser) {
  mkdirSync(shots, { recursive: true });
  const wanted = ["index.html", "explorer/index.html", "_generated/theory.html", "gallery.html", "report.html", "compare.html", "api/index.html", "commands/isogap-mc.html"];
  for (const path of wanted.filter((name) => existsSync(join(folder, name)))) {
    for (const [kind, width, colorScheme] of [["1280", 1280, "light"], ["400", 400, "light"], ["dark", 1280, "dark"]]) {
      const page = await (await browser.newContext({ viewport: { width, height: 900 }, colorScheme })).newPage();
      await page.goto(pathToFileURL(join(folder, path)).href);
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(shots, `${path.replaceAll("/", "-")}-${kind}.png`) });
      await page.close();
    }
  }
}

const browser = await chromium.launch({ executablePath, args });
const paths = pagesBelow(folder).filter((path) => only === null || relative(folder, path).startsWith(only));
const judged = sampled(paths);
for (const colorScheme of ["light", "dark"]) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  let name = "";
  await listen(page, () => name);
  for (const path of paths) {
    if (colorScheme === "dark" && !judged.has(path)) continue;
    name = `${relative(folder, path)} (${colorScheme})`;
    await page.goto(pathToFileURL(path).href);
    if (judged.has(path)) await contrast(page, name);
  }
  if (colorScheme === "light" && existsSync(join(folder, "explorer", "index.html"))) { name = "explorer"; await explorer(page); }
  await context.close();
}
if (shots) await shoot(browser);
await browser.close();
console.log(`${paths.length} pages, ${judged.size} of them by axe in light and dark: ${faults.length} faults`);
for (const line of faults) console.log(`  ${line}`);
process.exit(faults.length ? 1 : 0);

// Looks at built pages in Chromium, without a server and without a network:
//   node site.mjs FOLDER [--shots FOLDER]
// Every page: no message in the console, no request outside the folder, WCAG 2 A and AA by axe, light and dark, no wider than a phone.
// The explorer: sliders move, and what is shown is what stands in its tables.
import { createRequire } from "node:module";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
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

// On a phone nothing but what has a bar of its own (code, tables, formulas on their own lines) is wider than the page.
async function narrow(page, name) {
  await page.setViewportSize({ width: 400, height: 900 });
  await drawn(page);
  const wide = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll(".content, #plot")]
    .filter((box) => box.scrollWidth > box.clientWidth + 1)
    .map((box) => `${box.className || box.tagName} by ${box.scrollWidth - box.clientWidth}`));
  await page.setViewportSize({ width: 1280, height: 900 });
  if (wide.length) fault(name, `wider than a phone: ${wide.join(", ")}`);
  await drawn(page);
}

// A page that draws anew when its size has changed does so before the next picture; the second frame begins after that.
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

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
        } else await control.selectOption({ value: String(i) }); // a name may be "1", too
        const at = {};
        for (const { key: k, values } of system.choices) at[k] = values[Number(await page.locator(`#choice-${k}`).inputValue())];
        const one = system.cases.find((c) => key.every((k) => c.at[k] === at[k]));
        if (one === undefined) { fault("explorer", `no case ${JSON.stringify(at)}`); continue; }
        if (at[choice.key] !== choice.values[i]) fault("explorer", `${choice.key} moved back to ${at[choice.key]}`);
        for (const { key: panel } of system.panels) {
          await page.check(`#panel-${panel}`);
          const shown = one.panels[panel];
          for (const [id, wanted] of [["#tone", tables.tones[shown.tone]], ["#headline", shown.headline]]) {
            if ((await text(id)) !== wanted) fault("explorer", `another ${id} at ${JSON.stringify(at)}`);
          }
          if ((await text("#about")).toLowerCase() !== `${one.about}, seed ${tables.seed}.`.toLowerCase()) fault("explorer", `another network said at ${JSON.stringify(at)}`);
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
  await reading(page, text);
  await questions(page, tables, text);
  await taking(page, tables, text, plain);
  console.log(`explorer: ${seen} views, each the same as in its tables`);
}

// By keyboard and by pointer: the numbers of a layer.
async function reading(page, text) {
  const layer = page.locator("#layer");
  await layer.focus();
  await page.keyboard.press("Home");
  const before = await text("#values");
  for (let k = 0; k < 5; k++) await page.keyboard.press("ArrowRight");
  const at = await text("#at");
  if ((await text("#values")) === before) fault("explorer", "the layer slider moves nothing");
  const box = await page.locator("#plot .u-over").boundingBox();
  await page.mouse.move(box.x + 0.9 * box.width, box.y + box.height / 2);
  if ((await text("#at")) === at) fault("explorer", "the pointer reads nothing");
}

// Every question shows its network; a kept one is drawn beside another.
async function questions(page, tables, text) {
  for (const one of tables.tour) {
    await page.locator("#questions a", { hasText: one.question }).click();
    const wanted = tables.systems.find((s) => s.key === one.system).cases.find((c) => Object.keys(one.at).every((k) => c.at[k] === one.at[k]));
    if ((await text("#headline")) !== wanted.panels[one.panel].headline) fault("explorer", `"${one.question}" shows another network`);
  }
  const link = (k) => page.locator("#questions a", { hasText: tables.tour[k].question }).click();
  await link(1);
  await page.locator("#keep").click();
  await link(2);
  if (!(await text("#legend")).includes("kept")) fault("explorer", "the kept network is not drawn beside another");
  if (!(await text("#values")).includes("kept")) fault("explorer", "the kept network has no numbers");
  await link(0);
  if ((await text("#legend")).includes("kept")) fault("explorer", "a gradient is drawn over a gap");
  await page.locator("#keep").click();
  await page.check("#span-tenth");
  if (Number(await page.locator("#layer").getAttribute("max")) >= (await page.locator("#numbers tbody tr").count()) - 1) fault("explorer", "the first tenth has all layers");
  await page.check("#span-all");
}

// The file has the numbers of the table, and a link leads back to the view.
async function taking(page, tables, text, plain) {
  await page.locator("#questions a", { hasText: tables.tour[2].question }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#save").click()]);
  const lines = readFileSync(await download.path(), "utf8").trim().split("\n");
  const rows = await page.locator("#numbers tbody tr").count();
  const cells = await page.locator("#numbers td").allTextContents();
  if (lines.length !== rows + 1) fault("explorer", "the CSV has another number of lines");
  const found = lines.slice(1).flatMap((line) => line.split(",").slice(1).map((x) => plain(x === "" ? null : Number(x))));
  if (JSON.stringify(found) !== JSON.stringify(cells)) fault("explorer", "the CSV has other numbers than the table");
  if (!/\(measured\)/.test(lines[0])) fault("explorer", "the CSV does not say what is measured");
  const [address, headline] = [page.url(), await text("#headline")];
  await page.goto("about:blank");
  await page.goto(address);
  if ((await text("#headline")) !== headline) fault("explorer", `the link ${address.split("#")[1]} shows another network`);
  await page.evaluate((hash) => { location.hash = hash; }, "system=products&show=condition&width=64");
  await page.waitForFunction(() => document.getElementById("system").value === "products");
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
    if (judged.has(path) && colorScheme === "light") await narrow(page, name);
  }
  if (colorScheme === "light" && existsSync(join(folder, "explorer", "index.html"))) { name = "explorer"; await explorer(page); }
  await context.close();
}
if (shots) await shoot(browser);
await browser.close();
console.log(`${paths.length} pages, ${judged.size} of them by axe in light and dark: ${faults.length} faults`);
for (const line of faults) console.log(`  ${line}`);
process.exit(faults.length ? 1 : 0);

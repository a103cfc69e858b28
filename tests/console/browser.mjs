// Playwright for the tests, which are Python: reads a call a line on standard input, answers a line on standard output.
// {"id", "on": handle or null, "names": ["locator"], "args": [...]}; what is no plain value stays here and goes by its handle.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const handles = new Map();
const logs = new WeakMap();
let next = 1;

function keep(value) {
    handles.set(next, value);
    return { handle: next++ };
}

function plain(value) {
    if (value === null || value === undefined)
        return { value: null };
    if (Buffer.isBuffer(value))
        return { bytes: value.toString("base64") };
    if (Array.isArray(value) && value.some((one) => typeof one === "object"))
        return JSON.stringify(plain(value[0])).includes("handle") ? { list: value.map(plain) } : { value };
    if (typeof value !== "object" || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)
        return { value };
    return keep(value);
}

// What went wrong in a page, and what it asked for, from its first moment on.
function watch(page) {
    const log = { errors: [], requests: [] };
    logs.set(page, log);
    page.on("console", (message) => message.type() === "error" && log.errors.push(message.text()));
    page.on("pageerror", (error) => log.errors.push(String(error)));
    page.on("request", (request) => log.requests.push(request.url()));
    page.on("dialog", (dialog) => { log.errors.push(`dialog: ${dialog.message()}`); dialog.dismiss().catch(() => {}); });
}

async function launch(options) {
    const browser = await chromium.launch(options);
    const make = browser.newContext.bind(browser);
    browser.newContext = async (given) => {
        const context = await make(given);
        context.on("page", watch);
        context.setDefaultTimeout(15000);
        return context;
    };
    return browser;
}

async function check(page, more) {
    await page.evaluate(axe);
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const found = await page.evaluate(`axe.run(document, ${JSON.stringify({ runOnly: tags, ...more })})`);
    return found.violations.map((one) => ({ id: one.id, help: one.help, nodes: one.nodes.map((node) => `${node.html}: ${node.failureSummary}`) }));
}

async function call({ on, names, args }) {
    const given = args.map((one) => (one && one.handle ? handles.get(one.handle) : one));
    if (on === null)
        return { launch, check, log: async (page) => logs.get(page) }[names[0]](...given);
    let target = handles.get(on);
    for (const name of names.slice(0, -1))
        target = target[name];
    const last = names.at(-1);
    return typeof target[last] === "function" ? target[last](...given) : target[last];
}

for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
        answer = plain(await call(request));
    } catch (error) {
        answer = { error: String(error.stack || error) };
    }
    process.stdout.write(`${JSON.stringify({ id: request.id, ...answer })}\n`);
}

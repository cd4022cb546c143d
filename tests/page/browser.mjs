/**
 * A real browser that does what lines on stdin say, and answers each with a line on stdout.
 *
 *   node browser.mjs PACKAGE_JSON CHROMIUM FLAGS...
 *
 * A line is {code, args}: the body of an async function of Playwright's `page` (undefined at
 * first), `args` and `open`, which opens a page of its own. Its answer is {result} or {error}.
 */

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [packageJson, executablePath, ...args] = process.argv.slice(2);
const { chromium } = createRequire(packageJson)("playwright-core");
const browser = await chromium.launch({ executablePath, args });
const AsyncFunction = (async () => {}).constructor;
let page;

/** Opens an address as a new visitor; what it asked for, and what went wrong, are kept on `page`. */
async function open({ url, script, ...options }) {
  await page?.context().close();
  const context = await browser.newContext(options);
  page = await context.newPage();
  Object.assign(page, { asked: [], wrong: [] });
  context.on("request", (request) => page.asked.push(request.url()));
  page.on("pageerror", (error) => page.wrong.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") page.wrong.push(message.text());
  });
  if (script) await page.addInitScript(script);
  await page.goto(url);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { code, args } = JSON.parse(line);
  let answer;
  try {
    answer = { result: await new AsyncFunction("page", "args", "open", code)(page, args, open) };
  } catch (error) {
    answer = { error: String(error.stack ?? error) };
  }
  console.log(JSON.stringify(answer));
}
await browser.close();

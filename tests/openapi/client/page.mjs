// Executes operations on the page at /docs of a server, and prints what it showed as JSON:
//     node page.mjs ADDRESS TOKEN ID…    (an empty TOKEN: do not authorize)
// With CHROME_PATH it drives that browser, without it jsdom. The browser's errors, such as of the
// Content-Security-Policy, and requests to another address are `problems`.
import { readFile } from "node:fs/promises";

const [address, token, ...ids] = process.argv.slice(2);
const driver = await readFile(new URL("driver.js", import.meta.url), "utf8");
const call = `(${driver})(${JSON.stringify(ids)}, ${JSON.stringify(token)})`;

async function inChromium(executablePath) {
  const { default: puppeteer } = await import("puppeteer-core");
  const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    const problems = [];
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("request", (request) => /^(data:|blob:)/.test(request.url()) || request.url().startsWith(address) || problems.push(request.url()));
    await page.goto(`${address}/docs`);
    return { ...(await page.evaluate(call)), problems };
  } finally {
    await browser.close();
  }
}

async function inJsdom() {
  const { JSDOM, VirtualConsole } = await import("jsdom");
  const html = await (await fetch(`${address}/docs`)).text();
  const dom = new JSDOM(html.replace(/<link rel="stylesheet".*>/, ""), {
    url: `${address}/docs`,
    runScripts: "dangerously",
    resources: "usable",
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(),
    beforeParse(window) {
      Object.assign(window, { Request, Response, Headers, TextEncoder, TextDecoder, structuredClone });
      window.fetch = (url, options) => fetch(new URL(url, address), options);
    },
  });
  try {
    return await dom.window.eval(call);
  } finally {
    dom.window.close();
  }
}

const { CHROME_PATH } = process.env;
console.log(JSON.stringify(await (CHROME_PATH ? inChromium(CHROME_PATH) : inJsdom())));

// Drives the page at /docs by its buttons, in any DOM: expands operations, tries them out, and reads what it shows.
// The value of this script is a function that takes the operations' ids, in the order of execution, and a token to
// authorize with, if any. It returns, for each id, the request that the page made and the status that it shows.
(async (ids, token) => {
  const PATIENCE = 240_000; // whoever starts this has a time limit, too

  async function until(get, what) {
    for (const end = Date.now() + PATIENCE; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const value = get();
      if (value) return value;
    }
    throw new Error(`the page does not show ${what}`);
  }

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const button = (text, within) => all("button", within).find((each) => each.textContent.trim() === text);

  async function authorize() {
    (await until(() => document.querySelector(".auth-wrapper .authorize"), "the button to authorize")).click();
    const dialog = await until(() => document.querySelector(".auth-container"), "the dialog to authorize");
    const input = await until(() => dialog.querySelector("input"), "the field for the token");
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, token);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    (await until(() => document.querySelector(".auth-container .authorize[type=submit]"), "Authorize")).click();
    (await until(() => document.querySelector(".auth-container .btn-done"), "Close")).click();
  }

  async function execute(id) {
    const block = await until(() => all(".opblock").find((each) => each.id.endsWith(`-${id}`)), id);
    block.querySelector(".opblock-summary-control").click();
    (await until(() => button("Try it out", block), `Try it out, of ${id}`)).click();
    (await until(() => button("Execute", block), `Execute, of ${id}`)).click();
    const status = await until(() => block.querySelector(".live-responses-table tbody .response-col_status"), `the answer to ${id}`);
    const url = block.querySelector(".request-url pre").textContent.trim();
    const result = { id, url, status: parseInt(status.textContent, 10) };
    block.querySelector(".opblock-summary-control").click();
    return result;
  }

  await until(() => document.querySelector(".opblock"), "its operations");
  if (token) await authorize();
  const results = [];
  for (const id of ids) results.push(await execute(id));
  return { version: document.querySelector(".info .version")?.textContent, results };
})

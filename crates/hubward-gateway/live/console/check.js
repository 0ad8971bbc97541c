// Drives the console's page, and compares what it shows with the gateway's log.
"use strict";
const fs = require("node:fs");
const tls = require("node:tls");
const crypto = require("node:crypto");
const puppeteer = require("puppeteer-core");

const HOSTILE = "<img src=x onerror=document.title='hacked'>";
const out = fs.readFileSync("out", "utf8");
const log = () => fs.readFileSync("log", "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const served = (name) => log().find((line) => line.message === `${name} is served`).address;
const field = (text, name) => text.match(new RegExp(`${name}=([^;\\s]+)`))[1];
const string = (name) => out.split("\n").find((line) => line.startsWith(name)).split(/\s+/)[1];
const service = string("service");
const device = string("device ");

let bad = 0;
function expect(what, holds, more = "") {
  console.log(`${holds ? "ok" : "WRONG"}: ${what}${holds ? "" : ` ${more}`}`);
  if (!holds) bad = 1;
}

function token(resource, key, policy) {
  const expiry = Math.floor(Date.now() / 1000) + 600;
  const signed = crypto.createHmac("sha256", Buffer.from(key, "base64"));
  const signature = signed.update(`${encodeURIComponent(resource)}\n${expiry}`).digest("base64");
  const name = policy ? `&skn=${policy}` : "";
  return `SharedAccessSignature sr=${encodeURIComponent(resource)}&sig=${encodeURIComponent(signature)}&se=${expiry}${name}`;
}

// Connects over MQTT, and returns the connection with the return code of its CONNACK.
function connect(id, username, password) {
  const text = (value) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
  };
  const body = Buffer.concat([text("MQTT"), Buffer.from([4, 0b11000010, 0, 60]), text(id), text(username), text(password)]);
  const length = [];
  for (let left = body.length; length.push(left & 127 | (left > 127 ? 128 : 0)), left > 127; left >>= 7);
  const ca = fs.readFileSync(out.match(/server's CA\s+(\S+)/)[1]);
  return new Promise((done, fail) => {
    const [, port] = served("mqtt").match(/:(\d+)$/);
    const stream = tls.connect({ host: "127.0.0.1", port, servername: "localhost", ca }, () =>
      stream.write(Buffer.concat([Buffer.from([0x10, ...length]), body])));
    stream.once("data", (answer) => done({ stream, code: answer[3] }));
    stream.once("error", fail);
  });
}

// Refuses a device, and returns the line of the log about it.
async function refuse(id, password) {
  const before = log().length;
  const { stream, code } = await connect(id, `localhost/${id}/?api-version=2021-04-12`, password);
  stream.destroy();
  expect(`the device ${JSON.stringify(id)} is refused`, code !== 0, `code ${code}`);
  return log().slice(before).find((line) => line.target === "hubward_gateway::decision" && line.verdict === "deny");
}

// Waits in this process: a wait inside the page would need `eval`, which its policy forbids.
async function until(page, holds, ...given) {
  for (const start = Date.now(); !(await page.evaluate(holds, ...given));) {
    if (Date.now() - start > 20_000) throw new Error(`not within 20 s: ${holds}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function main() {
  const origin = `http://localhost:${served("console").match(/:(\d+)$/)[1]}`;
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-component-update", "--disable-background-networking"],
  });
  console.log(await browser.version());
  const page = await browser.newPage();
  const requests = [];
  const complaints = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.evaluateOnNewDocument(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.log(`CSP: ${event.violatedDirective}`));
  });
  const text = (selector) => page.$eval(selector, (element) => element.textContent);

  await page.goto(`${origin}/`, { waitUntil: "load" });
  const owner = token("localhost", field(service, "SharedAccessKey"), field(service, "SharedAccessKeyName"));
  // by the keyboard alone: the link that skips, the token, Enter
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  expect("the second Tab is at the token", await page.evaluate(() => document.activeElement.id) === "token");
  await page.keyboard.type(owner);
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelector("#main:not([hidden])") !== null);
  await until(page, () => document.querySelectorAll("#chart polyline").length === 4);
  expect("the chart has four series", true);
  expect("the hub is named", await text("#hub") === "localhost");

  // a refusal of a device with a wrong key, seen by the page's own clock
  await page.evaluate(() => {
    window.seen = new Map();
    new MutationObserver(() => {
      for (const row of document.querySelectorAll("#refusals tr")) {
        const peer = row.cells[1].textContent;
        if (!window.seen.has(peer)) window.seen.set(peer, Date.now());
      }
    }).observe(document.querySelector("#refusals"), { childList: true });
  });
  const wrong = token("localhost/devices/dev1", Buffer.alloc(32).toString("base64"));
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    const line = await refuse("dev1", wrong);
    await until(page, (peer) => window.seen.has(peer), line.peer);
    const took = await page.evaluate((peer) => window.seen.get(peer), line.peer) - Date.parse(line.timestamp);
    console.log(`the refusal is on the page ${took} ms after its line in the log (${scheme})`);
    expect("within a second", took <= 1000, `${took} ms`);
    const row = await page.$eval("#refusals tr", (row) => [...row.cells].map((cell) => cell.textContent));
    expect("with the sentence of the log", row[5].startsWith(line.reason), `${row[5]} / ${line.reason}`);
    expect("with its code, its peer and its device",
      row[4] === line.code && row[1] === line.peer && row[2] === line.who, row.join(" | "));
    const live = await page.$eval("[aria-live=polite]#newest", (element) => element.textContent);
    expect("and is announced", live.includes(line.reason), live);
    const contrasts = await page.evaluate(() => {
      const light = (colour) => {
        const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((value) => value / 255)
          .map((value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const panel = light(getComputedStyle(document.querySelector(".panel")).backgroundColor);
      return ["h2", "td", "td.code", ".quiet", "th", ".hint"].flatMap((selector) => {
        const element = document.querySelector(`#main ${selector}`);
        if (!element) return [];
        const style = getComputedStyle(element);
        const own = style.backgroundColor.endsWith(", 0)") ? panel : light(style.backgroundColor);
        const [a, b] = [light(style.color), own].sort((one, other) => other - one);
        return [(a + 0.05) / (b + 0.05)];
      });
    });
    expect(`every text has a contrast of 4.5 (${scheme})`, contrasts.every((value) => value >= 4.5), contrasts.join(" "));
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(`the background is ${scheme}`, background === (scheme === "light" ? "rgb(246, 247, 249)" : "rgb(13, 17, 23)"), background);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/console-${scheme}.png`, fullPage: true });
  }

  // names that are HTML are text, or are not shown
  await refuse(HOSTILE, wrong);
  const own = token("localhost/devices/dev1", field(device, "SharedAccessKey"));
  const { stream, code } = await connect("dev1", "localhost/dev1/?api-version=2021-04-12", own);
  expect("the device is connected", code === 0);
  await until(page, () => document.querySelector("#sessions").textContent.includes("device dev1"));
  const session = await page.$eval("#sessions tr", (row) => [...row.cells].map((cell) => cell.textContent));
  expect("with its credential and its end", session[3] === "a token of its own" && /\d\d:\d\d:\d\d/.test(session[5]), session.join(" | "));
  const topic = Buffer.from("devices/dev2/messages/events/");
  stream.write(Buffer.concat([Buffer.from([0x30, topic.length + 2, 0, topic.length]), topic]));
  await until(page, () => document.querySelector("#refusals td.code")?.textContent === "identity-mismatch");
  await until(page, () => document.querySelector("#refusals .hint") !== null);
  expect("a denied operation has a hint", (await text("#refusals .hint")).length > 10);
  stream.destroy();

  // explain, by the keyboard
  const decisions = log().filter((line) => line.target === "hubward_gateway::decision").length;
  await page.focus("#client");
  await page.keyboard.type(HOSTILE);
  await page.keyboard.press("Tab");
  await page.keyboard.type("localhost/dev1/?api-version=2021-04-12");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelector("#verdict .deny") !== null);
  expect("a CONNECT is explained", (await text("#verdict")).includes("client-id"));
  const paste = (id, value) => page.$eval(`#${id}`, (element, value) => { element.value = value; }, value);
  await page.click("input[value=http]");
  await paste("request", `GET /devices/dev1 HTTP/1.1\nHost: localhost\nAuthorization: ${owner}\n`);
  await page.focus("#explain button");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelector("#verdict .allow") !== null);
  expect("a request is explained", (await text("#verdict")).includes("identity.read"));
  expect("and neither is logged",
    log().filter((line) => line.target === "hubward_gateway::decision").length === decisions
      && !fs.readFileSync("log", "utf8").includes("sig="));

  expect("no element was made of a name", await page.evaluate(() => document.images.length === 0 && document.title === "hubward console"));
  const kept = await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length, location.href]);
  expect("the token is kept in memory only", kept.join() === `,0,0,${origin}/`, kept.join());
  await page.click("#leave");
  expect("the token is forgotten", await page.$eval("#main", (main) => main.hidden && document.querySelector("#token").value === ""));
  const elsewhere = requests.filter((url) => !url.startsWith(`${origin}/`));
  expect("no request to anywhere else", elsewhere.length === 0, elsewhere.join(" "));
  expect("no violation and no error", complaints.length === 0, complaints.join(" / "));
  await browser.close();
  if (bad === 0) console.log("all as expected");
}

main().then(() => process.exit(bad), (error) => {
  console.error(error);
  process.exit(1);
});

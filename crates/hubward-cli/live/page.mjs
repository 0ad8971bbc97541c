// The test of the page; page.sh starts it. It prints a line for each part, and ends with an error at the first mistake.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const { HUBWARD, CHROMIUM, PAGE } = process.env;
const work = process.argv[2];
const KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const OTHER = "c3RyYW5nZXIga2V5IG9mIDMyIGJ5dGVzLCBmb3IgdGU=";
const NOW = 1861920000; // 2029-01-01
const say = (line) => process.stdout.write(`${line}\n`);

const compressed = (name) => execFileSync("gzip", ["-9c", `${PAGE}/${name}`]).length;
const size = ["hubward.wasm", "index.html", "page.js", "style.css"].map(compressed).reduce((sum, one) => sum + one);
assert.ok(size <= 150 * 1024, `the page has ${size} bytes with gzip`);
say(`the page: ${size} bytes with gzip, 153600 are allowed`);

const server = spawn(HUBWARD, ["inspect", "--serve"], { stdio: ["ignore", "pipe", "inherit"] });
const [first] = await new Promise((done) => createInterface(server.stdout).once("line", (line) => done([line])));
const base = first.replace("page", "").trim();
const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    userDataDir: `${work}/profile`,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
});
let failed = false;
try {
    await run();
} catch (error) {
    failed = true;
    say(`FAILED: ${error.stack}`);
} finally {
    await browser.close();
    server.kill();
}
process.exit(failed ? 1 : 0);

async function run() {
    const page = await browser.newPage();
    const requests = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => assert.fail(`an error on the page: ${error}`));
    await browser.defaultBrowserContext().overridePermissions(base.slice(0, -1), [
        "clipboard-read", "clipboard-write", "clipboard-sanitized-write",
    ]);
    await page.evaluateOnNewDocument((now) => { Date.now = () => now * 1000; }, NOW);
    await page.goto(base);
    await page.waitForSelector("html.ready");

    // from the paste to the first verdict that is painted
    const paste = async (text) => {
        await page.evaluate((text) => navigator.clipboard.writeText(text), text);
        await page.focus("#text");
        await page.evaluate(() => {
            window.took = new Promise((done) => {
                const answer = document.getElementById("answer");
                let begin = 0;
                document.getElementById("text").addEventListener("paste", () => { begin = performance.now(); }, { once: true });
                const observer = new MutationObserver(() => {
                    observer.disconnect();
                    requestAnimationFrame(() => done(performance.now() - begin));
                });
                observer.observe(answer, { childList: true });
            });
        });
        await page.keyboard.down("Control");
        await page.keyboard.press("KeyV");
        await page.keyboard.up("Control");
        return page.evaluate(() => window.took);
    };
    const device = `HostName=h.example;DeviceId=pump;SharedAccessKey=${KEY}`;
    const took = await paste(device);
    assert.match(await page.$eval("#answer", (answer) => answer.textContent), /connection string/);
    assert.ok(took <= 100, `the first verdict took ${took} ms`);
    say(`first verdict: ${Math.ceil(took)} ms after the paste, 100 are allowed`);

    // a token that WebCrypto signed
    const token = await page.evaluate(async (key) => {
        const bytes = Uint8Array.from(atob(key), (c) => c.charCodeAt(0));
        const hmac = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
        const sr = encodeURIComponent("h.example/devices/pump");
        const signed = new TextEncoder().encode(`${sr}\n1893456000`);
        const signature = new Uint8Array(await crypto.subtle.sign("HMAC", hmac, signed));
        const sig = encodeURIComponent(btoa(String.fromCharCode(...signature)));
        return `SharedAccessSignature sr=${sr}&sig=${sig}&se=1893456000`;
    }, KEY);
    const verdict = async (fields) => {
        for (const [id, value] of Object.entries({ key: KEY, device: "", module: "", host: "", ...fields, token: fields.token ?? token })) {
            await page.$eval(`#${id}`, (field, value) => { field.value = value; }, value);
        }
        await page.$eval("#token", (field) => field.dispatchEvent(new Event("input")));
        await page.evaluate(() => new Promise((done) => setTimeout(done)));
        return page.$eval("#verdict", (place) => place.textContent);
    };
    assert.match(await verdict({ device: "pump" }), /^Authentic: for h\.example\/devices\/pump, signed by the Primary key/);
    assert.match(await verdict({ device: "pump", host: "h.example" }), /^Authentic/);
    assert.match(await verdict({ device: "other" }), /^Refused: authentic, but for h\.example\/devices\/pump, not for/);
    assert.match(await verdict({ device: "pump", host: "other.example" }), /^Refused: authentic, but/);
    assert.match(await verdict({ device: "pump", module: "m" }), /^Refused: authentic, but/);
    assert.match(await verdict({ key: OTHER }), /^Refused: .*token-wrong-signature/);
    assert.match(await verdict({ key: "short" }), /the key/);
    assert.match(await verdict({ token: token.replace("1893456000", "1593456000") }), /token-wrong-signature/);
    say("a token signed with WebCrypto: authentic for its device, refused for another device, module, host and key");

    // the same answers as the program's
    const sig = "hZvWhj34jFN%2FvVXIU3qEKjMM5T8pjPSKfabskI1p%2F74%3D";
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const jwt = (claims) => `${part({ alg: "RS256", kid: "k1" })}.${part(claims)}.c2lnbmF0dXJlLW9mLWEtand0LXRoYXQtaXMtc2VjcmV0`;
    const hubward = (...words) => execFileSync(HUBWARD, words, { cwd: work });
    hubward("ca", "init", "root", "--name", "Root", "--now", "2028-01-01");
    hubward("cert", "request", "--device", "pump", "--new-key-file", "pump.key", "--output", "request.csr");
    hubward("ca", "issue", "root", "request.csr", "--device", "pump", "--output", "chain.pem", "--now", "2028-12-01");
    hubward("ca", "issue", "root", "request.csr", "--device", "pump", "--output", "old.pem", "--now", "2028-01-02", "--ttl", "1d");
    hubward("ca", "crl", "root", "--output", "list.crl", "--now", "2028-12-31");
    const read = (name) => readFileSync(`${work}/${name}`, "utf8");
    const secretLine = read("pump.key").split("\n")[1];
    const texts = [
        token, device, KEY, KEY.slice(0, -1), "*".repeat(40), "a".repeat(64), "hello", "https://example.com/",
        token.replace("1893456000", "1593456000"), token.replace("1893456000", "1893456000000"),
        token.replaceAll("%2F", "%252F"), token.replaceAll("&", "&amp;"), `"${token}"`, ` ${token} `, `Authorization: ${token}`,
        token.split("&se")[0], `export TOKEN="${token}"`, token.replace("devices", "device"),
        device.replace("SharedAccessKey=", "ShareAccessKey="), device.replace(KEY, "****"), "HostName=h.example", `'${device}'`,
        device.replaceAll(";", "&"), `HostName=h.example;SharedAccessKeyName=owner;SharedAccessKey=${KEY}`,
        `Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=${KEY}`,
        `SharedAccessSignature sr=sb%3A%2F%2Fns.servicebus.windows.net%2Fhub&sig=${sig}&se=1893456000&skn=send`,
        `https://a.blob.core.windows.net/c/b?sv=2020-12-06&sr=b&sp=r&se=2030-01-01&sig=${sig}`,
        `sv=2020-12-06&sr=b&sp=rz&se=2030-01-01&sig=${sig}`,
        jwt({ aud: "https://iothubs.azure.net", oid: "o", exp: 1893456000 }), jwt({ aud: "https://graph.microsoft.com", exp: 1 }),
        "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJo", "h.example/pump/?api-version=2021-04-12", "h.example/pump?api-version=2021-04-12",
        "0ne1/registrations/pump/api-version=2019-03-31", "pump@sas.contoso.azure-devices.net",
        JSON.stringify({ connectionString: device }), `{"deviceId": "pump", "primaryKey": "${KEY}`,
        JSON.stringify([{ deviceId: "pump", authentication: { symmetricKey: { primaryKey: KEY, secondaryKey: KEY } } }]),
        read("chain.pem"), read("old.pem"), read("request.csr"), read("list.crl"), read("pump.key"), read("pump.key").replaceAll("\n", "\\n"),
        read("chain.pem").replaceAll("-----", "----"), read("chain.pem").replace("MII", "MIJ"), `# ${read("pump.key")}`,
        Buffer.from(read("chain.pem")).toString("base64"), Buffer.from(read("pump.key")).toString("base64"), JSON.stringify({ data: read("pump.key") }),
        `curl -H 'Authorization: ${token}' https://h.example/x`, `Primary key: ${KEY}`, `CONN = "${device}"  # prod`, `${device}%0A`,
        token.replaceAll("&", ";"), token.replace("Signature", "Signiture"), "h.example%2Fpump%2F%3Fapi-version%3D2021-04-12",
        jwt({ aud: "https://iothubs.azure.net", roles: ["a", "b"], oid: "o", nbf: 1893450000, exp: 1893456000 }), JSON.stringify([device, token]),
    ];
    const plain = (text) => text.toLowerCase().replaceAll(/[\s:]/g, "");
    for (const text of texts) {
        const answer = spawnSync(HUBWARD, ["inspect", "--now", String(NOW)], { input: text, encoding: "utf8" });
        await page.$eval("#text", (field, value) => {
            field.value = value;
            field.dispatchEvent(new Event("input"));
        }, text);
        await page.evaluate(() => new Promise((done) => setTimeout(done)));
        const shown = await page.$eval("#answer", (place) => place.innerText);
        const expected = answer.stdout + (answer.status === 0 ? "nothing is wrong with it that can be seen." : "");
        assert.equal(plain(shown), plain(expected), `${text}\n${answer.stderr}`);
        for (const secret of [KEY.slice(0, 20), sig.slice(0, 20), "c2lnbmF0dXJl", secretLine]) {
            assert.ok(!shown.includes(secret), `a secret of ${text} is shown`);
        }
    }
    say(`${texts.length} texts: the page answers as the program does, and shows no secret`);

    // the keyboard reaches each control in the order of the page
    await page.focus("#text");
    const order = ["text"];
    for (let count = 0; count < 12 && order.at(-1) !== "host"; count += 1) {
        await page.keyboard.press("Tab");
        const id = await page.evaluate(() => document.activeElement.id);
        if (id) order.push(id);
    }
    assert.deepEqual(order, ["text", "file", "clear", "token", "key", "device", "module", "host"]);
    await page.focus("#clear");
    await page.keyboard.press("Enter");
    const left = await page.evaluate(() => [...document.querySelectorAll("textarea, input")].map((field) => field.value).join(""));
    assert.equal(left, "");
    say("keyboard: each control in order; Clear erases each field");

    const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    for (const theme of ["light", "dark"]) {
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
        await page.$eval("#text", (field, value) => {
            field.value = value;
            field.dispatchEvent(new Event("input"));
        }, device.replace("SharedAccessKey=", "ShareAccessKey="));
        await verdict({ device: "other" });
        await page.evaluate(axe);
        const { violations, passes } = await page.evaluate(() => window.axe.run());
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        assert.deepEqual(serious.map(({ id, help, nodes }) => [id, help, nodes.map(({ html }) => html)]), []);
        say(`axe-core, ${theme}: ${passes.length} rules passed, ${violations.length} violated, of these 0 serious`);
    }

    // the browser refuses a request that leaves the page
    const before = requests.length;
    const outcome = await page.evaluate(() => fetch("https://example.com/").then(() => "sent", () => "refused"));
    assert.equal(outcome, "refused");
    const left_page = requests.slice(0, before).filter((url) => !url.startsWith(base) && !url.startsWith("data:"));
    assert.deepEqual(left_page, []);
    say(`network: ${before} requests, all for the page's own files; the browser refuses another one`);
}

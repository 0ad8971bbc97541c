const element = (id) => document.getElementById(id);
const loaded = WebAssembly.instantiateStreaming(fetch("hubward.wasm")).then(({ instance }) => instance.exports);
const TOO_LONG = { status: 3, text: "the text is too long: at most 1 MiB is judged" };
function judge(hubward, name, bytes) {
    if (bytes.length > 1024 * 1024) return TOO_LONG;
    for (const byte of bytes) hubward.put(byte);
    bytes.fill(0);
    const status = hubward[name](Date.now() / 1000);
    const output = new Uint8Array(hubward.output_length());
    for (let at = 0; at < output.length; at += 1) output[at] = hubward.take(at);
    return { status, text: new TextDecoder().decode(output) };
}
function add(parent, tag, text, kind) {
    const child = document.createElement(tag);
    child.textContent = text;
    if (kind) child.className = kind;
    parent.append(child);
    return child;
}
function show(place, { status, text }) {
    const part = document.createDocumentFragment();
    let list = null;
    let marked = null;
    for (const line of text.split("\n")) {
        const field = /^([A-Za-z0-9][^:=|;"]{0,23}?) {2,}(.*)$/.exec(line) ?? /^(signature|SASL PLAIN|the peer) (.*)$/.exec(line);
        const verdict = /^(refused|authentic|hint)(?::| {2,}) *(.*)$/.exec(line);
        if (line.startsWith("  ")) {
            list = null;
            if (marked) marked.textContent += `\n${line.slice(2)}`;
            else marked = add(part, "pre", line.slice(2));
            continue;
        }
        marked = null;
        if (line === "") {
            list = null;
        } else if (verdict) {
            list = null;
            const [, word, rest] = verdict;
            const kind = { refused: "refused", authentic: "good", hint: "hint" }[word];
            add(part, "p", `${word[0].toUpperCase()}${word.slice(1)}: ${rest}`, kind);
        } else if (field) {
            list ??= part.appendChild(document.createElement("dl"));
            add(list, "dt", field[1]);
            add(list, "dd", field[2]);
        } else {
            list = null;
            add(part, "p", line);
        }
    }
    for (const pre of part.querySelectorAll("pre")) {
        pre.tabIndex = 0;
        pre.setAttribute("role", "group");
        pre.setAttribute("aria-label", "The place of the mistake");
    }
    if (status === 0) add(part, "p", "Nothing is wrong with it that can be seen.", "good");
    place.replaceChildren(part);
    place.classList.toggle("good", status === 0);
    place.classList.toggle("refused", status !== 0);
}
function clear(place) {
    place.replaceChildren();
    place.classList.remove("good", "refused");
}
async function inspect(bytes) {
    const hubward = await loaded;
    show(element("answer"), judge(hubward, "inspect_input", bytes));
}
async function inspectText() {
    const text = element("text").value;
    if (text.trim() === "") clear(element("answer"));
    else await inspect(new TextEncoder().encode(text));
}
async function verify() {
    const hubward = await loaded;
    const values = ["token", "key", "host", "device", "module"].map((id) => element(id).value.trim());
    if (values[0] === "" || values[1] === "") {
        clear(element("verdict"));
        return;
    }
    const lines = values.map((value) => value.replaceAll(/[\r\n]/g, " ")).join("\n");
    show(element("verdict"), judge(hubward, "verify_input", new TextEncoder().encode(lines)));
}
element("text").addEventListener("input", inspectText);
element("file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    element("text").value = "";
    if (file.size > 1024 * 1024) show(element("answer"), TOO_LONG);
    else await inspect(new Uint8Array(await file.arrayBuffer()));
});
for (const id of ["token", "key", "host", "device", "module"]) element(id).addEventListener("input", verify);
element("clear").addEventListener("click", () => {
    for (const field of document.querySelectorAll("textarea, input")) field.value = "";
    clear(element("answer"));
    clear(element("verdict"));
    element("text").focus();
});
loaded.then(
    () => document.documentElement.classList.add("ready"),
    () => show(element("answer"), { status: 3, text: "hubward.wasm could not be loaded: reload the page" }),
);

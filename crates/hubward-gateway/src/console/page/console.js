// The console's page. Every text from the gateway is inserted as text. The token is in this closure and nowhere else: no
// cookie, no storage, no address.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const byId = (id) => document.getElementById(id);
  let token = "";
  // rises when the token changes, so that a late answer for an earlier one is left out
  let round = 0;
  let changes = null;

  // Returns an element with a class, a text or children.
  function element(name, kind, ...content) {
    const made = document.createElement(name);
    if (kind) made.className = kind;
    made.append(...content);
    return made;
  }

  function drawn(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // "2026-06-30T12:00:00Z" as "06-30 12:00:00"
  const time = (text) => text ? text.slice(5, 19).replace("T", " ") : "";

  async function ask(path, body) {
    const answer = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined
        ? { Authorization: token }
        : { Authorization: token, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(10_000),
    });
    const content = answer.status === 204 ? null : await answer.json();
    if (!answer.ok) throw Object.assign(new Error(content.sentence), { status: answer.status });
    return content;
  }

  function problem(text) {
    byId("problem").textContent = text;
  }

  // Forgets the token, and shows the form for another one.
  function leave(text) {
    token = "";
    changes = null;
    round += 1;
    byId("main").hidden = byId("leave").hidden = byId("numbers").hidden = true;
    byId("enter").hidden = false;
    for (const id of ["refusals", "sessions", "chart", "legend", "verdict"]) byId(id).replaceChildren();
    byId("newest").textContent = "None yet.";
    byId("hub").textContent = "";
    problem(text);
    byId("token").focus();
  }

  // Asks again and again while the token is the same one.
  async function follow(path, pause, show) {
    const own = round;
    while (own === round) {
      try {
        const content = await ask(path());
        if (own !== round) return;
        problem("");
        if (content) show(content);
      } catch (error) {
        if (own !== round) return;
        if (error.status === 401 || error.status === 403) return leave(error.message);
        problem(error.status ? error.message : "The gateway does not answer.");
      }
      await new Promise((done) => setTimeout(done, pause));
    }
  }

  function showRefusals(content) {
    changes = content.changes;
    const rows = content.refusals.map((refused) => {
      const reason = element("td", "", refused.sentence);
      if (refused.hint) reason.append(element("span", "hint", refused.hint.sentence));
      return element("tr", "",
        element("td", "", time(refused.at)), element("td", "", refused.peer), element("td", "", refused.who),
        element("td", "", refused.what), element("td", "code", refused.code), reason);
    });
    byId("refusals").replaceChildren(...rows);
    const newest = content.refusals[0];
    const text = newest ? `${time(newest.at)} ${newest.who}, ${newest.what}: ${newest.sentence}` : "None yet.";
    if (byId("newest").textContent !== text) byId("newest").textContent = text;
  }

  function showSessions(content) {
    const who = (session) => session.more ? `${session.who} and ${session.more} more` : session.who;
    const rows = content.sessions.map((session) => element("tr", "",
      element("td", "", who(session)), element("td", "", session.transport), element("td", "", session.peer),
      element("td", "", session.credential), element("td", "", time(session.since)),
      element("td", "", session.until ? time(session.until) : "no end")));
    byId("sessions").replaceChildren(...rows);
    const more = content.connections > content.listed ? `, the newest ${content.listed} are listed` : "";
    byId("sessions-count").textContent = `${content.connections} connections${more}. Times are UTC.`;
  }

  function showRates({ hub, open, identities, names, samples, interval }) {
    byId("hub").textContent = hub;
    byId("numbers").textContent = `${open} connections, ${identities} devices and modules`;
    byId("numbers").hidden = false;
    const [width, height, left, top] = [600, 160, 34, 10];
    const most = Math.max(1, ...samples.flat());
    const last = samples.at(-1) ?? names.map(() => 0);
    const words = names.map((name, at) => `${last[at]} ${name}`).join(", ");
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Now: ${words}` });
    const y = (value) => height - 18 - value / most * (height - 18 - top);
    for (const value of [0, most]) {
      svg.append(drawn("line", { class: "axis", x1: left, x2: width, y1: y(value), y2: y(value) }),
        drawn("text", { x: left - 6, y: y(value) + 3, "text-anchor": "end" }, String(value)));
    }
    svg.append(drawn("text", { x: left, y: height - 4 }, `${samples.length * interval} s ago`),
      drawn("text", { x: width, y: height - 4, "text-anchor": "end" }, "now"));
    const x = (at) => left + at / Math.max(1, samples.length - 1) * (width - left);
    const items = names.map((name, series) => {
      const points = samples.map((sample, at) => `${x(at).toFixed(1)},${y(sample[series]).toFixed(1)}`).join(" ");
      svg.append(drawn("polyline", { class: name, points }));
      const mark = drawn("svg", { viewBox: "0 0 16 6", "aria-hidden": "true" });
      mark.append(drawn("line", { class: name, x1: 0, x2: 16, y1: 3, y2: 3, "stroke-width": 2 }));
      return element("li", "", mark, `${name} ${last[series]}`);
    });
    byId("chart").replaceChildren(svg);
    byId("legend").replaceChildren(...items);
  }

  function showVerdict(verdict) {
    const rows = [
      ["Verdict", verdict.verdict, verdict.verdict], ["Reason", verdict.sentence], ["Code", verdict.code],
      ["Operation", verdict.what], ["Rule", verdict.rule], ["Identity", verdict.who], ["Credential", verdict.credential],
      ["Until", verdict.until], ["Hint", verdict.hint && verdict.hint.sentence, "hint"],
    ];
    byId("verdict").replaceChildren(...rows.filter(([, text]) => text).flatMap(([name, text, kind]) =>
      [element("dt", "", name), element("dd", kind ?? "", text)]));
  }

  const kind = () => document.querySelector("input[name=kind]:checked").value;

  // Shows the fields of the chosen kind.
  function fields() {
    for (const field of document.querySelectorAll("[data-for]")) {
      field.hidden = !field.dataset.for.split(" ").includes(kind());
    }
  }

  async function explain(event) {
    event.preventDefault();
    const text = (id) => byId(id).value;
    const certificates = text("certificates").trim() ? text("certificates") : undefined;
    const pasted = {
      mqtt: () => ({ clientId: text("client"), username: text("username"), password: text("password") || undefined, certificates }),
      http: () => ({ request: text("request"), certificates }),
      amqp: () => ({ username: text("username"), password: text("password") }),
    }[kind()]();
    const own = round;
    try {
      const verdict = await ask("/api/explain", { kind: kind(), ...pasted });
      if (own === round) showVerdict(verdict);
    } catch (error) {
      if (own !== round) return;
      if (error.status === 401 || error.status === 403) return leave(error.message);
      byId("verdict").replaceChildren(element("dt", "", "No verdict"),
        element("dd", "", error.status ? error.message : "The gateway does not answer."));
    }
  }

  byId("enter").addEventListener("submit", (event) => {
    event.preventDefault();
    token = byId("token").value.trim();
    byId("token").value = "";
    if (!token) return;
    round += 1;
    problem("");
    byId("enter").hidden = true;
    byId("main").hidden = byId("leave").hidden = false;
    byId("refusals-title").focus();
    follow(() => changes === null ? "/api/refusals" : `/api/refusals?since=${changes}`, 400, showRefusals);
    follow(() => "/api/sessions", 2_000, showSessions);
    follow(() => "/api/rates", 1_000, showRates);
  });
  byId("leave").addEventListener("click", () => leave("The token is forgotten."));
  byId("explain").addEventListener("submit", explain);
  for (const choice of document.querySelectorAll("input[name=kind]")) choice.addEventListener("change", fields);
  // a form that the browser has restored
  fields();
})();

// The browser binding, without a browser: `BROWSER`. Quick actions repeat what they are told, and sessions are
// kept. It is strict about JavaScript's types, as structured clone and the documented shapes are.
const plain = (value, what) => {
  const kind = Object.prototype.toString.call(value);
  if (value === null || value === undefined || kind === "[object Map]" || typeof value === "function") {
    throw new TypeError(`${what} is ${kind}`);
  }
  if (typeof value !== "object") return value;
  if (typeof value.fetch === "function") return "fetcher";
  if (Array.isArray(value)) return value.map((each, at) => plain(each, `${what}[${at}]`));
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError(`${what} is no plain object`);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each, `${what}.${key}`)]));
};
const text = (value, what) => {
  if (typeof value !== "string") throw new TypeError(`${what} is not a string`);
  return value;
};
const urls = (session, target) => ({
  webSocketDebuggerUrl: `wss://browser.example/${session}/devtools/page/${target}`,
  devtoolsFrontendUrl: `https://live.browser.example/${session}?target=${target}`,
});

class Devtools {
  #browser;
  constructor(browser) {
    this.#browser = browser;
  }
  async getVersion(session) {
    this.#browser.open(session);
    const version = { Browser: "Chrome/140.0.0.0", "Protocol-Version": "1.3", "User-Agent": "Mozilla/5.0 (fake)" };
    return { ...version, "V8-Version": "14.0", "WebKit-Version": "537.36", ...urls(session, "browser") };
  }
  async getProtocol(session) {
    this.#browser.open(session);
    return { domains: [{ domain: "Page" }], version: { major: "1", minor: "3" } };
  }
  async listTargets(session, options) {
    plain(options, "options");
    return this.#browser.open(session).targets;
  }
  async getTarget(session, id) {
    const found = this.#browser.open(session).targets.find((target) => target.id === id);
    if (!found) throw new Error(`Target not found: ${id}`);
    return found;
  }
  async newTarget(session, url, options) {
    plain(options, "options");
    const id = crypto.randomUUID();
    const target = { id, type: "page", url: text(url, "url"), title: "", ...urls(session, id) };
    this.#browser.open(session).targets.push(target);
    return target;
  }
  async activateTarget(session, id) {
    await this.getTarget(session, id);
    return { message: "Target activated" };
  }
  async closeTarget(session, id) {
    const found = await this.getTarget(session, id);
    const { targets } = this.#browser.open(session);
    targets.splice(targets.indexOf(found), 1);
    return { message: "Target is closing" };
  }
}

class BrowserRun {
  #sessions = new Map();
  devtools = new Devtools(this);
  open(id) {
    const found = this.#sessions.get(text(id, "the session"));
    if (!found || found.endTime) throw new Error(`Session not found: ${id}`);
    return found;
  }
  async fetch(input, init) {
    const request = new Request(input, init);
    return new Response(`${request.method} ${request.url} ${await request.text()}`);
  }
  async quickAction(action, options) {
    const told = { action: text(action, "the action"), options: plain(options, "options") };
    if (("url" in options) === ("html" in options)) {
      return Response.json({ success: false, errors: [{ message: "Provide url or html, one of the two", code: 400 }] }, { status: 400 });
    }
    if (action === "screenshot") return new Response(JSON.stringify(told), { headers: { "content-type": "image/png" } });
    return Response.json({ success: true, result: told, meta: { status: 200, title: "" } });
  }
  async acquire(options) {
    const told = plain(options, "options");
    const sessionId = crypto.randomUUID();
    this.#sessions.set(sessionId, { sessionId, startTime: Date.now(), targets: [], told });
    await this.devtools.newTarget(sessionId, "about:blank", {});
    return { sessionId, ...(told.targets && { targets: this.open(sessionId).targets }) };
  }
  async launch(options) {
    const made = await this.acquire(options);
    return { ...(await this.connectSession(made.sessionId, {})), ...made };
  }
  async connectSession(session, options) {
    plain(options, "options");
    Object.assign(this.open(session), { connectionId: crypto.randomUUID(), connectionStartTime: Date.now() });
    return { sessionId: session, webSocket: { fetch: (input, init) => this.fetch(input, init) } };
  }
  async getLiveView(session, options) {
    const { targets } = this.open(session);
    const { targetId = targets[0].id, mode = "devtools", guardrails } = plain(options, "options");
    return { ...urls(session, targetId), id: targetId, options: { mode, ...(guardrails && { guardrails }) } };
  }
  #page(found, options) {
    const { limit = found.length, offset = 0 } = plain(options, "options");
    return found.slice(offset, offset + limit).map(({ targets, told, ...session }) => session);
  }
  async listSessions(options) {
    return this.#page([...this.#sessions.values()].filter((session) => !session.endTime), options);
  }
  async history(options) {
    return this.#page([...this.#sessions.values()].reverse(), options);
  }
  async limits() {
    const activeSessions = (await this.listSessions({})).map(({ sessionId }) => ({ id: sessionId }));
    return { activeSessions, maxConcurrentSessions: 10, allowedBrowserAcquisitions: 10 - activeSessions.length, timeUntilNextAllowedBrowserAcquisition: 0 };
  }
  async getSession(session) {
    const found = this.#sessions.get(text(session, "the session"));
    return found ? this.#page([found], {})[0] : null;
  }
  async closeSession(session) {
    Object.assign(this.open(session), { endTime: Date.now(), closeReason: 1, closeReasonText: "NormalClosure" });
    return { status: "closed" };
  }
  async script(code, options) {
    return Response.json({ success: true, result: { code: text(code, "the code"), ...plain(options, "options") } });
  }
  async scriptInSession(session, code, options) {
    this.open(session);
    return this.script(code, options);
  }
  /** What `acquire` was told, for checks. */
  told(session) {
    return this.open(session).told;
  }
}

export default { BROWSER: new BrowserRun() };

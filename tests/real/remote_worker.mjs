// Calls native bindings for a caller elsewhere: one JSON message on a WebSocket is one chain of
// calls, and its answer says exactly what came of it. All on one socket is one IoContext, so live
// objects (bodies, sessions, uploads) stay usable from message to message.

const toBase64 = (bytes) => bytes.toBase64?.() ?? btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** Objects that the caller has asked to keep, by number. */
class Kept {
  #objects = new Map();
  #next = 1;
  put(object) {
    this.#objects.set(this.#next, object);
    return this.#next++;
  }
  get = (number) => this.#objects.get(number);
  clear = () => this.#objects.clear();
}

/** A JavaScript value from its JSON: what JSON cannot say is {"$": kind, "v": …}. */
async function decode(json, context) {
  if (Array.isArray(json)) {
    // One that may have holes for V8, as Pyodide's are: structured clone writes such an array as sparse.
    const items = await Promise.all(json.map((item) => decode(item, context)));
    return Object.assign(new Array(items.length), items);
  }
  if (json === null || typeof json !== "object") return json;
  const { $: kind, v: value } = json;
  switch (kind) {
    case "undefined":
      return undefined;
    case "number":
      return Number(value);
    case "bigint":
      return BigInt(value);
    case "date":
      return new Date(value);
    case "bytes":
      return fromBase64(value);
    case "object": // by fromEntries, for which "__proto__" is a key like others
      return Object.fromEntries(await Promise.all(value.map(async ([key, item]) => [key, await decode(item, context)])));
    case "set":
      return new Set(await decode(value, context));
    case "kept":
      return context.kept.get(value);
    case "calls":
      return await chain(json, context);
    case "stream":
      return streamOf(json);
    case "headers":
      return new Headers(value);
    case "blob":
      return new Blob([fromBase64(value)], { type: json.type });
  }
  throw new Error(`cannot decode ${kind}`);
}

/** A stream of chunks; with a length it is one of known length, with an error it breaks off. */
function streamOf({ v: chunks, length, error }) {
  const queue = chunks.map(fromBase64);
  const source = new ReadableStream({
    pull(controller) {
      if (queue.length) controller.enqueue(queue.shift());
      else if (error !== undefined) controller.error(new Error(error));
      else controller.close();
    },
  });
  if (length === undefined || length === null) return source;
  const { readable, writable } = new FixedLengthStream(length);
  source.pipeTo(writable).catch(() => {});
  return readable;
}

async function encode(value) {
  switch (typeof value) {
    case "undefined":
      return { $: "undefined" };
    case "bigint":
      return { $: "bigint", v: String(value) };
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: "number", v: Object.is(value, -0) ? "-0" : String(value) };
    case "function":
      return { $: "function" };
  }
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return await Promise.all(value.map(encode));
  if (value instanceof Date) return { $: "date", v: value.getTime() };
  if (value instanceof ArrayBuffer) return { $: "bytes", v: toBase64(new Uint8Array(value)) };
  if (ArrayBuffer.isView(value)) return { $: "bytes", v: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  if (value instanceof Map) return { $: "map", v: await Promise.all([...value].map((pair) => encode(pair))) };
  if (value instanceof Set) return { $: "set", v: await encode([...value]) };
  if (value instanceof Error) return encodeError(value);
  if (value instanceof Blob) return { $: "blob", v: toBase64(new Uint8Array(await value.arrayBuffer())), type: value.type };
  if (value instanceof ReadableStream) return { $: "stream", v: toBase64(new Uint8Array(await new Response(value).arrayBuffer())) };
  const names = new Set(Object.keys(value));
  for (let proto = Object.getPrototypeOf(value); proto && proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    // The members of a native object; reading its body is for the caller to ask.
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      if (get && name !== "body") names.add(name);
    }
  }
  const pairs = [...names].map(async (name) => [name, await encode(value[name])]);
  if (typeof value.toJSON === "function") pairs.push(["toJSON", await encode(value.toJSON())]);
  return { $: "object", v: await Promise.all(pairs) };
}

const encodeError = (error) => ({
  $: "error",
  name: String(error?.name ?? "Error"),
  message: String(error?.message ?? error),
  cause: error?.cause instanceof Error ? encodeError(error.cause) : null,
});

/** The end of a chain such as env.DB.prepare(…).bind(…).all(); a name alone is a property. */
async function chain({ on, calls }, context) {
  let target = typeof on === "number" ? context.kept.get(on) : context.env[on];
  for (const [name, args] of calls) {
    target = args ? await target[name](...(await decode(args, context))) : target[name];
  }
  return target;
}

/** What the consumer has seen, and whether it is to ack all for the while. */
const queues = { seen: [], emptying: false };

/** A message's body may say what the consumer does at each attempt: {"plan": ["retry 5", "ack"]}. */
function follow(batch, message) {
  const { plan } = message.body ?? {};
  const [step, delay] = (plan?.[Math.min(message.attempts, plan.length) - 1] ?? "").split(" ");
  const options = delay === undefined ? undefined : { delaySeconds: Number(delay) };
  if (step === "ack") message.ack();
  else if (step === "retry") message.retry(options);
  else if (step === "ack_all") batch.ackAll();
  else if (step === "retry_all") batch.retryAll(options);
  else if (step === "raise") throw new Error("as the message said");
}

/** What this file does itself, without a binding's method. */
const OWN = {
  /** Each is the kind of a simulator, what it simulates by name, a method and its arguments. */
  async control({ args: operations }, { env }) {
    for (const [kind, name, operation, args] of operations) {
      const objects = env[`${kind.toUpperCase()}_SIMULATOR`];
      const cf = { miniflare: { name, controlOp: { name: operation, args } } };
      await (await objects.get(objects.idFromName(name)).fetch("http://placeholder/", { cf })).text();
    }
  },
  async emptyKV({ on }, { env }) {
    let page = await env[on].list();
    while (page.keys.length) {
      await Promise.all(page.keys.map(({ name }) => env[on].delete(name)));
      page = await env[on].list();
    }
  },
  async emptyD1({ on }, { env }) {
    // What ROLLBACK pulls from under the runtime makes it open the database anew, with no statement
    // left that holds a lock, and no last rowid.
    await env[on].prepare("CREATE TABLE IF NOT EXISTS _one(a UNIQUE)").run().catch(() => {});
    await env[on].prepare("INSERT OR ROLLBACK INTO _one VALUES (1), (1)").run().catch(() => {});
    const found = await env[on].prepare(
      "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')" +
        " AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT LIKE '~_cf~_%' ESCAPE '~'" +
        " ORDER BY type DESC, sql NOT LIKE 'CREATE VIRTUAL%'",
    ).all();
    const drops = found.results.map(({ name, type }) => `DROP ${type} IF EXISTS "${name.replaceAll('"', '""')}"`);
    if (drops.length) await env[on].prepare(["PRAGMA defer_foreign_keys = on", ...drops].join("; ")).run();
  },
  async emptyR2({ on }, { env, kept }) {
    kept.clear();
    let page;
    do {
      page = await env[on].list();
      if (page.objects.length) await env[on].delete(page.objects.map(({ key }) => key));
    } while (page.truncated);
  },
  async emptying({ v }) {
    queues.emptying = v;
  },
  seen: () => queues.seen.splice(0),
  httpMetadata({ on }, { kept }) {
    const headers = new Headers();
    kept.get(on).writeHttpMetadata(headers);
    return [...headers];
  },
};

async function answer(text, context) {
  try {
    const asked = JSON.parse(text);
    const value = asked.own ? await OWN[asked.own](asked, context) : await chain(asked, context);
    const kept = asked.keep && value !== null && value !== undefined ? context.kept.put(value) : undefined;
    return { value: await encode(value), kept };
  } catch (error) {
    return { error: encodeError(error) };
  }
}

export default {
  fetch(request, env) {
    const [client, server] = Object.values(new WebSocketPair());
    const context = { env, kept: new Kept() };
    server.accept();
    let last = Promise.resolve();
    server.addEventListener("message", ({ data }) => {
      last = last.then(async () => server.send(JSON.stringify(await answer(data, context))));
    });
    return new Response(null, { status: 101, webSocket: client });
  },
  queue(batch) {
    if (queues.emptying) return batch.ackAll();
    const messages = batch.messages.map(({ body, attempts, timestamp }) => ({ body, attempts, timestamp }));
    queues.seen.push({ queue: batch.queue, messages, metadata: batch.metadata });
    if (batch.queue === "queue") for (const message of batch.messages) follow(batch, message);
  },
};

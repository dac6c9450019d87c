// Bindings that answer at once, in the shapes that the real ones have: for tests/real/leaks.py.
(() => {
  const stream = () => new Blob(["abc"]).stream();
  const drained = async (value) => value instanceof ReadableStream && new Response(value).arrayBuffer();
  const failed = () => { throw new Error("failed", { cause: new TypeError("because") }); };
  const found = (key, { type }) =>
    Array.isArray(key) ? new Map(key.map((name) => [name, "[1]"])) :
    { arrayBuffer: () => new ArrayBuffer(8), stream }[type]?.() ?? "[1]";
  const kv = {
    get: async (key, options) => key === "fail" ? failed() : found(key, options),
    getWithMetadata: async (key, options) => Array.isArray(key)
      ? new Map(key.map((name) => [name, { value: "[1]", metadata: { a: [1] } }]))
      : { value: found(key, options), metadata: { a: [1] }, cacheStatus: null },
    put: async (key, value) => { await drained(value); },
    delete: async () => {},
    list: async () => ({ keys: [{ name: "a", expiration: 1, metadata: { a: [1] } }], list_complete: true }),
  };
  const row = () => ({ id: 1, name: null, data: [1, 2] });
  const result = () => ({ success: true, results: [row(), row()], meta: { changes: 0, timings: { a: 1 } } });
  const statement = (sql) => ({
    bind: () => statement(sql),
    first: async (column) => column ? 1 : row(),
    all: async () => sql === "fail" ? failed() : result(),
    run: async () => result(),
    raw: async () => [[1, null, [1, 2]]],
  });
  const answers = {
    "@json": () => ({ response: "a", usage: { a: 1 } }),
    "@sse": () => new Blob(['data: {"a":1}\n\ndata: {"a":2}\n\n', "data: [DONE]\n\n"]).stream(),
    "@cf/baai/bge-m3": () => ({ shape: [2, 2], data: [[1, 0.5], [2, 3]] }),
    "@cf/openai/whisper": () => ({ text: "a", words: [{ word: "a" }] }),
    "@cf/deepgram/aura-1": stream,
  };
  const ai = {
    run: async (model, inputs) => { await drained(inputs.audio?.body); return (answers[model] ?? failed)(); },
    toMarkdown() {},
  };
  const statements = { prepare: statement, batch: async (list) => list.map(result) };
  const db = {
    ...statements,
    exec: async () => ({ count: 1, duration: 1 }),
    withSession: () => ({ ...statements, getBookmark: () => "b" }),
    dump: async () => new ArrayBuffer(8),
  };
  const object = () => ({
    key: "a", version: "v", size: 3, etag: "e", httpEtag: '"e"', uploaded: new Date(), storageClass: "",
    checksums: { md5: new ArrayBuffer(16), toJSON: () => ({ md5: "00" }) },
    httpMetadata: { contentType: "text/plain", cacheExpiry: new Date() }, customMetadata: { a: "b" },
    range: { offset: 0, length: 3 },
    writeHttpMetadata: (headers) => headers.set("content-type", "text/plain"),
  });
  const body = () => ({
    ...object(), body: stream(), bodyUsed: false,
    arrayBuffer: async () => new ArrayBuffer(3), text: async () => "[1]", blob: async () => new Blob(["abc"]),
  });
  const upload = () => ({
    key: "a", uploadId: "u", abort: async () => {}, complete: async () => object(),
    uploadPart: async (partNumber, value) => { await drained(value); return { partNumber, etag: "e" }; },
  });
  const r2 = {
    head: async () => object(), get: async () => body(), delete: async () => {},
    put: async (key, value) => { await drained(value); return object(); },
    list: async () => ({ objects: [object()], truncated: false, delimitedPrefixes: ["a/"] }),
    createMultipartUpload: async () => upload(), resumeMultipartUpload: upload,
  };
  const metrics = () => ({ backlogCount: 1, backlogBytes: 1, oldestMessageTimestamp: new Date() });
  const sent = async () => ({ metadata: { metrics: metrics() } });
  const queue = { send: sent, sendBatch: sent, metrics: async () => metrics() };
  const message = () => ({ id: "i", timestamp: new Date(), attempts: 1, body: { a: [1] }, ack() {}, retry() {} });
  const batch = () => ({
    queue: "q", messages: [message(), message()], metadata: { metrics: metrics() }, ackAll() {}, retryAll() {},
  });
  const socket = () => {
    const end = new EventTarget();
    const tell = (type, members) => queueMicrotask(() => end.dispatchEvent(Object.assign(new Event(type), members)));
    return Object.assign(end, {
      readyState: 1, accept() {}, close: (code, reason) => tell("close", { code, reason, wasClean: true }),
      send: (data) => tell("message", { data: typeof data === "string" ? data : data.slice().buffer }),
      serializeAttachment(value) { this.kept = structuredClone(value); },
      deserializeAttachment() { return this.kept; },
    });
  };
  Promise.withResolvers ??= () => { // workerd has it, Node from 22 on
    let resolvers;
    const promise = new Promise((resolve, reject) => { resolvers = { resolve, reject }; });
    return { promise, ...resolvers };
  };
  const stub = () => Object.assign(Object.defineProperty(async (value) => value, Symbol.toStringTag, { value: "JsRpcStub" }), {
    [Symbol.dispose]() {}, dup: stub, echo: async (value) => value,
  });
  const service = {
    fetch: async () => new Response("text"), echo: async (value) => value, fail: async () => failed(), stub: async () => stub(),
    call: async (callback, ...args) => {
      try { return await callback(...args); } finally { callback[Symbol.dispose](); }
    },
  };
  const operations = {
    get: async (key) => Array.isArray(key) ? new Map([["a", [1]]]) : key === "fail" ? failed() : { a: [1, null] },
    put: async () => {}, delete: async () => true, list: async () => new Map([["a", new Date(0)]]),
    getAlarm: async () => 5, setAlarm: async () => {}, deleteAlarm: async () => {},
  };
  const storage = {
    ...operations,
    transaction: async (closure) => await closure({ ...operations, rollback() {} }),
    transactionSync: (closure) => Reflect.apply(closure, undefined, []), // called plainly, it crashes V8 in the end
    kv: { get: () => [1], put() {}, delete: () => true, list: () => new Map([["a", null]]).entries() },
    sql: {
      databaseSize: 4096,
      exec: (query) => query === "fail" ? failed() : {
        columnNames: ["id", "name", "data"], rowsRead: 2, rowsWritten: 0,
        raw: () => [[1, null, new Uint8Array([1, 2]).buffer], [2, "b", null]].values(),
      },
    },
  };
  const id = (name) => ({ name, toString: () => "0".repeat(64) });
  const objects = {
    idFromName: id, idFromString: () => id(), newUniqueId: () => id(),
    get: (id) => ({ ...service, id, name: id.name }), getByName: (name) => ({ ...service, id: id(name), name }),
  };
  const state = {
    id: id("a"), storage, blockConcurrencyWhile: (callback) => callback(),
    getTags: () => ["a"], acceptWebSocket() {}, getWebSockets: () => [socket()], waitUntil() {},
  };
  const matches = { count: 1, matches: [{ id: "a", score: 1, values: [1, 0.5], metadata: { a: [1] } }] };
  const vectors = [{ id: "a", values: [1, 0.5], metadata: { a: [1] } }];
  const index = {
    describe: async () => ({ vectorCount: 1, dimensions: 2 }),
    query: async (vector) => vector.length === 1 ? failed() : matches, queryById: async () => matches,
    insert: async () => ({ mutationId: "a" }), upsert: async () => ({ mutationId: "a" }),
    deleteByIds: async () => ({ mutationId: "a" }), getByIds: async () => vectors,
  };
  const picture = { id: "a", uploaded: "2026-07-01T12:00:00Z", requireSignedURLs: true, variants: ["b"], meta: { a: null } };
  const made = {
    contentType: () => "a/b", image: stream,
    response: () => new Response(stream(), { headers: { "content-type": "a/b" } }),
  };
  const steps = (...sources) => {
    const step = { sources, transform: () => step, draw: (image) => (sources.push(...(image.sources ?? [image])), step) };
    step.output = async ({ format }) => (await Promise.all(sources.map(drained)), format === "fail" ? failed() : made);
    return step;
  };
  const images = {
    info: async (image) => (await drained(image), { format: "a/b", fileSize: 1, width: 1, height: 1 }),
    input: (image) => steps(image),
    hosted: {
      image: () => ({ details: async () => picture, bytes: async () => stream(), update: async () => failed(), delete: async () => true }),
      upload: async (image) => (await drained(image), picture), list: async () => ({ images: [picture], listComplete: true }),
    },
  };
  const target = { id: "a", type: "page", url: "about:blank" };
  const browser = {
    fetch: async () => new Response("a"), quickAction: async () => Response.json({ a: [1] }),
    launch: async () => ({ sessionId: "a", webSocket: { fetch: async () => new Response("a") }, targets: [target] }),
    listSessions: async () => [{ sessionId: "a", startTime: 1 }], closeSession: async () => failed(),
    devtools: { listTargets: async () => [target] },
  };
  const media = {
    input: () => ({ transform: () => ({ output: () => ({ media: async () => stream(), response: async () => made.response(), contentType: async () => "a/b" }) }) }),
  };
  const video = { id: "a", status: { state: "ready" }, meta: { a: "b" }, created: "2026-07-01T12:00:00Z", input: { width: 0, height: 0 } };
  const videos = {
    upload: async (body) => (await drained(body), video), videos: { list: async () => [video] },
    video: () => ({ details: async () => video, delete: async () => failed(), captions: { list: async () => [{ language: "a" }] } }),
  };
  const told = () => ["step_completed", "workflow_completed"].map((type, at) =>
    ({ type, instanceId: "a", eventId: at + 1, timestamp: 1, output: { a: [1, null] } }));
  const instance = {
    id: "a", delete: async () => failed(),
    subscribe: async () => {
      const events = told();
      return { next: async () => ({ done: !events.length, value: events.shift() }), [Symbol.dispose]: () => {} };
    },
  };
  const workflow = {
    get: async () => instance, createBatch: async () => ({ created: [instance], errors: [] }),
    deleteBatch: async () => ({ deleted: [{ id: "a" }], errors: [{ id: "b", code: 1, message: "m" }] }),
  };
  return { images, browser, media, videos, workflow, ai, index, objects, state, service, kv, db, r2, queue, batch, socket };
})()

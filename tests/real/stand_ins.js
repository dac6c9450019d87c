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
  return { kv, db, r2, queue, batch };
})()

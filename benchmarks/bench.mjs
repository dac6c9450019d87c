// One Pyodide version: `node bench.mjs SPEC.json` prints the raw figures as one line of JSON.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const spec = JSON.parse(process.argv[2]);
const home = path.join(spec.nodeModules, `pyodide-${spec.pyodide}`);
const { loadPyodide, version } = await import(pathToFileURL(path.join(home, "pyodide.mjs")));

// Stand-ins with the shapes and the class names of the runtime's own (the other SDKs go by them).
// They answer at once, and results are made before the clock starts: the border is what is measured.
const COLUMNS = ["id", "name", "email", "score", "price", "count", "note", "created_at"];
const REGION = { served_by: "v3-prod", served_by_region: "WEUR", served_by_primary: true };
const COST = { duration: 0.25, changes: 0, last_row_id: 0, changed_db: false, size_after: 8192 };

function row(i) {
  const orNull = (column, value) => ((i * 7 + column * 3) % 5 ? value : null); // 4 columns: 10 %
  const email = orNull(2, `person${i}@example.com`);
  const [price, count] = [orNull(4, i * 1.5 + 0.25), orNull(5, i * 3)];
  const note = orNull(6, "some words of text, as notes have them");
  const cells = [i, `Person ${i}`, email, i + 0.1, price, count, note, "2026-07-01T12:00:00Z"];
  return Object.fromEntries(COLUMNS.map((name, at) => [name, cells[at]])); // as the runtime does
}

function result(rows) {
  const meta = { ...REGION, ...COST, rows_read: rows, rows_written: 0 };
  meta.timings = { sql_duration_ms: 0.25 };
  return { success: true, meta, results: Array.from({ length: rows }, (_, i) => row(i)) };
}

class D1PreparedStatement {
  constructor(database, rows) {
    this.database = database;
    this.rows = rows;
  }
  bind() {
    return new D1PreparedStatement(this.database, this.rows);
  }
  first() {
    return Promise.resolve(this.database.made.pop().results[0]);
  }
  all() {
    return Promise.resolve(this.database.made.pop());
  }
}

class D1Database {
  make(rows, count) {
    this.made = Array.from({ length: count }, () => result(rows));
  }
  prepare(sql) {
    return new D1PreparedStatement(this, Number(sql.match(/\d+$/)));
  }
}

class KvNamespace {
  get(key, options) {
    this.options = options;
    return Promise.resolve("a small value");
  }
  getWithMetadata() {}
}

class GetResult {
  body = {};
  bodyUsed = false;
  constructor(bytes) {
    this.bytes = bytes;
  }
  arrayBuffer() {
    return Promise.resolve(this.bytes);
  }
}

class HeadResult {}

class R2Bucket {
  objects = { small: new ArrayBuffer(1024), large: new ArrayBuffer(10 * 1024 * 1024) };
  get(key) {
    return Promise.resolve(new GetResult(this.objects[key]));
  }
  put(key, value) {
    this.length = value.byteLength;
    return Promise.resolve(new HeadResult());
  }
  createMultipartUpload() {}
}

const BODIES = Array.from({ length: 100 }, (_, i) => ({ order: i, name: `Person ${i}`, note: null }));

class QueueMessage {
  attempts = 1;
  timestamp = new Date();
  constructor(body, at) {
    this.id = `${at}`;
    this.body = body;
  }
  ack() {}
}

class QueueController {
  queue = "jobs";
  messages = BODIES.map((body, at) => new QueueMessage(body, at));
}

class WorkerQueue {
  sendBatch(messages) {
    this.length = [...messages].length;
    return Promise.resolve({});
  }
  // What a consumer is handed.
  batch() {
    return new QueueController();
  }
}

const MATCHES = Array.from({ length: 5 }, (_, i) => ({ id: `item-${i}`, score: 0.9 - i / 10, metadata: { title: "a title" } }));

class VectorizeIndexImpl {
  query(vector, options) {
    this.length = vector.length + options.topK;
    return Promise.resolve({ count: MATCHES.length, matches: MATCHES });
  }
  queryById() {}
}

class Ai {
  // as JSON has float32: many digits
  data = Array.from({ length: 100 }, (_, at) => Array.from({ length: 768 }, (_, i) => Math.fround(Math.sin(at + i) / 28)));
  run(model, { text }) {
    return Promise.resolve({ shape: [text.length, 768], data: this.data.slice(0, text.length), pooling: "mean" });
  }
  toMarkdown() {}
}

async function python(packages, stdLibURL) {
  const py = await loadPyodide({ ...(stdLibURL && { stdLibURL }), stdout: console.error });
  const copy = (from, to) => {
    if (!fs.statSync(from).isDirectory()) return py.FS.writeFile(to, fs.readFileSync(from));
    py.FS.mkdirTree(to);
    for (const name of fs.readdirSync(from)) {
      if (name !== "__pycache__") copy(path.join(from, name), `${to}/${name}`);
    }
  };
  copy(spec.inside, "/home/pyodide/bench_inside.py");
  for (const name of packages) {
    const folder = spec.packages[name];
    const inner = fs.existsSync(path.join(folder, "__init__.py")) ? `/${path.basename(folder)}` : "";
    copy(folder, `/${name}${inner}`);
  }
  // What the runtime has beside the official SDK, as far as its import goes.
  py.registerJsModule("_cloudflare_compat_flags", {});
  py.registerJsModule("_pyodide_entrypoint_helper", { cloudflareWorkersModule: {} });
  return py.pyimport("bench_inside");
}

// The standard library as bytecode, as a deployed Worker has it; npm's copy is source.
const stdlib = path.join(spec.cache, `stdlib-${version}.zip`);
if (!fs.existsSync(stdlib)) {
  const compiled = (await python([])).compile_stdlib();
  fs.writeFileSync(`${stdlib}.part`, compiled.toJs());
  fs.renameSync(`${stdlib}.part`, stdlib);
}

const inside = await python(Object.keys(spec.packages), stdlib);
const env = { DB: new D1Database(), KV: new KvNamespace() };
Object.assign(env, { AI: new Ai(), R2: new R2Bucket(), QUEUE: new WorkerQueue(), INDEX: new VectorizeIndexImpl() });
// Time that this process had a processor: what others do on the machine is in the wall clock.
const clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const calls = JSON.parse(await inside.calls(env, clock, spec.rounds));

// A module is imported for the first time once per interpreter: each time in a new one. With the
// library in source, as npm ships it, what a package imports weighs more.
const imports = { first: {}, again: {}, source: {} };
for (let round = 0; round < spec.fresh; round++) {
  for (const name of Object.keys(spec.packages)) {
    const { first, again } = JSON.parse((await python([name], stdlib)).imports(name, clock));
    const source = JSON.parse((await python([name])).imports(name, clock)).first;
    for (const [kind, time] of Object.entries({ first, again, source })) {
      (imports[kind][name] ??= []).push(time);
    }
  }
}
process.stdout.write(JSON.stringify({ version, calls, imports }) + "\n", () => process.exit(0));

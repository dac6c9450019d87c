// Runs Python Workers inside real workerd: each is a JavaScript worker that hosts Pyodide, with the official
// `workers` package beside ours. Usage: node workerd.mjs SPEC.json (or "-": the spec is stdin's first line).
//
// SPEC  {"pyodide": "0.28" | "314", "port": 0, "workers": [{name, root, main, modules, exports, options} |
//       {config: "…/wrangler.jsonc", modules, exports} | {name, script: "….mjs", options}]}; the last is a worker in
//       JavaScript, for another party. `options` are miniflare's worker options.
// stdout: one line {"ready": URL, …}, then one line per admin command. Everything else goes to stderr.
// stdin:  admin commands, one JSON object per line; at its end (or SIGTERM) the workers are disposed of.
import childProcess from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { Log, LogLevel, Miniflare, PLUGINS } from "miniflare";
import { answer as outside, serveTcp, withDatabases } from "./outside.mjs";
import { fromConfig } from "./workerd/config.mjs";
import { indexes } from "./vectorize.mjs";
import { loadDistribution } from "./workerd/pyodide.mjs";

const SKIPPED = new Set(["node_modules", "__pycache__", "python_modules"]);
const NEWEST = "2026-11-17"; // of this workerd
const VIRTUAL_ROOT = path.resolve("/worker");
const RUNTIME = fs.readdirSync(new URL("./workerd/cloudflare", import.meta.url)).filter((name) => name.endsWith(".py"));
const sourceOf = (name) => fs.readFileSync(new URL(`./workerd/${name}`, import.meta.url), "utf8");

/** [path, contents] of every file below `dir`; hidden ones and vendored folders are not part of a worker. */
function* filesBelow(dir, prefix = "") {
  for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || SKIPPED.has(entry.name)) continue;
    const file = path.join(dir, entry.name);
    if (fs.statSync(file).isDirectory()) yield* filesBelow(file, `${prefix}${entry.name}/`);
    else yield [`${prefix}${entry.name}`, fs.readFileSync(file)];
  }
}

/** The classes the worker must export: those that bindings name, unless the spec lists them (and then all of them). */
function expectedExports(worker, workers) {
  const own = (bindings, kind) =>
    Object.values(bindings ?? {})
      .map((binding) => (typeof binding === "string" ? { className: binding } : binding))
      .filter(({ scriptName }) => !scriptName || scriptName === worker.name)
      .map(({ className }) => [className, kind]);
  const called = workers
    .flatMap(({ options }) => Object.values(options.serviceBindings ?? {}))
    .filter((service) => service.name === worker.name && service.entrypoint)
    .map(({ entrypoint }) => [entrypoint, "WorkerEntrypoint"]);
  const bound = [...called, ...own(worker.options.durableObjects, "DurableObject"), ...own(worker.options.workflows, "WorkflowEntrypoint")];
  if (!worker.exports) return Object.fromEntries([["Default", "WorkerEntrypoint"], ...bound]);
  for (const [name, kind] of bound) {
    if (worker.exports[name] !== kind) throw new Error(`worker ${worker.name}: a binding needs the ${kind} "${name}", which "exports" does not list`);
  }
  return worker.exports;
}

const keysOf = ({ shape, _def: schema }) =>
  shape ? Object.keys(shape) : [schema.left, schema.right, schema.schema, ...(schema.options ?? [])].filter(Boolean).flatMap(keysOf);
const KNOWN_OPTIONS = new Set(Object.values(PLUGINS).flatMap((plugin) => keysOf(plugin.options)));

/** The worker's part of miniflare's options. */
function miniflareWorker(worker, workers, distribution) {
  if (worker.script) {
    return { compatibilityDate: NEWEST, ...worker.options, name: worker.name, modules: true, script: fs.readFileSync(worker.script, "utf8") };
  }
  if (!worker.modules.some((dir) => fs.existsSync(path.join(dir, "workers", "__init__.py")))) {
    throw new Error(`worker ${worker.name}: none of its "modules" folders holds the official "workers" package`);
  }
  for (const key of Object.keys(worker.options)) {
    if (!KNOWN_OPTIONS.has(key)) throw new Error(`worker ${worker.name}: miniflare has no option "${key}"`); // it would ignore it
  }
  // As vendoring does: one folder, the first that has a file wins.
  const files = new Map(filesBelow(worker.root));
  if (!files.has(worker.main)) throw new Error(`worker ${worker.name}: no ${worker.main} in ${worker.root}`);
  for (const dir of worker.modules) {
    for (const [name, data] of filesBelow(dir, "python_modules/")) if (!files.has(name)) files.set(name, data);
  }
  let offset = 0;
  const index = [...files].map(([name, data]) => [name, (offset += data.length) - data.length, data.length]);
  const expected = expectedExports(worker, workers);
  const named = Object.keys(expected).filter((name) => name !== "Default");
  const standIns = worker.stand_ins ?? []; // files with bindings that no local runtime has
  const entry = `
import { boot } from "./isolate.mjs";
${standIns.map((file, at) => `import standIn${at} from "./stand_ins/${path.basename(file)}";`).join("\n")}
const classes = await boot({
  index: ${JSON.stringify(index)}, main: ${JSON.stringify(worker.main)}, expected: ${JSON.stringify(expected)},
  importModule: (name) => import(name), standIns: [${standIns.map((_, at) => `standIn${at}`).join(", ")}],
});
export default classes.default;
${named.map((name) => `export const ${name} = classes.${name};`).join("\n")}
`;
  const module = (type, name, contents) => ({ type, path: path.join(VIRTUAL_ROOT, name), contents });
  const jsOfSdk = [...files].filter(([name]) => /^python_modules\/workers\/.*\.m?js$/.test(name));
  const { compatibilityDate = NEWEST, compatibilityFlags = [], ...options } = worker.options;
  return {
    ...options,
    name: worker.name,
    compatibilityDate,
    compatibilityFlags: pythonFlags(compatibilityDate, compatibilityFlags),
    unsafeEvalBinding: "UNSAFE_EVAL",
    modulesRoot: VIRTUAL_ROOT,
    modules: [
      module("ESModule", "entry.mjs", entry),
      module("ESModule", "isolate.mjs", sourceOf("isolate.mjs")),
      module("ESModule", "host.mjs", sourceOf("host.mjs")),
      module("Text", "harness.py", sourceOf("harness.py")),
      ...RUNTIME.map((name) => module("Text", `cloudflare/${name}`, sourceOf(`cloudflare/${name}`))),
      module("ESModule", "glue.mjs", distribution.glue),
      module("CompiledWasm", "pyodide.wasm", distribution.wasm),
      module("CompiledWasm", "marker.wasm", distribution.marker),
      module("Data", "stdlib.zip", distribution.stdlib),
      module("Data", "files.bin", Buffer.concat([...files.values()])),
      ...standIns.map((file) => module("ESModule", `stand_ins/${path.basename(file)}`, fs.readFileSync(file, "utf8"))),
      ...jsOfSdk.map(([name, data]) => module("ESModule", name, data.toString())),
    ],
  };
}

/** `python_workers…` makes workerd fetch a Python of its own, so it goes; what it implies by date stays. */
function pythonFlags(date, flags) {
  const implied = { python_workflows: "2025-09-20", python_workflows_implicit_dependencies: "2026-02-25" };
  const off = (flag) => flags.includes(`disable_${flag}`) || flags.includes(`no_${flag}`);
  const added = Object.keys(implied).filter((flag) => date >= implied[flag] && !off(flag));
  return [...new Set([...flags.filter((flag) => !/^(no_)?python_(workers|dedicated_snapshot)/.test(flag)), ...added])];
}

/** However this process ends, even by kill -9, the pipe to the guard closes and the guard kills workerd. */
function guardChildren() {
  const spawn = childProcess.spawn;
  childProcess.spawn = (...args) => {
    const child = spawn(...args);
    const guard = spawn("sh", ["-c", 'cat; kill -9 "$0"', String(child.pid)], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    guard.unref();
    guard.stdin.unref();
    child.once("exit", () => guard.kill("SIGKILL"));
    return child;
  };
}

const ADMIN = {
  async scheduled(mf, { worker, cron, scheduledTime = Date.now() }) {
    return await (await mf.getWorker(worker)).scheduled({ cron, scheduledTime: new Date(scheduledTime) });
  },
  async queue(mf, { worker, queue, messages }) {
    const whole = messages.map((message, i) => ({ id: `message-${i}`, timestamp: new Date(), attempts: 1, ...message }));
    return await (await mf.getWorker(worker)).queue(queue, whole);
  },
  async direct(mf, { worker }) {
    return (await mf.unsafeGetDirectURL(worker)).origin;
  },
  async d1(mf, { worker, binding, sql }) {
    return await (await mf.getD1Database(binding, worker)).prepare(sql).all();
  },
};

async function answer(mf, line) {
  let command = {};
  try {
    command = JSON.parse(line);
    if (!Object.hasOwn(ADMIN, command.do)) throw new Error(`unknown command "${command.do}"; there are ${Object.keys(ADMIN).join(", ")}`);
    return { id: command.id, result: await ADMIN[command.do](mf, command) };
  } catch (error) {
    return { id: command.id, error: String(error.message) };
  }
}

function createMiniflare(spec, distribution) {
  const workers = spec.workers.map((worker) => {
    const base = worker.config ? fromConfig(worker.config, worker.stand_ins) : {};
    const bindings = { ...base.options?.bindings, ...worker.options?.bindings };
    return { ...base, ...worker, modules: worker.modules ?? base.modules ?? [], options: { ...base.options, ...worker.options, bindings } };
  });
  const toStderr = (...streams) => streams.forEach((stream) => stream.on("data", (data) => process.stderr.write(data)));
  const mf = new Miniflare({
    host: "127.0.0.1",
    port: spec.port ?? 0,
    cf: false, // else it asks the network for a sample of request.cf
    logRequests: false,
    unsafeTriggerHandlers: true, // /cdn-cgi/handler/email, and …/scheduled, reach the first worker
    log: new Log(LogLevel.NONE),
    handleRuntimeStdio: toStderr,
    workers: workers.map((worker) => ({
      ...miniflareWorker(worker, workers, distribution),
      ...(worker.outside && { outboundService: outside }), // what a global fetch reaches
    })),
  });
  return { mf, workers };
}

async function migrate(mf, { name, migrations = [] }) {
  for (const { binding, file } of migrations) {
    const database = await mf.getD1Database(binding, name);
    await database.prepare(fs.readFileSync(file, "utf8")).run().catch((error) => {
      throw new Error(`${file}: ${error.message}`);
    });
  }
}

let mf;
let stopping = false;
async function stop(code) {
  stopping = true;
  await mf?.dispose().catch(() => {}); // one that never started repeats why
  process.exit(code);
}

async function main() {
  if (process.argv.length !== 3) throw new Error("usage: node workerd.mjs SPEC.json | -");
  guardChildren();
  const input = readline.createInterface({ input: process.stdin });
  input.once("close", () => stop(0));
  const commands = [];
  let take = (line) => commands.push(line);
  input.on("line", (line) => take(line));
  const firstLine = () => new Promise((resolve) => input.once("line", () => resolve(commands.shift())));
  const spec = JSON.parse(process.argv[2] === "-" ? await firstLine() : fs.readFileSync(process.argv[2], "utf8"));

  for (const worker of spec.workers) {
    if (!worker.outside) continue;
    const address = await serveTcp();
    const options = withDatabases(worker.options, address);
    worker.options = { ...options, bindings: { ...options.bindings, TCP: address } };
  }
  for (const { options } of spec.workers) if (options?.vectorize) Object.assign(options, await indexes(options.vectorize));
  const created = createMiniflare(spec, await loadDistribution(spec.pyodide));
  mf = created.mf;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
    process.removeAllListeners(signal); // miniflare's own exit at once, with an error status
    process.once(signal, () => stop(0));
  }
  const url = (await mf.ready).origin;
  for (const worker of created.workers) await migrate(mf, worker);
  const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
  say({ ready: url, admin: Object.keys(ADMIN) });
  take = async (line) => say(await answer(mf, line));
  commands.forEach((line) => take(line));
}

main().catch(async (error) => {
  if (stopping) return; // asked to end while starting
  // What the runtime said, the Python traceback among it, is on stderr already.
  process.stderr.write(error.code === "ERR_RUNTIME_FAILURE" ? "workerd did not start: see above\n" : `${error.stack}\n`);
  await stop(1);
});

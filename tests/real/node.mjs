// The node worlds: Pyodide in Node over miniflare's bindings. `node node.mjs SPEC.json`, or `-` for
// a SPEC on the first line of stdin; `POST /run` runs a check; stdin's end stops everything.
import fs from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { Miniflare } from "miniflare";
import { serve, serveTcp, withDatabases } from "./outside.mjs";
import { indexes } from "./vectorize.mjs";

// A check that never yields blocks this thread, stdin's end included: a second thread watches the
// parent, and takes the process group (workerd is in it) down when the parent has gone.
new Worker(
  `setInterval(() => {
     if (process.ppid === ${process.ppid}) return;
     setTimeout(() => process.kill(-${process.pid}, "SIGKILL"), 3000);
   }, 1000)`,
  { eval: true },
).unref();

let miniflare;
let stopping = false;
async function stop(code = 0) {
  if (stopping) return;
  stopping = true;
  await miniflare?.dispose().catch(console.error);
  process.exit(code);
}
process.on("SIGTERM", () => stop());
process.on("SIGINT", () => stop());
// A promise that a check abandons is no reason to end the world.
process.on("unhandledRejection", (error) => console.error(error));

const stdin = createInterface({ input: process.stdin });
const first = new Promise((resolve) => stdin.once("line", resolve));
stdin.once("close", () => stop());
const where = process.argv[2];
const spec = JSON.parse(where === "-" ? await first : fs.readFileSync(where, "utf8"));

// Pyodide looks for nine members in each object that it meets, and miniflare asks workerd over HTTP
// (2 ms) about each. That a class lacks a member is asked once here: D1 checks take a fifth.
function quicken(stub) {
  const probed = "constructor length size name next get set has includes".split(" ");
  for (const trap of ["get", "getOwnPropertyDescriptor"]) {
    const ask = stub[trap];
    const known = new Map();
    stub[trap] = function (target, key, receiver) {
      const kName = Object.getOwnPropertySymbols(this.target).find((s) => s.description === "kName");
      const kind = this.target[kName];
      const id = kind && kind !== "Object" && probed.includes(key) && `${kind}.${key}`;
      if (id && known.has(id)) return known.get(id);
      const answer = ask.call(this, target, key, receiver);
      if (id && (answer === undefined || key === "constructor")) known.set(id, answer);
      return answer;
    };
  }
}

async function bindings() {
  miniflare = new Miniflare({
    modules: true,
    script: "export default { fetch: () => new Response() }",
    handleRuntimeStdio: (out, err) => [out, err].forEach((stream) => stream.pipe(process.stderr)),
    ...withDatabases(spec.options, await serveTcp()),
    ...(await indexes(spec.options?.vectorize)),
  });
  await miniflare.ready;
  const { Proxy } = globalThis;
  let stub;
  globalThis.Proxy = class {
    constructor(target, handler) {
      if (handler.bridge) stub ??= Object.getPrototypeOf(handler);
      return new Proxy(target, handler);
    }
  };
  const env = await miniflare.getBindings();
  globalThis.Proxy = Proxy;
  if (stub) quicken(stub);
  env.OUTSIDE = await serve();
  for (const file of spec.stand_ins ?? []) Object.assign(env, (await import(file)).default);
  return env;
}

async function python() {
  const { loadPyodide, version } = await import(`pyodide-${spec.pyodide}`);
  const log = (line) => process.stderr.write(`${line}\n`);
  // what workerd.mjs leaves there starts 1.3 s sooner
  const compiled = new URL(`.cache/stdlib-${version}.zip`, import.meta.url).pathname;
  const py = await loadPyodide({
    ...(fs.existsSync(compiled) && { stdLibURL: compiled }),
    stdout: log,
    stderr: log,
    // The folders are the source tree itself: nothing may be written there.
    env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1" },
  });
  const mount = (folder, at) => {
    py.FS.mkdirTree(at);
    py.mountNodeFS(at, folder);
  };
  const paths = ["/repo"];
  for (const folder of spec.modules ?? []) {
    // A package is mounted alone, so that its neighbours cannot be imported by accident.
    const isPackage = fs.existsSync(path.join(folder, "__init__.py"));
    const at = isPackage ? `/repo/${path.basename(folder)}` : `/modules/${paths.length}`;
    mount(folder, at);
    if (!isPackage) paths.push(at);
  }
  for (const found of spec.packages ?? []) {
    if (fs.statSync(found).isFile()) {
      await py.loadPackage(found, { messageCallback: log, checkIntegrity: false });
    } else {
      paths.push(`/packages/${paths.length}`);
      mount(found, paths.at(-1));
    }
  }
  const start = py.runPython(`
def start(paths, main, env):
    import sys
    from functools import partial
    from importlib import import_module
    sys.path[:0] = paths.to_py()
    return partial(import_module(main).run, env=env)
start`);
  return { start: (env) => start(paths, spec.main, env) };
}

const [env, interpreter] = await Promise.all([bindings(), python()]);
const run = interpreter.start(env);
let last = Promise.resolve();
const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  // One after another: checks share the bindings.
  last = last.then(() => run(body)).then(
    (text) => response.writeHead(200, { "content-type": "application/json" }).end(text),
    (error) => response.writeHead(500).end(String(error.stack ?? error)),
  );
});
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ ready: `http://127.0.0.1:${server.address().port}` }));
});

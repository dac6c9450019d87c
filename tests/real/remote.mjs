// Native bindings for a caller on plain CPython: workerd with remote_worker.mjs in it, no Pyodide.
// `node remote.mjs SPEC.json`, or `-` for a SPEC on stdin's first line; stdin's end stops everything.
// Miniflare's simulators can be told the time: the worker's binding CONTROL does it.
import fs from "node:fs";
import { createInterface } from "node:readline";
import { Miniflare, _enableControlEndpoints } from "miniflare";

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

const stdin = createInterface({ input: process.stdin });
const first = new Promise((resolve) => stdin.once("line", resolve));
stdin.once("close", () => stop());
const where = process.argv[2];
const spec = JSON.parse(where === "-" ? await first : fs.readFileSync(where, "utf8"));

// The Durable Object in which miniflare keeps a binding's data: plugin, service and class.
const OBJECTS = {
  kv: ["kv", "kv:ns", "KVNamespaceObject"],
  r2: ["r2", "r2:bucket", "R2BucketObject"],
  queues: ["queues", "queues:queue", "QueueBrokerObject"],
};

const stubs = new Map();
async function stubOf(kind, name) {
  const key = `${kind} ${name}`;
  if (!stubs.has(key)) {
    const namespace = await miniflare._getInternalDurableObjectNamespace(...OBJECTS[kind]);
    stubs.set(key, namespace.get(namespace.idFromName(name)));
  }
  return stubs.get(key);
}

/** The body is JSON of a list of [kind, name of the namespace, operation, arguments]. */
async function control(request) {
  for (const [kind, name, operation, args] of await request.json()) {
    const stub = await stubOf(kind, name);
    const cf = { miniflare: { name, controlOp: { name: operation, args } } };
    await (await stub.fetch("http://placeholder/", { cf })).text();
  }
  return new Response("null");
}

_enableControlEndpoints();
miniflare = new Miniflare({
  modules: [
    {
      type: "ESModule",
      path: "remote_worker.mjs",
      contents: fs.readFileSync(new URL("./remote_worker.mjs", import.meta.url), "utf8"),
    },
  ],
  modulesRoot: "/",
  cf: false, // else it asks the network for a sample of request.cf
  handleRuntimeStdio: (out, err) => [out, err].forEach((stream) => stream.pipe(process.stderr)),
  unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  ...spec.options,
  serviceBindings: { CONTROL: control },
});
await miniflare.ready;
const { origin } = await miniflare.unsafeGetDirectURL();
console.log(JSON.stringify({ ready: origin }));

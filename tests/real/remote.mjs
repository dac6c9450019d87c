// Native bindings for a caller on plain CPython: workerd with remote_worker.mjs in it, no Pyodide.
// `node remote.mjs SPEC.json`, or `-` for a SPEC on stdin's first line; stdin's end stops everything.
// Miniflare's simulators can be told the time: the worker's bindings KV_SIMULATOR, … do it.
import fs from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
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

// The Durable Objects in which miniflare keeps a binding's data.
const OBJECTS = {
  KV_SIMULATOR: { serviceName: "kv:ns", className: "KVNamespaceObject" },
  R2_SIMULATOR: { serviceName: "r2:bucket", className: "R2BucketObject" },
  QUEUES_SIMULATOR: { serviceName: "queues:queue", className: "QueueBrokerObject" },
};
const plugin = { package: fileURLToPath(new URL("./simulators.mjs", import.meta.url)), name: "simulators" };

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
  unsafeBindings: Object.entries(OBJECTS).map(([name, options]) => ({ name, type: "simulator", plugin, options })),
});
await miniflare.ready;
const { origin } = await miniflare.unsafeGetDirectURL();
console.log(JSON.stringify({ ready: origin }));

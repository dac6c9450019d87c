// Inside the isolate: starts Pyodide, imports the worker's main module once, and makes the JavaScript
// classes through which workerd reaches the Python ones.
import { DurableObject, WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers";
import * as cloudflareWorkers from "cloudflare:workers";
import * as cloudflareSockets from "cloudflare:sockets";
import createPyodideModule from "./glue.mjs";
import pyodideWasm from "./pyodide.wasm";
import markerWasm from "./marker.wasm";
import stdlib from "./stdlib.zip";
import files from "./files.bin";
import { beginServing, entropy } from "./host.mjs";
import initSource from "./cloudflare/__init__.py";
import allowEntropySource from "./cloudflare/allow_entropy.py";
import entropySource from "./cloudflare/entropy.py";
import importPatchManagerSource from "./cloudflare/import_patch_manager.py";
import harnessSource from "./harness.py";

// The runtime's own package, in site-packages.
const RUNTIME = { __init__: initSource, allow_entropy: allowEntropySource, entropy: entropySource, import_patch_manager: importPatchManagerSource };

const BASES = { WorkerEntrypoint, DurableObject, WorkflowEntrypoint };
globalThis[Symbol.for("cloudflare:workers")] = cloudflareWorkers; // for stand_ins/rpc.mjs
const flags = globalThis.Cloudflare.compatibilityFlags;
const legacyHandlers = !flags.python_no_global_handlers;

/** Returns {default, ClassName: class …}; throws when Python's entrypoints are not the expected ones. */
export async function boot({ index, main, expected, importModule, standIns = [] }) {
  const Module = await startEmscripten(index);
  Module.API.finalizeBootstrap();
  const pyodide = Module.API.public_api;
  pyodide.registerJsModule("_pyodide_entrypoint_helper", {
    doAnImport: importModule,
    cloudflareWorkersModule: cloudflareWorkers,
    cloudflareSocketsModule: cloudflareSockets,
    workerEntrypoint: WorkerEntrypoint,
    patchWaitUntil,
    patch_env_helper: patchEnv,
  });
  pyodide.registerJsModule("_cloudflare_compat_flags", flags);
  pyodide.registerJsModule("_harness", measurements(Module));
  pyodide.registerJsModule("_entropy", entropy);
  await Module.API.initializeNodeSockFS?.(cloudflareSockets.connect); // Python's sockets, from Pyodide 314 on
  entropy.allow(0);

  const harness = pyodide.runPython("from types import ModuleType; ModuleType('harness')");
  pyodide.runPython(harnessSource, { globals: harness.__dict__, filename: "harness.py" });
  let module;
  try {
    module = await Module.API.pyodide_base.pyimport_impl.callPromising(main.replace(/\.py$/, ""));
  } catch (error) {
    throw startupFailure(error.message);
  }
  const found = JSON.parse(harness.entrypoints(module));
  compare(found, expected, main);
  const handlers = "Default" in found ? {} : moduleHandlers(module, harness);
  if (Object.keys(handlers).length && !legacyHandlers) {
    throw startupFailure(`${main}: on_${Object.keys(handlers)[0]} is ignored in production from compatibility date 2025-08-14 on`);
  }
  const made = Object.entries(found).map(([name, info]) => [name, entrypoint(name, info, module, harness, standIns)]);
  const { Default, ...named } = Object.fromEntries(made);
  return { ...named, default: Default ?? handlers };
}

function startupFailure(text) {
  console.error(text);
  return new Error("the worker did not start: see above");
}

function compare(found, expected, main) {
  const say = (a, b) => Object.keys(a).filter((name) => a[name] !== b[name]).map((name) => `${name} (${a[name]})`).sort().join(", ");
  const kinds = Object.fromEntries(Object.entries(found).map(([name, info]) => [name, info.kind]));
  const extra = say(kinds, expected);
  const missing = say(expected, kinds);
  if (extra || missing) {
    throw startupFailure(`${main} exports other classes than expected; extra: ${extra || "none"}; missing: ${missing || "none"}`);
  }
}

async function startEmscripten(index) {
  const API = {
    config: {
      jsglobals: globalThis,
      env: { HOME: "/session", PYTHONHASHSEED: "111" }, // no entropy at start, hence no hash randomisation
      lockFileURL: "",
      enableRunUntilComplete: true,
    },
    runtimeEnv: { IN_WORKERD: true, IN_BROWSER: true, IN_BROWSER_MAIN_THREAD: true },
  };
  const settings = {
    API,
    preRun: [(Module) => layOutFiles(Module, index)],
    instantiateWasm(imports, done) {
      const marker = new WebAssembly.Instance(markerWasm).exports;
      imports.sentinel = marker; // 0.28
      Object.assign(imports.env, marker); // 314
      const instance = new WebAssembly.Instance(pyodideWasm, imports);
      done(instance, pyodideWasm);
      return instance.exports;
    },
  };
  // While it starts, Emscripten must take this for a browser page: neither Node nor a web worker.
  const pretended = { window: { sessionStorage: {} }, document: { createElement() {} }, sessionStorage: {}, importScripts: 1, WorkerGlobalScope: undefined, process: undefined };
  const before = Object.keys(pretended).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name, value] of Object.entries(pretended)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  const starting = createPyodideModule(settings);
  for (const [name, descriptor] of before) {
    delete globalThis[name];
    if (descriptor) Object.defineProperty(globalThis, name, descriptor);
  }
  return await starting;
}

function layOutFiles(Module, index) {
  const { FS, API } = Module;
  const version = Module.HEAPU32[Module._Py_Version >>> 2];
  API.pyVersionTuple = [version >>> 24, (version >>> 16) & 0xff, (version >>> 8) & 0xff];
  const [major, minor] = API.pyVersionTuple;
  API.sitePackages = FS.sitePackages = `/lib/python${major}.${minor}/site-packages`;
  FS.sessionSitePackages = `/session${FS.sitePackages}`;
  Object.assign(Module.ENV, API.config.env);
  for (const dir of [FS.sitePackages, FS.sessionSitePackages, "/session/metadata/python_modules"]) FS.mkdirTree(dir);
  FS.mkdirTree(`${FS.sitePackages}/_cloudflare`);
  for (const [name, source] of Object.entries(RUNTIME)) FS.writeFile(`${FS.sitePackages}/_cloudflare/${name}.py`, source);
  FS.writeFile(`/lib/python${major}${minor}.zip`, new Uint8Array(stdlib), { canOwn: true });
  const folders = new Set(["/session/metadata"]);
  for (const [name, offset, size] of index) {
    const target = `/session/metadata/${name}`;
    const folder = target.slice(0, target.lastIndexOf("/"));
    FS.mkdirTree(folder);
    folders.add(folder);
    FS.writeFile(target, new Uint8Array(files, offset, size), { canOwn: true, mode: 0o444 });
  }
  for (const folder of folders) FS.chmod(folder, 0o555); // production mounts them read-only
}

/** A Python object's class, as the JavaScript class that workerd constructs and calls. */
function entrypoint(name, { kind, methods }, module, harness, standIns) {
  const result = class extends BASES[kind] {
    constructor(ctx, env) {
      super(ctx, env);
      // Getters stay getters: a stub that one makes would keep an object that nobody uses in memory.
      const whole = Object.defineProperties({ ...env }, Object.assign({}, ...standIns.map(Object.getOwnPropertyDescriptors)));
      const instance = construct(module, harness, name, ctx, whole);
      instance.catch(() => {}); // it is reported by the first call
      return new Proxy(this, { get: (target, key, receiver) => (typeof key === "string" ? method(kind, key, instance, harness) : Reflect.get(target, key, receiver)) });
    }
  };
  // workerd looks for handlers on the prototype before it makes an instance.
  for (const key of methods) result.prototype[legacyHandlers ? key.replace(/^on_(?=(fetch|alarm|scheduled|trace|queue)$)/, "") : key] = () => {};
  return result;
}

async function construct(module, harness, name, ctx, env) {
  prepareRequest(harness);
  return await reported(() => module[name].callWithOptions({ promising: true }, ctx, env));
}

const RAW = { WorkerEntrypoint: ["connect"], DurableObject: ["connect", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"], WorkflowEntrypoint: ["connect", "run"] };

function method(kind, key, instancePromise, harness) {
  const raw = RAW[kind].includes(key);
  if (legacyHandlers && (key === "fetch" || (raw && key !== "run"))) key = `on_${key}`;
  return async (...args) => {
    const instance = await instancePromise;
    prepareRequest(harness);
    if (typeof instance[key] !== "function") throw new TypeError(`Method ${key} does not exist`);
    return await reported(() =>
      raw
        ? instance[key].callWithOptions({ relaxed: true, promising: true }, ...args)
        : harness.invoke.callWithOptions({ promising: true }, /^(on_)?fetch$/.test(key), instance, key, ...args),
    );
  };
}

function moduleHandlers(module, harness) {
  const names = ["fetch", "scheduled", "queue", "trace"].filter((name) => typeof module[`on_${name}`] === "function");
  const handler = (name) => async (...args) => {
    prepareRequest(harness);
    const result = await reported(() => module[`on_${name}`].callWithOptions({ relaxed: true, promising: true }, ...args));
    return result?.js_response ?? result?.js_object ?? result;
  };
  return Object.fromEntries(names.map((name) => [name, handler(name)]));
}

async function reported(call) {
  try {
    return await call();
  } catch (error) {
    console.error(error.name === "PythonError" ? error.message : error.stack);
    throw error;
  }
}

function prepareRequest(harness) {
  if (beginServing()) harness.before_first_request();
}

const patched = new WeakSet();
/** Lets ctx.waitUntil take a coroutine, whose proxy Python would destroy as soon as the call returns. */
function patchWaitUntil(ctx) {
  if (Object.prototype.toString.call(ctx) !== "[object ExecutionContext]" || patched.has(ctx)) return;
  patched.add(ctx);
  const original = ctx.waitUntil.bind(ctx);
  ctx.waitUntil = (promise) => {
    const kept = promise.copy?.() ?? promise;
    original(Promise.resolve(kept).finally(() => kept.destroy?.()));
  };
}

function* patchEnv(patch) {
  const { env } = cloudflareWorkers;
  if (patch instanceof Map) patch = Object.fromEntries(patch); // a dict before Pyodide 314
  const before = Object.keys(patch).map((key) => [key, Object.getOwnPropertyDescriptor(env, key)]);
  Object.assign(env, patch);
  try {
    yield;
  } finally {
    for (const [key, descriptor] of before) {
      delete env[key];
      if (descriptor) Object.defineProperty(env, key, descriptor);
    }
  }
}

function measurements(Module) {
  let counting = false;
  return {
    wasm_memory_bytes: () => Module.HEAP8.buffer.byteLength,
    /** JavaScript values that Python holds. */
    live_js_refs: () => Module._hiwire_num_refs(),
    /** Proxies of Python objects made and not destroyed since the first call, which starts the count. */
    live_proxies() {
      if (!counting) Module.enable_pyproxy_allocation_tracing();
      counting = true;
      return Module.pyproxy_alloc_map.size;
    },
  };
}

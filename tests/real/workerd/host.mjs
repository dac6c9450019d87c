// Inside the isolate: what Pyodide's glue believes to be the platform. Module scope may do no I/O, ask for
// no entropy and set no timer, so until the first request those are imitated as the Python runtime does.
import { env } from "cloudflare:workers";

const unsafeEval = env.UNSAFE_EVAL;
delete env.UNSAFE_EVAL; // the worker must not see a binding that production does not have

let serving = false;
export function beginServing() {
  const first = !serving;
  serving = true;
  return first;
}

export const newWasmModule = (bytes) => unsafeEval.newWasmModule(bytes);

export const location = undefined;
export function addEventListener() {}

let allowedCalls = Infinity; // while Python itself starts
/** How often Python may ask for entropy before the first request. It gets a constant. */
export const entropy = {
  allow(calls) {
    const left = allowedCalls;
    allowedCalls = calls;
    return left;
  },
  left: () => (serving ? Infinity : allowedCalls),
};

export const crypto = {
  getRandomValues(view) {
    if (serving) return globalThis.crypto.getRandomValues(view);
    if (!allowedCalls) throw new Error("Disallowed operation called within global scope");
    allowedCalls--;
    return view.fill(43);
  },
};

export function setTimeout(callback, delay) {
  if (serving || delay) return globalThis.setTimeout(callback, delay);
  queueMicrotask(callback);
  return 0;
}

let last = 0;
let extra = 0;
export function monotonicNow() {
  const now = Date.now();
  extra = now === last ? extra + 1 : 0;
  last = now;
  return now + extra;
}

// Absent before compatibility date 2025-05-05, where proxies simply are never collected.
globalThis.FinalizationRegistry ??= class {
  register() {}
  unregister() {}
};

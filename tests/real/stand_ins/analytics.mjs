// Analytics Engine as workerd's own class has it, which no local configuration reaches: its types and its
// limits. `written` gives the points back. And Analytics SQL as it is documented, of three datasets; in workerd
// behind RPC.
import { RpcTarget, bound } from "./rpc.mjs";

const refuse = (message) => {
  throw new TypeError(`writeDataPoint(): ${message}`);
};

const bytesOf = (value) => (typeof value === "string" ? new TextEncoder().encode(value) : value);

function checked(values, name, isOne) {
  if (!Array.isArray(values)) refuse(`${name} is no array`);
  if (!values.every(isOne)) refuse(`${name} has a value of another type`);
  return values;
}

const isText = (value) => value === null || typeof value === "string" || value instanceof Uint8Array;
const size = (values) => values.reduce((sum, value) => sum + (value === null ? 0 : bytesOf(value).length), 0);
const points = [];

const POINTS_KEPT = {
  writeDataPoint(point = {}) {
    if (Object.getPrototypeOf(point) !== Object.prototype) refuse("not a plain object");
    const { blobs = [], doubles = [], indexes = [], ...rest } = point;
    if (Object.keys(rest).length) refuse(`unknown ${Object.keys(rest)}`);
    checked(blobs, "blobs", isText);
    checked(doubles, "doubles", (value) => typeof value === "number");
    checked(indexes, "indexes", isText);
    if (indexes.length > 1) refuse("Maximum of 1 indexes supported.");
    if (size(indexes) > 96) refuse("Size of indexes[0] exceeds 96 bytes).");
    if (blobs.length > 20) refuse("Maximum of 20 blobs supported.");
    if (size(blobs) > 16000) refuse("Cumulative size of blobs exceeds 16000 bytes).");
    if (doubles.length > 20) refuse("Maximum of 20 doubles supported.");
    points.push({ blobs, doubles, indexes });
  },
  written: () => points.splice(0),
};

const DATASETS = {
  "events.httpRequests": () => [
    { status: 200, requests: 125430, share: 1, last: "2026-10-07 12:00:00", hosts: ["a.example", null], constructor: "x" },
    { status: 404, requests: 12, share: 0.5, last: null, hosts: [], constructor: null },
  ],
  "events.none": () => [],
  "events.parameters": (params) => Object.entries(params).map(([name, value]) => ({ name, kind: typeof value, value })),
  "events.busy": () => {
    throw Object.assign(new Error("too many queries"), { retryable: true });
  },
};

class AnalyticsSQL extends RpcTarget {
  async query(request, ...more) {
    if (more.length || Object.getPrototypeOf(request) !== Object.prototype) throw new TypeError("other arguments than documented");
    const { query, params = {}, ...others } = request;
    if (typeof query !== "string" || Object.keys(others).length) throw new TypeError("other properties than documented");
    if (!Array.isArray(params) && Object.getPrototypeOf(params) !== Object.prototype) throw new TypeError("params is no plain object");
    for (const value of Object.values(params)) {
      if (value !== null && !["string", "number", "boolean"].includes(typeof value)) throw new TypeError(`a parameter is ${value}`);
    }
    const [, name] = /FROM (\S+)/.exec(query) ?? [];
    if (!Object.hasOwn(DATASETS, name)) throw Object.assign(new Error(`unknown dataset ${name}`), { retryable: false });
    const data = DATASETS[name](params);
    return { data, rows: data.length, statistics: { elapsed_ms: 1.5, rows_read: 250000, bytes_read: 18000000 } };
  }
}

const sql = new AnalyticsSQL();
export default {
  POINTS_KEPT,
  get STATS() {
    return bound(sql);
  },
};

// Members of `ctx` that no local runtime has, as they are documented.
const isPlain = (value) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
const isTexts = (value) => Array.isArray(value) && value.every((each) => typeof each === "string");

const identity = {
  email: "ann@example.com",
  iat: 1782907200,
  amr: ["pwd"],
  idp: { id: "i", type: "onetimepin" },
  groups: [{ id: "g", name: "Staff" }],
  devicePosture: {},
  custom: null,
};
const ACCESS = { aud: "audience", getIdentity: async () => identity };
const ACCESS_OF_SERVICE = { aud: "audience", getIdentity: async () => undefined };

async function purge(options) {
  if (!isPlain(options)) throw new TypeError("options are no plain object");
  const { tags, pathPrefixes, purgeEverything, ...rest } = options;
  const wrong = [tags, pathPrefixes].some((each) => each !== undefined && !isTexts(each)) || !["undefined", "boolean"].includes(typeof purgeEverything);
  if (wrong || Object.keys(rest).length) throw new TypeError("other options than documented");
  if (!Object.keys(options).length) throw new Error("Cache purge is not available in this context.");
  const errors = tags?.includes("bad") ? [{ code: 1134, message: "no such tag" }] : [];
  return { success: !errors.length, errors };
}
const CACHE_CONTEXT = { purge, invalidate: purge };
const OLDER_CACHE_CONTEXT = { purge };

let active;
const told = [];

class Span {
  constructor(name) {
    this.name = name;
    this.isTraced = true;
  }
  spanContext() {
    return { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
  }
  setAttribute(key, value) {
    told.push([this.name, key, value]);
    return this;
  }
  recordException(exception) {
    if (typeof exception !== "string" && !(isPlain(exception) && exception.name && exception.message)) throw new TypeError("no exception");
    told.push([this.name, "exception", exception]);
  }
  updateName(name) {
    this.name = name;
    return this;
  }
  setStatus(status) {
    if (!isPlain(status)) throw new TypeError("status is no plain object");
    if (!["unset", "ok", "error"].includes(status.code)) throw new TypeError(`bad code ${status.code}`);
    told.push([this.name, "status", status]);
    return this;
  }
  end() {
    this.isTraced = false;
  }
}

function within(span, callback) {
  const before = active;
  active = span;
  try {
    return callback(span);
  } finally {
    active = before;
  }
}
const TRACING = {
  enterSpan(name, callback) {
    const span = new Span(name);
    const given = within(span, callback);
    if (!(given instanceof Promise)) span.end();
    else given.then(() => span.end());
    return given;
  },
  startActiveSpan: (name, callback) => within(new Span(name), callback),
  getActiveSpan: () => active,
  withActiveSpan: (span, callback) => within(span, () => callback()),
  told: () => told.splice(0),
};

export default { ACCESS, ACCESS_OF_SERVICE, CACHE_CONTEXT, OLDER_CACHE_CONTEXT, TRACING };

// A Workflow with the members that the local runtime here does not have yet: what they take, and what they answer.
const isPlain = (value) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
const refuse = (message) => {
  throw new Error(`WorkflowError: ${message}`);
};
function only(value, ...known) {
  if (!isPlain(value)) throw new TypeError("not a plain object");
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw new TypeError(`${key}: no such key`);
    if (value[key] === undefined || value[key] === null) throw new TypeError(`${key} is ${value[key]}`);
  }
}

const created = new Map();
const options = ["params", "retention", "locationHint"];
function create(one, index, result) {
  const id = one.id ?? crypto.randomUUID();
  if (one.retention !== undefined) only(one.retention, "successRetention", "errorRetention");
  if (created.has(id)) {
    result.errors.push({ index, id, code: 10405, message: "workflows.api.error.instance.already_exists" });
  } else {
    created.set(id, one);
    result.created.push(new Instance(id));
  }
  return result;
}

const common = { instanceId: "told", timestamp: 1782907200123 };
const error = { name: "Error", message: "ValueError: no" };
const retries = { limit: 1, delay: "[dynamic]", backoff: "constant" };
const told = [
  { type: "workflow_queued" },
  { type: "workflow_started", params: { at: new Date(0), list: [1, null], set: new Set([1]) } },
  { type: "step_started", stepName: "a-1", config: { retries, timeout: "10 minutes", sensitive: "output" } },
  { type: "attempt_errored", stepName: "a-1", attempt: 1, retryDelayMs: 10.5, error },
  { type: "step_completed", stepName: "a-1", output: new Uint8Array([97]) },
  { type: "sleep_started", stepName: "b-1", durationMs: 60000 },
  { type: "wait_started", stepName: "c-1", eventType: "go" },
  { type: "rollback_step_errored", stepName: "a-1", error },
  { type: "workflow_errored", error },
].map((event, at) => ({ ...common, eventId: 10 * (at + 1), ...event }));

let open = 0;
class Subscription {
  constructor(events) {
    this.events = events;
    open += 1;
  }
  async next() {
    if (this.events === undefined) throw new TypeError("next() after its end");
    const value = this.events.shift();
    if (value?.type === "step_errored") throw new Error("Network connection lost.");
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }
  [Symbol.dispose]() {
    if (this.events === undefined) throw new TypeError("disposed of twice");
    this.events = undefined;
    open -= 1;
  }
}

class Instance {
  constructor(id) {
    this.id = id;
  }
  async status() {
    if (!created.has(this.id)) throw new Error("instance.not_found");
    return { status: "queued", output: null };
  }
  async delete(...given) {
    if (given.length) throw new TypeError("delete() takes nothing");
    if (!created.delete(this.id)) refuse("(instance.not_found) Instance does not exist");
  }
  async subscribe(given) {
    only(given, "cursor", "filter");
    const { cursor = 0, filter } = given;
    if (typeof cursor !== "number") throw new TypeError("cursor is no number");
    if (filter !== undefined && !(Array.isArray(filter) && filter.every((type) => typeof type === "string"))) throw new TypeError("filter is no array of strings");
    if (cursor < 0) throw new Error("Invalid Workflow subscription options");
    if (this.id === "told") return new Subscription(told.filter(({ eventId, type }) => eventId > cursor && (filter?.includes(type) ?? true)));
    if (this.id === "lost") return new Subscription([{ ...told[0] }, { type: "step_errored" }]);
    if (!created.has(this.id)) throw new Error("instance.not_found");
    const queued = { ...common, instanceId: this.id, eventId: 1, type: "workflow_queued" };
    return new Subscription(filter?.includes("workflow_queued") ?? true ? [queued] : []);
  }
}

const NEWER_FLOWS = {
  open: () => open,
  options: (id) => JSON.stringify(created.get(id)),
  get: async (id) => new Instance(id),
  async create(one) {
    return create(one, 0, { created: [], errors: [] }).created[0];
  },
  async createBatch(given) {
    const result = { created: [], errors: [] };
    if (Array.isArray(given)) {
      given.forEach((one, index) => only(one, "id", ...options) ?? create(one, index, result));
      return result.created;
    }
    if (given.instances === undefined) {
      const { count, ...one } = given;
      if (!Number.isInteger(count) || count <= 0) refuse("(body) count must be a positive integer");
      only(one, ...options);
      for (let index = 0; index < count; index++) create({ ...one }, index, result);
      return result;
    }
    only(given, "instances");
    if (!Array.isArray(given.instances)) throw new TypeError("instances is no array");
    given.instances.forEach((one, index) => only(one, "id", ...options) ?? create(one, index, result));
    return result;
  },
  async deleteBatch(ids) {
    if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string")) throw new TypeError("not an array of strings");
    if (!ids.length) refuse("(body) batchDeleteInstances should have at least 1 instance");
    const known = new Set(ids.filter((id) => created.delete(id)));
    const code = 10400;
    const message = "workflows.api.error.instance.not_found";
    return {
      deleted: ids.filter((id) => known.has(id)).map((id) => ({ id })),
      errors: ids.filter((id) => !known.has(id)).map((id) => ({ id, code, message })),
    };
  },
};
export default { NEWER_FLOWS };

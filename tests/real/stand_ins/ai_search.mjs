// AI Search as its types and its documentation have it: a paragraph is a chunk, its score the share of the
// query's words in it. In workerd behind RPC, which is how a Worker gets it.
import { RpcTarget, bound } from "./rpc.mjs";

class Failure extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}
const missing = (what) => new Failure("AiSearchNotFoundError", `${what} not found`);

/** Plain data, without what JSON has not; and no names but those. */
function plain(value, names, place = "options") {
  if (value === undefined || typeof value === "function" || typeof value === "bigint") throw new TypeError(`${place} is ${typeof value}`);
  if (typeof value !== "object" || value === null) return value;
  const kind = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && kind !== Object.prototype) throw new TypeError(`${place} is no plain object`);
  for (const [key, inner] of Object.entries(value)) {
    if (names && !names.includes(key)) throw new TypeError(`${place} has ${key}`);
    plain(inner, undefined, `${place}.${key}`);
  }
  return value;
}
const words = (text) => new Set(text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []);
const share = (query, text) => {
  const [wanted, there] = [words(query), words(text)];
  return [...wanted].filter((word) => there.has(word)).length / wanted.size;
};
function paged(found, { page = 1, per_page = 20 }) {
  const result = found.slice((page - 1) * per_page, page * per_page);
  return { result, result_info: { count: result.length, page, per_page, total_count: found.length } };
}
function queryOf(params) {
  plain(params, ["query", "messages", "ai_search_options", "stream", "model", "temperature"], "request");
  if (params.query !== undefined) return params.query;
  const asked = params.messages.filter((one) => one.role === "user").at(-1)?.content;
  if (!asked) throw new Failure("AiSearchInternalError", "there is no message of a user with content");
  return asked;
}
function answered(params, found) {
  const text = found.chunks.map((chunk) => chunk.text).join("\n");
  const head = { id: "chatcmpl-1", model: params.model ?? "default" };
  if (!params.stream) {
    const choices = [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }];
    return { ...head, object: "chat.completion", choices, ...found, received: params };
  }
  const events = [found, ...text.match(/\s*\S+/g).map((content) => ({ ...head, choices: [{ delta: { content } }] }))];
  const written = [...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), "data: [DONE]\n\n"];
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (written.length) controller.enqueue(new TextEncoder().encode(written.shift()));
      else controller.close();
    },
  });
}

class Item extends RpcTarget {
  #items;
  #id;
  constructor(items, id) {
    super();
    this.#items = items;
    this.#id = id;
  }
  get #held() {
    return this.#items.found(this.#id);
  }
  async info() {
    return this.#held.info();
  }
  async download() {
    const { key, data } = this.#held;
    const contentType = key.endsWith(".txt") ? "text/plain" : "application/octet-stream";
    return { body: new Response(data).body, contentType, filename: key, size: data.length };
  }
  async sync() {
    this.#held.logs.push("sync");
    return this.#held.info("queued");
  }
  async logs(params) {
    const { limit = 50, cursor = "0" } = plain(params, ["limit", "cursor"]);
    const { logs, key } = this.#held;
    const result = logs.slice(+cursor, +cursor + limit).map((action) => ({ timestamp: "2026-07-01T12:00:00.000Z", action, message: "done", fileKey: key }));
    const truncated = +cursor + limit < logs.length;
    return { result, result_info: { count: result.length, per_page: limit, cursor: truncated ? String(+cursor + limit) : null, truncated } };
  }
  async chunks(params) {
    const { limit = 20, offset = 0 } = plain(params, ["limit", "offset"]);
    const chunks = this.#held.chunks();
    const result = chunks.slice(offset, offset + limit);
    return { result, result_info: { count: result.length, total: chunks.length, limit, offset } };
  }
}

class Items extends RpcTarget {
  #instance;
  #held = new Map();
  #number = 0;
  constructor(instance) {
    super();
    this.#instance = instance;
  }
  all() {
    return [...this.#held.values()];
  }
  found(id) {
    this.#instance.there();
    if (!this.#held.has(id)) throw missing(`item ${id}`);
    return this.#held.get(id);
  }
  async list(params) {
    this.#instance.there();
    plain(params, ["page", "per_page", "search", "sort_by", "status", "source", "metadata_filter", "item_id", "key"]);
    const { search = "", status = "completed", source = "builtin", metadata_filter = "{}", item_id, key } = params;
    const filter = Object.entries(JSON.parse(metadata_filter));
    const fits = (held) =>
      held.key.includes(search) && status === "completed" && source === "builtin" && (item_id ?? held.id) === held.id && (key ?? held.key) === held.key &&
      filter.every(([name, value]) => held.metadata[name] === value);
    return paged(this.all().filter(fits).map((held) => held.info()), { per_page: 25, ...params });
  }
  async upload(name, content, options) {
    plain(options, ["metadata"]);
    return (await this.#stored(name, content, options)).info("queued");
  }
  async uploadAndPoll(name, content, options) {
    plain(options, ["metadata", "pollIntervalMs", "timeoutMs"]);
    return (await this.#stored(name, content, options)).info();
  }
  async #stored(key, content, { metadata = {} }) {
    this.#instance.there();
    if (typeof key !== "string") throw new TypeError("the name is no text");
    if (!(typeof content === "string" || content instanceof Blob || content instanceof ReadableStream)) throw new TypeError("the content is none");
    const data = new Uint8Array(await new Response(content).arrayBuffer());
    const id = this.all().find((held) => held.key === key)?.id ?? `item-${++this.#number}`;
    const about = { key, metadata };
    const chunks = () => {
      const text = String.fromCharCode(...data);
      return [...text.matchAll(/\S[^]*?(?=\s*(?:\n\s*\n|$))/g)].map((found, at) => {
        const [start, end] = [found.index, found.index + found[0].length];
        return { id: `${id}-${at}`, text: new TextDecoder().decode(data.slice(start, end)), start_byte: start, end_byte: end, item: about };
      });
    };
    const info = (status = "completed") => ({ id, key, status, next_action: null, chunks_count: chunks().length, file_size: data.length, metadata });
    const held = { id, key, data, metadata, chunks, info, logs: ["index"] };
    this.#held.set(id, held);
    return held;
  }
  get(id) {
    return new Item(this, id);
  }
  async delete(id) {
    this.#held.delete(this.found(id).id);
  }
}

class Job extends RpcTarget {
  #jobs;
  #id;
  constructor(jobs, id) {
    super();
    this.#jobs = jobs;
    this.#id = id;
  }
  async info() {
    return this.#jobs.found(this.#id);
  }
  async logs(params) {
    this.#jobs.found(this.#id);
    return paged([{ id: 1, message: "done", message_type: 0, created_at: 1782907200 }], plain(params, ["page", "per_page"]));
  }
  async cancel() {
    return Object.assign(this.#jobs.found(this.#id), { end_reason: "cancelled" });
  }
}

class Jobs extends RpcTarget {
  #instance;
  #held = new Map();
  constructor(instance) {
    super();
    this.#instance = instance;
  }
  found(id) {
    this.#instance.there();
    if (!this.#held.has(id)) throw missing(`job ${id}`);
    return this.#held.get(id);
  }
  async list(params) {
    return paged([...this.#held.values()], plain(params, ["page", "per_page"]));
  }
  async create(params) {
    const now = "2026-07-01T12:00:00.000Z";
    const id = `job-${this.#held.size + 1}`;
    this.#held.set(id, { id, source: "user", ...plain(params, ["description"]), started_at: now, ended_at: now, end_reason: "completed" });
    return this.#held.get(id);
  }
  get(id) {
    return new Job(this, id);
  }
}

class Instance extends RpcTarget {
  #info;
  #items = new Items(this);
  #jobs = new Jobs(this);
  constructor(config) {
    super();
    const now = "2026-07-01T12:00:00.000Z";
    this.#info = config && { ...config, status: "active", created_at: now, modified_at: now };
  }
  there() {
    if (!this.#info) throw missing("instance");
    return this.#info;
  }
  get items() {
    return this.#items;
  }
  get jobs() {
    return this.#jobs;
  }
  found(query, params) {
    const info = this.there();
    const { match_threshold = info.score_threshold ?? 0.4, max_num_results = 10, filters = {}, metadata_only } = params.ai_search_options?.retrieval ?? {};
    const fits = (held) => Object.entries(filters).every(([name, value]) => held.metadata[name] === value);
    const chunks = this.#items.all().filter(fits).flatMap((held) => held.chunks());
    const scored = chunks.map(({ id, text, item }) => ({ id, type: "text", score: share(query, text), text: metadata_only ? "" : text, item }));
    return scored.filter(({ score }) => score && score >= match_threshold).sort((a, b) => b.score - a.score).slice(0, max_num_results);
  }
  async search(params) {
    const query = queryOf(params);
    return { search_query: query, chunks: this.found(query, params), received: params };
  }
  async chatCompletions(params) {
    return answered(params, { chunks: this.found(queryOf(params), params) });
  }
  async update(config) {
    return Object.assign(this.there(), plain(config));
  }
  async info() {
    return this.there();
  }
  async stats() {
    const held = (this.there(), this.#items.all());
    const size = held.reduce((sum, one) => sum + one.data.length, 0);
    return { queued: 0, running: 0, completed: held.length, error: 0, engine: { r2: { payloadSizeBytes: size, metadataSizeBytes: 0, objectCount: held.length } } };
  }
}

class Namespace extends RpcTarget {
  #held = new Map();
  get(name) {
    return this.#held.get(name) ?? new Instance();
  }
  async list(params) {
    plain(params, ["page", "per_page", "search", "order_by", "order_by_direction"]);
    const found = await Promise.all([...this.#held.values()].map((instance) => instance.info()));
    if (params.order_by_direction === "desc") found.reverse();
    return paged(found.filter(({ id }) => id.includes(params.search ?? "")), params);
  }
  async create(config) {
    const { id } = plain(config);
    if (!/^(?=.{1,32}$)[a-z0-9_]+(-[a-z0-9_]+)*$/.test(id)) throw new Failure("AiSearchInternalError", `'${id}' is no id of an instance`);
    if (this.#held.has(id)) throw new Failure("AiSearchInternalError", `there is an instance ${id} already`);
    this.#held.set(id, new Instance(config));
    return this.#held.get(id);
  }
  async delete(name) {
    if (!this.#held.delete(name)) throw missing(`instance ${name}`);
  }
  #merged(query, params) {
    const [chunks, errors] = [[], []];
    for (const instance_id of params.ai_search_options.instance_ids) {
      try {
        chunks.push(...this.get(instance_id).found(query, params).map((chunk) => ({ ...chunk, instance_id })));
      } catch ({ message }) {
        errors.push({ instance_id, message });
      }
    }
    chunks.sort((a, b) => b.score - a.score);
    return { chunks, ...(errors.length && { errors }) };
  }
  async search(params) {
    const query = queryOf(params);
    return { search_query: query, ...this.#merged(query, params) };
  }
  async chatCompletions(params) {
    return answered(params, this.#merged(queryOf(params), params));
  }
}

const [namespace, instance] = [new Namespace(), new Instance({ id: "docs" })];
export default {
  get SEARCH() {
    return bound(namespace);
  },
  get DOCS() {
    return bound(instance);
  },
};

// Vectorize, which no local runtime has. `Service` is what is far away, as documented, strict about
// what it gets: vectorize.mjs beside this folder puts it behind the runtime's own client of today's
// indexes. Of the first version miniflare has no client: `VectorizeIndex` is one, and a binding here.

export const METADATA_INDEXES = { genre: "string", year: "number", seen: "boolean", "place.city": "string" };
const bytes = (text) => new TextEncoder().encode(text).length;
const isObject = (value) => value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;

class Refusal extends Error {
  constructor(error, code) {
    super(error);
    this.body = { error, ...(code && { code }) };
  }
}
const refuse = (error, code) => {
  throw new Refusal(error, code);
};

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const METRICS = {
  // which way is near, and the score
  cosine: [-1, (a, b) => dot(a, b) / (Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b)) || 1)],
  euclidean: [1, (a, b) => Math.hypot(...a.map((x, i) => x - b[i]))],
  "dot-product": [1, (a, b) => -dot(a, b)],
};

/** What a metadata index holds of a value: of text the first 64 bytes. */
function indexed(value) {
  if (typeof value !== "string" || bytes(value) <= 64) return value;
  let end = 64;
  const all = new TextEncoder().encode(value);
  while ((all[end] & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(all.subarray(0, end));
}
const at = (metadata, path) => path.split(".").reduce((value, key) => value?.[key], metadata);
const seen = (metadata, path) => {
  const value = indexed(at(metadata, path));
  return typeof value === METADATA_INDEXES[path] ? value : null;
};

const isValue = (value) => value === null || ["string", "number", "boolean"].includes(typeof value);
const isList = (value) => Array.isArray(value) && value.every(isValue);
const isOrdered = (value) => ["string", "number"].includes(typeof value);
const ranged = (compare) => (a, b) => typeof a === typeof b && compare(a, b);
const OPERATORS = {
  $eq: [isValue, (a, b) => a === b],
  $ne: [isValue, (a, b) => a !== b],
  $in: [isList, (a, b) => b.includes(a)],
  $nin: [isList, (a, b) => !b.includes(a)],
  $lt: [isOrdered, ranged((a, b) => a < b)],
  $lte: [isOrdered, ranged((a, b) => a <= b)],
  $gt: [isOrdered, ranged((a, b) => a > b)],
  $gte: [isOrdered, ranged((a, b) => a >= b)],
};

function tests(filter) {
  if (filter === undefined) return [];
  if (!isObject(filter) || !Object.keys(filter).length || bytes(JSON.stringify(filter)) >= 2048)
    refuse("filter must be a non-empty object below 2048 bytes");
  return Object.entries(filter).map(([path, condition]) => {
    if (path.length > 512 || path.split(".").some((key) => !key || key.includes('"') || key.startsWith("$")))
      refuse(`invalid filter key '${path}'`);
    const parts = Object.entries(isObject(condition) ? condition : { $eq: condition });
    const names = parts.map(([name]) => name);
    const one = (...some) => names.filter((name) => some.includes(name)).length < 2;
    const bounds = names.every((name) => /^\$[lg]te?$/.test(name)) && one("$lt", "$lte") && one("$gt", "$gte");
    if (!names.length || !names.every((name) => name in OPERATORS) || (names.length > 1 && !bounds))
      refuse(`invalid filter operators for ${path}: ${names.sort().join(", ")}`);
    for (const [name, value] of parts)
      if (!OPERATORS[name][0](value)) refuse(`invalid filter value for ${path}: ${name}`);
    const known = path in METADATA_INDEXES;
    return (metadata) => known && parts.every(([name, value]) => {
      const wanted = Array.isArray(value) ? value.map(indexed) : indexed(value);
      return OPERATORS[name][1](seen(metadata, path), wanted);
    });
  });
}

function checkKeys(id, metadata) {
  for (const [key, value] of isObject(metadata) ? Object.entries(metadata) : []) {
    if (!key || /["]|\.|^\$/.test(key)) refuse(`invalid metadata key '${key}' for vector id="${id}"`, 40018);
    checkKeys(id, value);
  }
}

const checkId = (id) => {
  if (typeof id !== "string") refuse("id: expected text");
  if (bytes(id) > 64) refuse(`id too long; max is 64 bytes, got ${bytes(id)} bytes`, 40008);
};
const only = (given, ...known) => {
  for (const key of Object.keys(given)) if (!known.includes(key)) refuse(`there is no ${key}`);
};

export class Service {
  stored = new Map();
  last = {};

  constructor(metric, version = 2) {
    Object.assign(this, { dimensions: 3, metric, version });
  }

  #changed() {
    const mutationId = crypto.randomUUID();
    this.last = { processedUpToMutation: mutationId, processedUpToDatetime: new Date().toISOString() };
    return { mutationId };
  }

  #write(what, vectors) {
    if (!Array.isArray(vectors)) refuse("vectors: expected an array");
    if (vectors.length > 1000) refuse(`too many vectors; max is 1000, got ${vectors.length}`);
    const made = vectors.map((one) => {
      only(one, "id", "values", "namespace", "metadata");
      const { id, values, namespace, metadata } = one;
      checkId(id);
      if (!Array.isArray(values) || !values.every((value) => typeof value === "number"))
        refuse(`failed to parse ${what} vectors request in json format`, 40023);
      if (values.length !== this.dimensions)
        refuse(`invalid vector for id="${id}", expected ${this.dimensions} dimensions, and got ${values.length} dimensions`, 40012);
      if (!["undefined", "string"].includes(typeof namespace)) refuse("namespace: expected text");
      if (namespace && bytes(namespace) > 64) refuse(`namespace too long; max is 64 bytes, got ${bytes(namespace)} bytes`);
      if (metadata !== undefined && !isObject(metadata)) refuse("metadata: expected an object");
      const size = metadata ? bytes(JSON.stringify(metadata)) : 0;
      if (size > 10240)
        refuse(`oversized metadata for vector id="${id}"; the compact JSON representation of the metadata must not exceed 10240 bytes, got ${size} bytes`, 40016);
      checkKeys(id, metadata);
      return { ...one, values: [...new Float32Array(values)] };
    });
    const fresh = made.filter(({ id }) => !this.stored.has(id));
    for (const one of made) {
      if (what === "upsert") this.stored.delete(one.id);
      if (!this.stored.has(one.id)) this.stored.set(one.id, one);
    }
    return [...new Set((what === "upsert" ? made : fresh).map(({ id }) => id))];
  }

  insert(vectors) {
    const ids = this.#write("insert", vectors);
    return this.version === 1 ? { ids, count: ids.length } : this.#changed();
  }

  upsert(vectors) {
    const ids = this.#write("upsert", vectors);
    return this.version === 1 ? { ids, count: ids.length } : this.#changed();
  }

  #ids(ids, most) {
    if (!Array.isArray(ids)) refuse("ids: expected an array");
    if (this.version === 2 && ids.length > most) refuse(`too many ids in payload; max id count is ${most}, got ${ids.length}`, 40007);
    ids.forEach(checkId);
    return ids;
  }

  deleteByIds({ ids }) {
    const gone = this.#ids(ids, 100).filter((id) => this.stored.delete(id));
    return this.version === 1 ? { ids: gone, count: gone.length } : this.#changed();
  }

  getByIds({ ids }) {
    return this.#ids(ids, 20).flatMap((id) => this.stored.get(id) ?? []);
  }

  describe() {
    const { dimensions, metric } = this;
    if (this.version === 1) return { id: "1", name: "index", config: { dimensions, metric }, vectorsCount: this.stored.size };
    return { vectorCount: this.stored.size, dimensions, ...this.last };
  }

  query(body) {
    only(body, "vector", "vectorId", "topK", "namespace", "returnValues", "returnMetadata", "filter", "compat");
    const { vectorId, topK = 5, namespace, returnValues = false, returnMetadata = "none", filter } = body;
    const levels = this.version === 1 ? [true, false, "none"] : ["all", "indexed", "none"];
    const parse = (what) => refuse(`Failed to parse the request body as JSON: ${what}: expected value`, 40026);
    if (!levels.includes(returnMetadata)) parse("returnMetadata");
    if (!Number.isInteger(topK)) parse("topK");
    if (typeof returnValues !== "boolean") parse("returnValues");
    if (!["undefined", "string"].includes(typeof namespace)) parse("namespace");
    if (vectorId === undefined && !(Array.isArray(body.vector) && body.vector.every((value) => typeof value === "number"))) parse("vector");
    if (topK < 1) refuse(`min top K is 1, but got ${topK}`);
    const whole = returnMetadata === true || returnMetadata === "all";
    const heavy = this.version === 2 && (whole || returnValues);
    const most = this.version === 1 ? 20 : heavy ? 50 : 100;
    if (topK > most) {
      const reason = `max top K is ${most}, but got ${topK}`;
      const retry = "for a top K up to 100, retry with returnValues=false and returnMetadata=indexed";
      refuse(heavy ? `with returnValues=true or returnMetadata=all, ${reason}; ${retry}` : reason, 40025);
    }
    const pass = tests(filter);
    if (vectorId !== undefined) checkId(vectorId);
    const vector = vectorId === undefined ? [...new Float32Array(body.vector)] : this.stored.get(vectorId)?.values;
    if (!vector) return { matches: [], count: 0 };
    if (vector.length !== this.dimensions)
      refuse(`invalid query vector, expected ${this.dimensions} dimensions, and got ${vector.length} dimensions`, 40006);
    const [near, score] = METRICS[this.metric];
    const matches = [...this.stored.values()]
      .filter((one) => namespace === undefined || one.namespace === namespace)
      .filter((one) => pass.every((test) => test(one.metadata)))
      .map((one) => ({ one, score: score(vector, one.values) }))
      .sort((a, b) => near * (a.score - b.score))
      .slice(0, topK)
      .map(({ one, score }) => ({
        id: one.id,
        score,
        ...(one.namespace !== undefined && { namespace: one.namespace }),
        ...(returnValues && { values: one.values }),
        ...(one.metadata && this.#shown(one.metadata, whole, returnMetadata)),
      }));
    return { matches, count: matches.length };
  }

  #shown(metadata, whole, level) {
    if (whole) return { metadata };
    const made = {};
    for (const path of level === "indexed" ? Object.keys(METADATA_INDEXES) : []) {
      const value = seen(metadata, path);
      if (value === null) continue;
      const [name, ...parents] = path.split(".").reverse();
      parents.reverse().reduce((place, key) => (place[key] ??= {}), made)[name] = value;
    }
    return Object.keys(made).length ? { metadata: made } : {};
  }

  /** The status and the JSON of the answer to a request. */
  answer(method, body) {
    try {
      return { status: 200, json: this[method](body) };
    } catch (error) {
      return { status: 400, json: error.body ?? { error: String(error) } };
    }
  }
}

/** JS: VectorizeIndex, the runtime's client as its declarations have it. */
class VectorizeIndex {
  #service = new Service("cosine", 1);

  async #send(operation, method, body) {
    const { status, json } = this.#service.answer(method, body && JSON.parse(JSON.stringify(body)));
    if (status === 200) return structuredClone(json);
    const { code, error } = json;
    throw new Error(`${operation}_ERROR${code ? ` (code = ${code})` : ""}: ${error}`, { cause: new Error(error) });
  }
  #numbers(values) {
    const right = values instanceof Float32Array || values instanceof Float64Array || Array.isArray(values);
    if (!right || ![...values].every((value) => typeof value === "number")) throw new TypeError("expected a Float32Array or numbers");
    return Array.from(values);
  }
  #vectors(vectors) {
    if (!Array.isArray(vectors) || !vectors.every(isObject)) throw new TypeError("vectors: expected plain objects");
    return vectors.map((one) => ({ ...one, values: this.#numbers(one.values) }));
  }
  describe() {
    return this.#send("INDEX_GET", "describe");
  }
  query(vector, options = {}) {
    if (!isObject(options)) throw new TypeError("options: expected a plain object");
    const { returnMetadata } = options;
    if (returnMetadata && typeof returnMetadata !== "boolean")
      throw new Error(`Invalid returnMetadata option. Expected boolean; got: ${returnMetadata}`);
    return this.#send("VECTOR_QUERY", "query", { ...options, vector: this.#numbers(vector) });
  }
  insert(vectors) {
    return this.#send("VECTOR_INSERT", "insert", this.#vectors(vectors));
  }
  upsert(vectors) {
    return this.#send("VECTOR_UPSERT", "upsert", this.#vectors(vectors));
  }
  deleteByIds(ids) {
    return this.#send("VECTOR_DELETE", "deleteByIds", { ids });
  }
  getByIds(ids) {
    return this.#send("VECTOR_GET", "getByIds", { ids });
  }
}

export default { OLD_INDEX: new VectorizeIndex() };

// Artifacts as its types and its documentation have it. The repository "site" has two commits.
import { RpcTarget, bound } from "./rpc.mjs";

const CODES = { ALREADY_EXISTS: 10201, NOT_FOUND: 10200, INVALID_INPUT: 10100, INVALID_REPO_NAME: 10101, INVALID_TTL: 10103 };
class ArtifactsError extends Error {
  name = "ArtifactsError";
  constructor(code, message) {
    super(message);
    this.code = code;
    this.numericCode = CODES[code];
  }
}

/** An object of those names, each of its kind. */
function checked(value, kinds) {
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError("no plain object");
  for (const [name, one] of Object.entries(value)) if (typeof one !== kinds[name]) throw new TypeError(`${name} is ${typeof one}`);
  return value;
}

const person = { name: "Ann", email: "ann@example.com" };
const commit = (hash, treeHash, message, parents) => ({ hash, treeHash, message, author: person, committer: person, parents, authoredAt: 1782907200, committedAt: 1782907200 });
const entry = (name, hash, type = "blob") => ({ name, mode: type === "tree" ? "40000" : "100644", hash, type });
const [FIRST, LAST, TOP, OLD_TOP, DOCS] = [
  "8c6073cb6dd01c9159124df63b6c83ecc24c3329", "8dbc2977c0622b2fe7e40a24185f90c3eb307b72", "49f13ad4b9e41a100e6c654c4c65f07cca80681a",
  "8b0c09c9cc11b9e5ee365a7c006c340ebb10c7f4", "bd5409098c5ccb9ff5a2c1e0e534dfe9bd1af04e",
];
const [INDEX, OLD_INDEX, A, DOCS_TXT] = [
  "7f0b778738551fffce39b62ac2c3ea609ed3fdb8", "fec56017dc1b1ac87ad6e54e3cb3a20bb8dcc5ab", "5571e26e8390247583d5d65d415bfd5f19f5f41e", "63d8dbd40c23542e740659a7168a0ce3138ea748",
];
const SITE = {
  [FIRST]: commit(FIRST, OLD_TOP, "Start", []),
  [LAST]: commit(LAST, TOP, "Again", [FIRST]),
  [TOP]: [entry("docs.txt", DOCS_TXT), entry("docs", DOCS, "tree"), entry("index.md", INDEX)],
  [OLD_TOP]: [entry("docs.txt", DOCS_TXT), entry("docs", DOCS, "tree"), entry("index.md", OLD_INDEX)],
  [DOCS]: [entry("a.md", A)],
  [INDEX]: "# Hello again\n", [OLD_INDEX]: "# Hello\n", [A]: "über\n", [DOCS_TXT]: "b",
};

class Repo extends RpcTarget {
  #of;
  #info;
  #tokens = [];
  #objects;
  #branches;
  constructor(of, info, objects = {}, branches = {}) {
    super();
    this.#of = of;
    this.#info = info;
    this.#objects = objects;
    this.#branches = branches;
  }
  [Symbol.dispose ?? "dispose"]() {}
  async made() {
    const { id, name, description, defaultBranch, remote } = this.#info;
    return { id, name, description, defaultBranch, remote, token: (await this.createToken()).plaintext };
  }
  async info() {
    return { ...this.#info };
  }
  async createToken(scope = "write", ttl = 86400) {
    if (!["read", "write"].includes(scope) || typeof ttl !== "number") throw new TypeError("other arguments than documented");
    if (ttl < 60 || ttl > 31536000) throw new ArtifactsError("INVALID_TTL", "a token lasts 60 to 31536000 seconds");
    const id = `token-${this.#tokens.length + 1}`;
    const token = { id, scope, state: "active", createdAt: new Date().toISOString(), expiresAt: new Date(Date.now() + ttl * 1000).toISOString() };
    this.#tokens.push(token);
    return { id, plaintext: `art_v1_${id}`, scope, expiresAt: token.expiresAt };
  }
  async listTokens() {
    return { tokens: this.#tokens, total: this.#tokens.length };
  }
  async revokeToken(token) {
    if (!token) throw new ArtifactsError("INVALID_INPUT", "there is no token given");
    const found = this.#tokens.find(({ id }) => token === id || token === `art_v1_${id}`);
    if (found) found.state = "revoked";
    return Boolean(found);
  }
  #object(hash, fits) {
    const found = this.#objects[hash];
    return found !== undefined && fits(found) ? found : null;
  }
  async readBlob(hash) {
    const found = this.#object(hash, (object) => typeof object === "string");
    return found === null ? null : new Blob([found]);
  }
  async readTree(hash) {
    return this.#object(hash, Array.isArray);
  }
  async readCommit(hash) {
    return this.#object(hash, (object) => object.treeHash);
  }
  #commit(ref) {
    return this.#objects[this.#branches[ref.replace("refs/heads/", "")] ?? ref];
  }
  async readFile(args) {
    const { ref, path } = checked(args, { ref: "string", path: "string" });
    let hash = this.#commit(ref)?.treeHash;
    for (const part of path.split("/")) hash = (await this.readTree(hash))?.find(({ name }) => name === part)?.hash;
    return this.readBlob(hash);
  }
  async log(opts = {}) {
    const { ref = this.#info.defaultBranch, limit, offset = 0 } = checked(opts, { ref: "string", limit: "number", offset: "number" });
    const found = [];
    for (let at = this.#commit(ref); at; at = this.#objects[at.parents[0]]) found.push(at);
    return found.slice(offset, limit === undefined ? undefined : offset + limit);
  }
  async fork(name, opts = {}) {
    checked(opts, { description: "string", readOnly: "boolean", defaultBranchOnly: "boolean" });
    return this.#of.add(name, opts, this.#info.defaultBranch, `artifacts:default/${this.#info.name}`, this.#objects, this.#branches).made();
  }
}

class Artifacts extends RpcTarget {
  #held = new Map();
  add(name, { description = null, readOnly = false }, defaultBranch, source, ...objects) {
    if (!/^[A-Za-z0-9._-]+$/.test(name)) throw new ArtifactsError("INVALID_REPO_NAME", `'${name}' is no name of a repository`);
    if (this.#held.has(name)) throw new ArtifactsError("ALREADY_EXISTS", `there is a repository ${name} already`);
    const createdAt = new Date().toISOString();
    const times = { createdAt, updatedAt: createdAt, lastPushAt: objects.length ? createdAt : null };
    const remote = `https://artifacts.example/git/default/${name}.git`;
    const info = { id: `repo-${this.#held.size + 1}`, name, description, defaultBranch, ...times, source, readOnly, remote };
    this.#held.set(name, new Repo(this, info, ...objects));
    return this.#held.get(name);
  }
  async create(name, opts = {}) {
    checked(opts, { readOnly: "boolean", description: "string", setDefaultBranch: "string" });
    return this.add(name, opts, opts.setDefaultBranch ?? "main", null).made();
  }
  async get(name) {
    if (!this.#held.has(name)) throw new ArtifactsError("NOT_FOUND", `there is no repository ${name}`);
    return this.#held.get(name);
  }
  async import(params) {
    const { source, target } = checked(params, { source: "object", target: "object" });
    checked(source, { url: "string", branch: "string", depth: "number" });
    checked(target, { name: "string", opts: "object" });
    checked(target.opts ?? {}, { description: "string", readOnly: "boolean" });
    if (!source.url.startsWith("https://")) throw new ArtifactsError("INVALID_INPUT", "the source is no HTTPS URL");
    return this.add(target.name, target.opts ?? {}, source.branch ?? "main", source.url).made();
  }
  async list(opts = {}) {
    const { limit = 50, cursor = "0" } = checked(opts, { limit: "number", cursor: "string" });
    const infos = await Promise.all([...this.#held.values()].map(async (repo) => (({ remote, ...info }) => info)(await repo.info())));
    const end = +cursor + limit;
    return { repos: infos.slice(+cursor, end), total: infos.length, ...(end < infos.length && { cursor: String(end) }) };
  }
  async delete(name) {
    return this.#held.delete(name);
  }
}

const artifacts = new Artifacts();
let filled = false;
export default {
  get REPOS() {
    if (!filled) artifacts.add("site", {}, "main", null, SITE, { main: LAST, old: FIRST }); // there is a clock now
    filled = true;
    return bound(artifacts);
  },
};

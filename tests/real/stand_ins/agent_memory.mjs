// Agent Memory as its types and its documentation have it, without any understanding: what it is told is a
// fact, and what it recalls has words of the query in it. In workerd behind RPC.
import { RpcTarget, bound } from "./rpc.mjs";

/** An object of those names, each of its kind. */
function checked(value, kinds) {
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError("no plain object");
  for (const [name, one] of Object.entries(value)) {
    const fits = kinds[name]?.split("|").some((kind) => (kind === "Date" ? one instanceof Date : kind === "null" ? one === null : typeof one === kind));
    if (!fits) throw new TypeError(`${name} is ${typeof one}`);
  }
  return value;
}
const words = (text) => new Set(text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []);

class Profile extends RpcTarget {
  #held = new Map();
  #number = 0;
  clear() {
    this.#held.clear();
  }
  #found(id) {
    if (!this.#held.has(id)) throw new Error(`memory ${id} not found`);
    return this.#held.get(id);
  }
  #stored(content, sessionId = null) {
    const id = String(++this.#number).padStart(26, "0");
    const now = new Date("2026-07-01T12:00:00.250Z");
    this.#held.set(id, { id, type: "fact", summary: content, content, sessionId, createdAt: now, updatedAt: now });
    return this.#held.get(id);
  }
  async get(id) {
    return this.#found(id);
  }
  async delete(id) {
    const found = this.#found(id);
    this.#held.delete(id);
    return found;
  }
  async remember(memory) {
    const { content, sessionId } = checked(memory, { content: "string", sessionId: "string|null" });
    return this.#stored(content, sessionId);
  }
  async ingest(messages, options = {}) {
    const { sessionId = null } = checked(options, { sessionId: "string|null" });
    if (!Array.isArray(messages)) throw new TypeError("no messages");
    for (const message of messages) {
      const { role, content } = checked(message, { role: "string", content: "string", timestamp: "Date" });
      const known = [...this.#held.values()].some((one) => one.content === content && one.sessionId === sessionId);
      if (role === "user" && !known) this.#stored(content, sessionId);
    }
  }
  async getSummary(options = {}) {
    checked(options, { sessionId: "string|null" });
    const held = [...this.#held.values()];
    const sessionId = options.sessionId ?? held.findLast((one) => one.sessionId)?.sessionId;
    const listed = (head, some) => [`## ${head}`, ...some.map(({ summary }) => `- ${summary}`)].join("\n");
    return { summary: `${listed("Memories", held)}\n\n${listed("Last Session", held.filter((one) => sessionId && one.sessionId === sessionId))}` };
  }
  async recall(query, options = {}) {
    checked(options, { thinkingLevel: "string", responseLength: "string", referenceDate: "Date|string" });
    if (options.referenceDate) return { count: 0, answer: `${options.referenceDate instanceof Date} ${new Date(options.referenceDate).toISOString()}`, candidates: [] };
    const wanted = [...words(query)];
    const score = ({ content }) => wanted.filter((word) => words(content).has(word)).length / wanted.length;
    const found = [...this.#held.values()].filter(score).sort((a, b) => score(b) - score(a));
    const candidates = found.map((one) => ({ id: one.id, summary: one.summary, sessionId: one.sessionId, score: score(one) }));
    return { count: found.length, answer: found.map(({ summary }) => summary).join("\n"), candidates };
  }
  async list(options = {}) {
    const { limit = 20, cursor = "0", ...wanted } = checked(options, { limit: "number", cursor: "string", sessionId: "string", type: "string" });
    const fits = (one) => Object.entries(wanted).every(([name, value]) => one[name] === value);
    const found = [...this.#held.values()].filter(fits).map(({ content, ...one }) => one);
    const [start, end] = [+cursor, +cursor + limit];
    return { memories: found.slice(start, end), ...(end < found.length && { cursor: String(end) }) };
  }
  async deleteSession(sessionId) {
    for (const [id, one] of [...this.#held]) if (one.sessionId === sessionId) this.#held.delete(id);
  }
}

class Namespace extends RpcTarget {
  #profiles = new Map();
  async getProfile(name) {
    if (typeof name !== "string") throw new TypeError("the name is no text");
    if (!this.#profiles.has(name)) this.#profiles.set(name, new Profile());
    return this.#profiles.get(name);
  }
  async deleteProfile(name) {
    this.#profiles.get(name)?.clear();
    this.#profiles.delete(name);
  }
}

const namespace = new Namespace();
export default {
  get MEMORY() {
    return bound(namespace);
  },
};

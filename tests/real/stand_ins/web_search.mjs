// Web Search as its types have it, of three pages. In workerd behind RPC.
import { RpcTarget, bound } from "./rpc.mjs";

const PAGES = [
  { url: "https://example.com/python", title: "Workers in Python", description: "How to write them", lastModifiedDate: "2026-01-30T04:39:48", imageUrl: "https://example.com/i.png", faviconUrl: "https://example.com/f.ico" },
  { url: "https://example.com/rust", title: "Workers in Rust" },
  { url: "https://example.com/snakes", title: "Python, a snake" },
];
const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];

class WebSearch extends RpcTarget {
  async search(options, ...more) {
    if (more.length || Object.getPrototypeOf(options) !== Object.prototype) throw new TypeError("other arguments than documented");
    const { query, limit = 10, ...others } = options;
    if (typeof query !== "string" || typeof limit !== "number" || Object.keys(others).length) throw new TypeError("other options than documented");
    if (!query) throw new Error("the query is empty");
    const wanted = words(query);
    const score = ({ title, description = "" }) => wanted.filter((word) => words(`${title} ${description}`).includes(word)).length;
    const items = PAGES.filter(score).sort((a, b) => score(b) - score(a)).slice(0, Math.min(limit, 20));
    return { items, metadata: { query, requestId: "request-1", latencyMs: 12.5 } };
  }
}

const pages = new WebSearch();
export default {
  get WEB() {
    return bound(pages);
  },
};

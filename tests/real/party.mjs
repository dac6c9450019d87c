// The other party of RPC in tests/contract/test_rpc.py: a Worker in JavaScript.
import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";

class Counter extends RpcTarget {
  #count = 0;

  increment(by = 1) {
    return (this.#count += by);
  }

  get value() {
    return this.#count;
  }
}

const caught = async (call) => {
  try {
    return ["ok", await call()];
  } catch (error) {
    return [error.name, error.message, error instanceof Error, error.remote];
  }
};

const FAILURES = {
  custom() {
    throw Object.assign(new Error("mine"), { name: "MyError" });
  },
  cause() {
    throw new Error("outer", { cause: new TypeError("inner") });
  },
  text() {
    throw "only text";
  },
  null() {
    throw null;
  },
  range() {
    throw new RangeError("too far");
  },
};

export class Party extends WorkerEntrypoint {
  get answer() {
    return 42;
  }

  add(first, second) {
    return first + second;
  }

  together(...args) {
    return args;
  }

  counter() {
    return new Counter();
  }

  import() {
    return "a reserved word";
  }

  get() {
    return "a name that proxies have too";
  }

  fail(kind) {
    FAILURES[kind]();
  }

  values() {
    return {
      when: new Date(5),
      big: 10n ** 20n,
      map: new Map([["a", null]]),
      set: new Set([null, 1]),
      nothing: undefined,
      bytes: new Uint8Array([1, 2]),
      constructor: 1,
      error: new TypeError("inside"),
      nested: [{ counter: new Counter(), add: (first, second) => first + second }],
    };
  }

  /** What JavaScript sees of a value that Python sent. */
  seen(value) {
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    const inside = Array.isArray(value) ? value : tag === "Set" ? [...value] : tag === "Object" ? Object.values(value) : [];
    const text = tag === "Date" ? value.toISOString() : tag === "Uint8Array" ? [...value].join() : tag === "Error" ? String(value) : "";
    return [tag, text, ...inside.map((item) => this.seen(item))].join(" ").trim();
  }

  async call(callback, ...args) {
    return await callback(...args);
  }

  async callTwice(callback) {
    return [await callback(1), await callback(2)];
  }

  async use(target) {
    return [await target.increment(2), await target.value, await target.itself.increment()];
  }

  async attempt(target, name) {
    return await caught(() => target[name]());
  }

  async attemptCallee(name, ...args) {
    return await caught(() => this.env.CALLEE[name](...args));
  }
}

export default { fetch: () => new Response("party") };

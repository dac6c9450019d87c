// A dispatch namespace as it is documented: "echo" says what the namespace was asked for it with.
const isPlain = (value) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const USERS = {
  get(name, args = {}, options = {}) {
    if (typeof name !== "string" || !isPlain(args) || !isPlain(options)) throw new TypeError("other arguments than documented");
    const { limits, outbound, ...rest } = options;
    if (Object.keys(rest).length || (limits && !isPlain(limits)) || (outbound && !isPlain(outbound))) throw new TypeError("other options than documented");
    return {
      async fetch(input, init) {
        if (name !== "echo") throw new Error("Worker not found.");
        const request = new Request(input, init);
        const told = { method: request.method, url: request.url, body: await request.text(), args, options };
        return Response.json(told, { headers: { "X-Worker": name } });
      },
    };
  },
};

export default { USERS };

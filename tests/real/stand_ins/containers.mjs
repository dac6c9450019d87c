// A container as it is documented; "exec" of a command gives what it was asked for, and "exit" ends it.
const isPlain = (value) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
const isTexts = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");
const isDict = (value) => isPlain(value) && isTexts(Object.values(value));
const positive = (value) => typeof value === "number" && value > 0;

function known(options, checks) {
  if (!isPlain(options)) throw new TypeError("options are no plain object");
  for (const [name, value] of Object.entries(options)) {
    if (!checks[name]?.(value)) throw new TypeError(`other options than documented: ${name}`);
  }
}

const isSnapshot = (value) => isPlain(value) && typeof value.id === "string" && typeof value.size === "number" && typeof value.dir === "string";
const START = {
  entrypoint: isTexts,
  enableInternet: (value) => typeof value === "boolean",
  env: isDict,
  image: (value) => typeof value === "string",
  instance: (value) => typeof value === "string" || (isPlain(value) && positive(value.vcpu) && positive(value.memoryMib) && positive(value.diskMb)),
  labels: isDict,
  directorySnapshots: (value) => Array.isArray(value) && value.every((one) => isPlain(one) && (one.snapshot === undefined ? typeof one.mountPoint === "string" : isSnapshot(one.snapshot))),
  containerSnapshot: (value) => isPlain(value) && typeof value.id === "string",
};
const EXEC = {
  cwd: (value) => typeof value === "string",
  user: (value) => typeof value === "string",
  env: isDict,
  signal: (value) => value instanceof AbortSignal,
  pty: (value) => typeof value === "boolean" || (isPlain(value) && Object.values(value).every(positive)),
  stdin: (value) => value === "pipe" || value instanceof ReadableStream,
  stdout: (value) => ["pipe", "ignore"].includes(value),
  stderr: (value) => ["pipe", "ignore", "combined"].includes(value),
};
const signalNumber = (signo) => {
  if (!(Number.isInteger(signo) && signo > 0 && signo <= 64)) throw new RangeError("Invalid signal number.");
};
const notRunning = (method) => new Error(`${method}() cannot be called on a container that is not running.`);

class Process {
  #asked = false;
  #resolve;
  constructor(pid, cmd, options, input) {
    this.pid = pid;
    this.isPty = Boolean(options.pty);
    this.stdin = null;
    const told = JSON.stringify({ cmd, cwd: options.cwd, user: options.user, env: options.env, pty: options.pty, stdin: input });
    const combined = this.isPty || options.stderr === "combined";
    const errors = cmd[0] === "fail" ? "failed" : "";
    this.stdout = options.stdout === "ignore" ? null : new Response(told + (combined ? errors : "")).body;
    if (options.stdin === "pipe") {
      const through = new TransformStream();
      this.stdin = through.writable;
      this.stdout = through.readable;
    }
    this.stderr = combined || options.stderr === "ignore" ? null : new Response(errors).body;
    this.exitCode = new Promise((resolve) => (this.#resolve = resolve));
    if (cmd[0] === "sleep") {
      if (this.stdout) this.stdout = new Response("").body;
      options.signal?.addEventListener("abort", () => this.kill(9));
    } else this.#resolve(cmd[0] === "fail" ? 1 : 0);
  }
  async output() {
    if (this.#asked) throw new TypeError("output() can only be called once.");
    this.#asked = true;
    const [stdout, stderr] = await Promise.all([this.stdout, this.stderr].map((stream) => new Response(stream).arrayBuffer()));
    return { stdout, stderr, exitCode: await this.exitCode };
  }
  kill(signal = 15) {
    signalNumber(signal);
    this.#resolve(128 + signal);
  }
  resize(cols, rows) {
    if (!this.isPty) throw new TypeError("resize() can only be called on a process that was started with a PTY.");
    for (const [name, size] of Object.entries({ cols, rows })) {
      if (!(size >= 1 && size <= 65535)) throw new RangeError(`PTY ${name} must be between 1 and 65535.`);
    }
  }
}

const CONTAINER = {
  running: false,
  images: { app: "registry.example/app:1" },
  start(options = {}) {
    if (this.running) throw new Error("start() cannot be called on a container that is already running.");
    known(options, START);
    if (options.image !== undefined && options.containerSnapshot !== undefined) throw new TypeError("`image` and `containerSnapshot` are mutually exclusive.");
    this.options = options;
    this.reason = undefined;
    this.running = true;
    this.ended = new Promise((resolve) => (this.end = resolve));
  },
  async monitor() {
    if (!this.ended) throw notRunning("monitor");
    const code = await this.ended;
    if (this.reason !== undefined) throw this.reason;
    if (code) throw Object.assign(new Error(`Container exited with unexpected exit code: ${code}`), { exitCode: code });
  },
  async destroy(error) {
    if (!this.running) return;
    this.reason = typeof error === "string" ? new Error(error) : error;
    this.running = false;
    this.end(0);
  },
  signal(signo) {
    signalNumber(signo);
    if (!this.running) throw notRunning("signal");
  },
  getTcpPort(port) {
    if (!(Number.isInteger(port) && port > 0 && port < 65536)) throw new TypeError(`Invalid port number: ${port}`);
    return {
      fetch: async (input, init) => {
        if (!this.running) throw new Error("the container is not running, consider calling start()");
        if (port !== 8080) throw new Error(`the container is not listening in the TCP address 10.0.0.1:${port}`);
        const request = new Request(input, init);
        const path = new URL(request.url).pathname;
        if (path.startsWith("/exit/")) {
          this.running = false;
          this.end(Number(path.slice(6)));
        }
        return Response.json({ method: request.method, path, body: await request.text(), options: this.options });
      },
    };
  },
  async setInactivityTimeout(durationMs) {
    if (typeof durationMs !== "number" && typeof durationMs !== "bigint") throw new TypeError("durationMs is no number");
    if (durationMs <= 0) throw new TypeError("setInactivityTimeout() cannot be called with a durationMs <= 0");
  },
  async interceptOutboundHttp(addr, binding) {
    if (typeof addr !== "string" || typeof binding.fetch !== "function") throw new TypeError("other arguments than documented");
  },
  async interceptOutboundHttps(addr, binding) {
    return this.interceptOutboundHttp(addr, binding);
  },
  async interceptAllOutboundHttp(binding) {
    return this.interceptOutboundHttp("", binding);
  },
  async exec(cmd, options = {}) {
    if (!this.running) throw notRunning("exec");
    if (!isTexts(cmd)) throw new TypeError("cmd is no array of text");
    if (!cmd.length) throw new TypeError("exec() requires a non-empty command array.");
    known(options, EXEC);
    if (options.stderr === "combined" && options.stdout === "ignore") throw new TypeError('stderr: "combined" requires stdout to be "pipe".');
    options.signal?.throwIfAborted();
    return new Process(2, cmd, options, options.stdin && options.stdin !== "pipe" ? await new Response(options.stdin).text() : undefined);
  },
  async snapshotContainer(options) {
    if (!this.running) throw notRunning("snapshotContainer");
    known(options, { name: (value) => typeof value === "string" });
    return { id: "snapshot-1", size: 5, ...options };
  },
  async inspect() {
    return this.running ? { labels: this.options.labels ?? {}, image: this.options.image ?? "" } : null;
  },
};

export default { CONTAINER };

// Workers AI: in workerd the runtime's own client (cloudflare:ai), in Node one that does the same; behind
// both a service that says what it was sent. Models of the form "@echo" and "@sse/…" are its own.
const real = await import("cloudflare:ai").catch(() => null);

class Failure extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

const ORIGIN = "https://workers-binding.ai";
const failure = async (answer, name) => {
  const said = await answer.text();
  try {
    const { internalCode, description, name: theirs, errors } = JSON.parse(said);
    if (internalCode && name === "InferenceUpstreamError") return new Failure(theirs ?? name, `${internalCode}: ${description}`);
    if (name === "InferenceUpstreamError") return new Failure(name, errors ? `${errors[0].code}: ${errors[0].message}` : said);
    return new Failure(name, errors.at(0)?.message || (name === "AiGatewayLogNotFound" ? "Log Not Found" : "Internal Error"));
  } catch {
    return new Failure(name, said);
  }
};

/** What cloudflare:ai exports as Ai, for a place that has no such module. */
class Client {
  #service;
  #options = {};
  aiGatewayLogId = null;
  constructor(service) {
    this.#service = service;
  }
  async run(model, inputs, options = {}) {
    this.#options = options;
    const { prefix, extraHeaders, signal, ...sent } = options;
    const headers = { ...extraHeaders, "cf-consn-sdk-version": "2.0.0", "cf-consn-model-id": prefix ? `${prefix}:${model}` : model };
    const live = (value) => value instanceof ReadableStream || value instanceof FormData;
    const keys = Object.keys(inputs).filter((key) => live(inputs[key]) || (inputs[key] && live(inputs[key].body)));
    if (keys.length > 1) throw new Failure("AiInternalError", `Multiple ReadableStreams are not supported. Found streams in keys: [${keys.join(", ")}]`);
    let url = `${ORIGIN}/run?version=3`;
    let init = { method: "POST", body: JSON.stringify({ inputs, options: sent }), headers: { ...headers, "content-type": "application/json" } };
    if (options.websocket) {
      url += `&body=${encodeURIComponent(init.body)}`;
      init = { headers: { ...headers, Upgrade: "websocket" } };
    } else if (keys.length) {
      const { [keys[0]]: stream, ...rest } = inputs;
      if (sent.gateway?.id) throw new Failure("AiInternalError", "AI Gateway does not support ReadableStreams yet.");
      if (!stream.contentType) throw new Failure("AiInternalError", "Content-Type is required with ReadableStream inputs");
      url += `&${new URLSearchParams({ ...sent, userInputs: JSON.stringify(rest) })}`;
      init = { method: "POST", body: stream.body, headers: { ...headers, "content-type": stream.contentType } };
    } else if (sent.gateway?.id) {
      url = `${ORIGIN}/ai-gateway/run?version=3`;
    }
    if (signal) init.signal = signal;
    const answer = await this.#service.fetch(url, init);
    this.aiGatewayLogId = answer.headers.get("cf-aig-log-id");
    if (this.#options.returnRawResponse || this.#options.websocket) return answer;
    if (!answer.ok || !answer.body) throw await failure(answer, "InferenceUpstreamError");
    return answer.headers.get("content-type") === "application/json" ? await answer.json() : answer.body;
  }
  async models(params = {}) {
    const url = new URL(`${ORIGIN}/ai-api/models/search`);
    for (const [key, value] of Object.entries(params)) url.searchParams.set(key, value.toString());
    const answer = await this.#service.fetch(url, { method: "GET" });
    if (answer.status !== 200) throw await failure(answer, "AiInternalError");
    return (await answer.json()).result;
  }
  websearch(request, params) {
    return this.#service.websearch(request, params);
  }
  toMarkdown() {
    const service = this.#service;
    return {
      async transform(files, options) {
        const list = Array.isArray(files) ? files : [files];
        const base64 = async (blob) => btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
        const sent = await Promise.all(list.map(async ({ name, blob }) => ({ name, mimeType: blob.type, data: await base64(blob) })));
        const headers = { ...options?.extraHeaders, "content-type": "application/json" };
        const init = { method: "POST", body: JSON.stringify({ files: sent, options }), headers };
        const answer = await service.fetch(`${ORIGIN}/to-everything/markdown/transformer`, init);
        if (!answer.ok) throw await failure(answer, "AiInternalError");
        const { result } = await answer.json();
        return Array.isArray(files) ? result : result[0];
      },
      async supported() {
        return (await (await service.fetch(`${ORIGIN}/to-everything/markdown/supported`, { method: "GET", headers: {} })).json()).result;
      },
    };
  }
  gateway(id) {
    const at = `${ORIGIN}/ai-gateway/gateways/${id}`;
    const ask = async (path, init) => {
      const answer = await this.#service.fetch(`${at}${path}`, init);
      if (!answer.ok) throw await failure(answer, answer.status === 404 ? "AiGatewayLogNotFound" : "AiGatewayInternalError");
      return answer.json();
    };
    return {
      run: (data, options) => {
        const { skipCache, cacheTtl, metadata, cacheKey, collectLog, eventId, requestTimeoutMs, retries } = options?.gateway ?? {};
        const named = {
          "skip-cache": skipCache, "cache-ttl": cacheTtl || undefined, metadata: metadata && JSON.stringify(metadata), "cache-key": cacheKey,
          "collect-log": collectLog, "event-id": eventId, "request-timeout": requestTimeoutMs, "max-attempts": retries?.maxAttempts,
          "retry-delay": retries?.retryDelayMs, backoff: retries?.backoff,
        };
        const headers = new Headers({ "content-type": "application/json" });
        for (const [key, value] of Object.entries(named)) if (value !== undefined) headers.set(`cf-aig-${key}`, String(value));
        for (const [key, value] of Object.entries(options?.extraHeaders ?? {})) headers.set(key, value);
        const requests = Array.isArray(data) ? data : [data];
        for (const request of requests) {
          for (const [key, value] of Object.entries(request.headers)) {
            request.headers[key] = typeof value === "object" && value ? JSON.stringify(value) : String(value);
          }
        }
        const init = { method: "POST", body: JSON.stringify(requests), headers, ...(options?.signal && { signal: options.signal }) };
        return this.#service.fetch(`${ORIGIN}/ai-gateway/universal/run/${id}`, init);
      },
      getLog: async (log) => {
        const { result } = await ask(`/logs/${log}`, { method: "GET" });
        return { ...result, created_at: new Date(result.created_at) };
      },
      patchLog: async (log, data) => void (await ask(`/logs/${log}`, { method: "PATCH", body: JSON.stringify(data) })),
      getUrl: async (provider) => (await ask(`/url/${provider ?? "universal"}`, { method: "GET" })).result.url,
    };
  }
}

/** Refuses what is no plain JavaScript data: a Map, a proxy, undefined. */
function plain(value, at) {
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return;
  const live = [ReadableStream, FormData, Blob, AbortSignal].some((kind) => value instanceof kind);
  if (live) return;
  const prototype = typeof value === "object" && Object.getPrototypeOf(value);
  if (Array.isArray(value)) value.forEach((item, index) => plain(item, `${at}[${index}]`));
  else if (prototype === Object.prototype) Object.entries(value).forEach(([key, item]) => plain(item, `${at}.${key}`));
  else throw new TypeError(`${at}: not plain data: ${Object.prototype.toString.call(value)}`);
}

class Strict extends (real?.Ai ?? Client) {
  async run(...args) {
    args.forEach((value, at) => plain(value, ["model", "inputs", "options"][at] ?? `argument ${at}`));
    return super.run(...args);
  }
  async models(...args) {
    args.forEach((value) => plain(value, "params"));
    return super.models(...args);
  }
}
Object.defineProperty(Strict, "name", { value: "Ai" });

// The service ------------------------------------------------------------------------------------

const bytes = (text) => new TextEncoder().encode(text);
const json = (value, init = {}) => Response.json(value, init);
const refusal = (status, internalCode, description) =>
  json({ internalCode, description, name: "InferenceUpstreamError", message: `AiError: ${description}` }, { status });
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };

let cancelled = 0;
/** A text as a stream of chunks of these sizes, in turn, which may end in a line or in a character. */
function pieces(text, sizes = [1, 7, 3, 20, 2]) {
  let [rest, at] = [bytes(text), 0];
  return new ReadableStream({
    pull(controller) {
      const size = sizes[at++ % sizes.length];
      if (rest.length) controller.enqueue(rest.slice(0, size));
      else controller.close();
      rest = rest.slice(size);
    },
    cancel: () => void cancelled++,
  });
}
const sse = (text, sizes) => new Response(pieces(text, sizes), { headers: { "content-type": "text/event-stream" } });
const lines = (events, end = "\n") => [...events.map((event) => `data: ${JSON.stringify(event)}`), "data: [DONE]"].map((line) => line + end + end).join("");

const MODELS = {
  "@cf/meta/llama-3.2-3b-instruct": ({ stream, prompt, response_format: format }) => {
    if (prompt === "fail") return refusal(429, 3040, "Capacity temporarily exceeded, please try again.");
    if (format) return json({ response: { title: "Söup", minutes: 20 }, usage });
    if (!stream) return json({ response: `You said: ${prompt}`, usage });
    return sse(lines([{ response: "Grüß", p: "ab" }, { response: " dich 👋", p: "a" }, { response: "", usage }]));
  },
  "@cf/moonshotai/kimi-k2.6": ({ stream, response_format: format }) => {
    const head = { id: "c1", created: 1, model: "@cf/moonshotai/kimi-k2.6" };
    const content = format ? '{"title": "Soup", "minutes": 20.0}' : "Hello";
    if (!stream) return json({ ...head, object: "chat.completion", choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }], usage });
    const chunk = (text) => ({ ...head, object: "chat.completion.chunk", choices: [{ index: 0, delta: { content: text } }] });
    return sse(lines([chunk("Hel"), chunk("lo")], "\r\n"), [9, 1, 4]);
  },
  "@cf/baai/bge-small-en-v1.5": ({ text, pooling }) => {
    const data = [text].flat().map((item, at) => [at, 0.5, Math.fround(0.1), -item.length]);
    return json({ shape: [data.length, 4], data, pooling: pooling ?? "mean" });
  },
  "@cf/baai/bge-m3": ({ requests, request_id: id, contexts }) => {
    if (contexts) return json({ response: [{ id: 1, score: 1 }, { id: 0, score: 0.25 }] });
    if (id) return json({ responses: [{ id: 0, result: { shape: [1, 2], data: [[1, 0]] }, success: true }] });
    return requests ? json({ status: "queued", model: "@cf/baai/bge-m3", request_id: "r1" }) : json({ shape: [2, 2], data: [[1, 2, 3], [4]] });
  },
  "@cf/huggingface/distilbert-sst-2-int8": () => json([{ label: "POSITIVE", score: 1 }, { label: "NEGATIVE", score: 0 }]),
  "@cf/openai/gpt-oss-20b": ({ input }) => {
    const message = { type: "message", role: "assistant", content: [{ type: "output_text", text: input, annotations: [] }] };
    const reasoning = { type: "reasoning", content: [{ type: "reasoning_text", text: "Hm." }] };
    return json({ id: "r1", object: "response", status: "completed", output: [reasoning, message] });
  },
  "@cf/leonardo/lucid-origin": () => json({ nothing: true }),
  "@cf/openai/whisper": ({ audio }) => (Array.isArray(audio) ? json({ text: audio.join(" "), word_count: audio.length }) : refusal(400, 5004, "AiError: Bad input: audio")),
  "@cf/openai/whisper-large-v3-turbo": ({ audio }) => json({ text: atob(audio) }),
  "@cf/black-forest-labs/flux-1-schnell": () => json({ image: btoa("\x00\x01JPEG\xff") }),
  "@cf/lykon/dreamshaper-8-lcm": ({ image }) => new Response(new Uint8Array([137, 80, 78, 71, ...(image ?? [])]), { headers: { "content-type": "image/png" } }),
  "@cf/myshell-ai/melotts": () => json({ audio: btoa("ID3\xff") }),
  "@cf/deepgram/aura-1": () => new Response(new Uint8Array([255, 251, 0]), { headers: { "content-type": "audio/mpeg" } }),
  "@sse/none": () => sse("", [5]),
  "@sse/bad": () => sse("data: {nonsense\n\n"),
  "@sse/odd": () => sse(': a comment\nevent: delta\nid: 1\ndata: {"a":\ndata: 1}\n\n\n\ndata:{"b":2}\r\rretry: 5\n\ndata: {"c":3}', [2]),
  "@sse/wait": (_, { signal }) => {
    // as fetch does it, and cloudflare:ai hands the signal to fetch
    const start = (controller) => {
      controller.enqueue(bytes('data: {"a":1}\n\n'));
      signal?.addEventListener("abort", () => controller.error(signal.reason));
    };
    return new Response(new ReadableStream({ start }));
  },
  "@sse/broken": () => {
    let count = 0;
    const pull = (controller) => (count++ ? controller.error(new TypeError("the model went away")) : controller.enqueue(bytes('data: {"a":1}\n\n')));
    return new Response(new ReadableStream({ pull }));
  },
  "@slow": (_, { signal }) => new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason));
  }),
  "@cancelled": () => json({ cancelled }),
  "@fail/text": () => new Response("out of order", { status: 500 }),
  "@fail/errors": () => json({ errors: [{ code: 7003, message: "No route" }] }, { status: 404 }),
};

const log = { id: "log-1", provider: "workers-ai", model: "m", path: "/run", duration: 12.5, status_code: 200, success: true, cached: false, request_size: 1, response_size: 2, request_head_complete: true, response_head_complete: true, created_at: "2026-07-01T12:00:00.000Z" };
let patched = {};

const service = {
  async websearch(request) {
    plain(request, "request");
    return json(request);
  },
  async fetch(input, init) {
    const url = new URL(input);
    const headers = Object.fromEntries(new Headers(init.headers));
    const [, area, kind, id, what, last] = url.pathname.split("/");
    if (area === "ai-api") {
      const asked = Object.fromEntries(url.searchParams);
      if (asked.page === "0") return json({ errors: [{ message: "page must be 1 or more" }] }, { status: 400 });
      const task = { id: "t", name: "Text Generation", description: "…" };
      return json({ result: [{ id: "m1", source: 1, name: "@cf/a/b", description: JSON.stringify(asked), task, tags: [], properties: [{ property_id: "beta", value: "true" }] }] });
    }
    if (area === "to-everything") {
      if (id === "supported") return json({ result: [{ mimeType: "application/pdf", extension: ".pdf" }] });
      const { files, options } = JSON.parse(init.body);
      if (!files.length) return json({ errors: [{ message: "no files" }] }, { status: 400 });
      return json({ result: files.map(({ name, mimeType, data }, at) =>
        mimeType === "text/html" ? { id: `d${at}`, name, mimeType, format: "markdown", tokens: 3, data: JSON.stringify({ text: atob(data), options, headers }) }
          : { id: `d${at}`, name, mimeType, format: "error", error: `cannot convert ${mimeType}` }) });
    }
    if (kind === "gateways") {
      if (what === "url") return json({ result: { url: `https://gateway.ai.cloudflare.com/v1/account/${id}/${last}` } });
      if (last !== "log-1") return json({ errors: [] }, { status: 404 });
      if (init.method === "PATCH") patched = JSON.parse(init.body);
      return json({ result: { ...log, ...patched } });
    }
    if (kind === "universal") return json({ gateway: what, requests: JSON.parse(init.body), headers });
    const model = headers["cf-consn-model-id"];
    const isJson = headers["content-type"] === "application/json";
    const isSocket = headers.upgrade === "websocket";
    const sent = isJson ? JSON.parse(init.body) : isSocket ? JSON.parse(url.searchParams.get("body")) : {};
    if (model.endsWith("@echo")) {
      const { version, body: _, userInputs, ...query } = Object.fromEntries(url.searchParams);
      const streamed = userInputs && { inputs: JSON.parse(userInputs), body: await new Response(init.body).text(), type: headers["content-type"], options: query };
      const said = { model, ...sent, ...streamed, headers, path: url.pathname };
      return json(said, { status: sent.inputs?.status ?? 200, headers: { "cf-aig-log-id": "log-1", "cf-ai-req-id": "q" } });
    }
    if (!(model in MODELS)) return refusal(400, 5007, `No such model ${model} or task`);
    return MODELS[model](sent.inputs ?? {}, init);
  },
};

export default { AI: new Strict(service) };

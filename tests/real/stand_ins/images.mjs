// Images, with what the local simulation lacks, and repeating what it is told: `IMAGES_ECHO`. It is strict
// about JavaScript's types, as the binding of the runtime and the service behind it are.
const plain = (value, what) => {
  if (value === undefined) return {};
  if (Object.prototype.toString.call(value) !== "[object Object]" || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new TypeError(`${what} is not a plain object`);
  }
  return JSON.parse(JSON.stringify(value, (key, each) => {
    if (each !== null && typeof each === "object" && !Array.isArray(each) && Object.getPrototypeOf(each) !== Object.prototype) {
      throw new TypeError(`${what}.${key} is not a plain object`);
    }
    if (each === null) throw new TypeError(`${what}.${key} is null`);
    return each;
  }));
};
const streamed = (value) => {
  if (!(value instanceof ReadableStream)) throw new TypeError("the image is not a ReadableStream");
  return value;
};
const read = async (stream, base64) => {
  const text = await new Response(stream).text();
  return base64 ? atob(text) : text;
};

class Transformer {
  constructor(source, steps = []) {
    this.source = source;
    this.steps = steps;
  }
  transform(options) {
    this.steps.push({ transform: plain(options, "transform") });
    return this;
  }
  draw(image, options) {
    const drawn = image instanceof Transformer ? image.source : { image: streamed(image) };
    this.steps.push({ draw: drawn, options: plain(options, "draw") });
    return this;
  }
  async output(options) {
    const known = async (source) => (source.image ? { image: await read(source.image, source.base64) } : source);
    const steps = await Promise.all(this.steps.map(async (step) => (step.draw ? { ...step, draw: await known(step.draw) } : step)));
    return new Result(JSON.stringify({ source: await known(this.source), steps, output: plain(options, "output") }));
  }
}

class Result {
  constructor(text) {
    this.text = text;
  }
  contentType() {
    return "application/json";
  }
  image(options) {
    const base64 = plain(options, "options").encoding === "base64";
    return new Response(base64 ? btoa(this.text) : this.text).body;
  }
  response(options) {
    const headers = new Headers(options?.headers);
    headers.set("content-type", this.contentType());
    return new Response(this.text, { headers });
  }
}

class Handle {
  #id;
  constructor(id) {
    this.#id = id;
  }
  async details() {
    return this.#id === "missing" ? null : { id: this.#id, requireSignedURLs: true, variants: [], meta: null };
  }
  async bytes() {
    return this.#id === "missing" ? null : new Response("bytes").body;
  }
  async signedUrl(options) {
    return `https://images.example/${this.#id}?${JSON.stringify(plain(options, "options"))}`;
  }
  async update(options) {
    return { id: this.#id, requireSignedURLs: false, variants: [], meta: plain(options, "options") };
  }
  async delete() {
    return this.#id !== "missing";
  }
}

class Hosted {
  #made = (id, more) => ({ id, uploaded: "2026-07-01T12:00:00.000Z", requireSignedURLs: false, variants: [], ...more });
  image(id) {
    if (typeof id !== "string") throw new TypeError("the id is not a string");
    return new Handle(id);
  }
  async upload(image, options) {
    const meta = { options: plain(options, "options"), image: await read(streamed(image)) };
    return this.#made("uploaded", { meta });
  }
  async list(options) {
    return { images: [this.#made("listed", { meta: plain(options, "options") })], cursor: "next", listComplete: false };
  }
  async createDirectUpload(options) {
    return { id: JSON.stringify(plain(options, "options")), uploadURL: "https://upload.example/1" };
  }
}

class Images {
  hosted = new Hosted();
  async info(image, options) {
    const base64 = plain(options, "options").encoding === "base64";
    const text = await read(streamed(image), base64);
    if (text === "broken") throw Object.assign(new Error("IMAGES_INFO_ERROR 9520: unsupported"), { code: 9520 });
    return { format: text, fileSize: text.length, width: 3, height: 2 };
  }
  input(image, options) {
    return new Transformer({ image: streamed(image), base64: plain(options, "options").encoding === "base64" });
  }
  text(content, options) {
    if (typeof content !== "string") throw new TypeError("the content is not a string");
    return new Transformer({ content, options: plain(options, "options") });
  }
}

export default { IMAGES_ECHO: new Images() };

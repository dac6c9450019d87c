// Media Transformations, repeating what it is told: `MEDIA`; a frame is named by its type alone. It is strict
// about JavaScript's types.
const plain = (value, what) => {
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError(`${what} is no plain object`);
  for (const [key, each] of Object.entries(value)) {
    if (!["string", "number", "boolean"].includes(typeof each)) throw new TypeError(`${what}.${key} is ${each}`);
  }
  return value;
};

class Result {
  #source;
  #told;
  constructor(source, told) {
    this.#source = source;
    this.#told = told;
  }
  async contentType() {
    const { mode = "video", format } = this.#told.output;
    return { video: "video/mp4", audio: "audio/mp4" }[mode] ?? (format === "png" ? "image/png" : "image/jpeg");
  }
  async media() {
    const text = await new Response(this.#source).text();
    if (text === "broken") throw Object.assign(new Error("the input is not a video"), { code: 9000 });
    return new Response(text === "tell" ? JSON.stringify(this.#told) : text).body;
  }
  async response() {
    return new Response(await this.media(), { headers: { "content-type": await this.contentType() } });
  }
}

class Generator {
  #source;
  #transform;
  constructor(source, transform) {
    this.#source = source;
    this.#transform = transform;
  }
  output(options) {
    return new Result(this.#source, { transform: this.#transform, output: plain(options, "output") });
  }
}

class Transformer extends Generator {
  #source;
  constructor(source) {
    super(source, {});
    this.#source = source;
  }
  transform(options) {
    return new Generator(this.#source, plain(options, "transform"));
  }
}

class Media {
  input(media) {
    if (!(media instanceof ReadableStream)) throw new TypeError("the input is not a ReadableStream");
    return new Transformer(media);
  }
}

export default { MEDIA: new Media() };

// Workers AI where there is none: the runtime's own client, and behind it a service that embeds texts by their
// words, and answers by quoting the first note that it is shown.
import { Ai } from "cloudflare:ai";

const DIMENSIONS = 1024;
const pause = () => new Promise((resolve) => setTimeout(resolve, 30));

function embedding(text) {
  const vector = new Array(DIMENSIONS).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    let number = 2166136261; // FNV-1a
    for (const unit of word) number = Math.imul(number ^ unit.codePointAt(0), 16777619) >>> 0;
    vector[number % DIMENSIONS] += 1;
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

const refusal = (status, internalCode, description) => Response.json({ internalCode, description }, { status });

/** The answer in pieces, and slowly, as models write. */
function events(words) {
  let at = 0;
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      await pause();
      const data = at < words.length ? JSON.stringify({ response: words[at++] }) : "[DONE]";
      controller.enqueue(encoder.encode(`data: ${data}\n\n`));
      if (data === "[DONE]") controller.close();
    },
  });
}

const MODELS = {
  "@cf/baai/bge-m3": ({ text }) => Response.json({ shape: [text.length, DIMENSIONS], data: text.map(embedding) }),
  "@cf/meta/llama-3.3-70b-instruct-fp8-fast": ({ messages, stream }) => {
    const told = messages.at(-1).content;
    if (told.endsWith("Question: too much")) return refusal(429, 3040, "Capacity temporarily exceeded, please try again.");
    const [, note] = told.match(/^\[1\] .*\n(.*)/m);
    const answer = `The notes say: “${note}” [1]`;
    if (!stream) return Response.json({ response: answer });
    return new Response(events(answer.match(/\s*\S+/g)), { headers: { "content-type": "text/event-stream" } });
  },
};

const service = {
  async fetch(url, { headers, body }) {
    const model = new Headers(headers).get("cf-consn-model-id");
    return MODELS[model]?.(JSON.parse(body).inputs) ?? refusal(400, 5007, `No such model ${model} or task`);
  },
};

export default { AI: new Ai(service) };

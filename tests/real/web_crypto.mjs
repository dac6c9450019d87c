// Web Crypto for a caller on plain CPython: `node web_crypto.mjs node` calls Node's own, and `… workerd` the
// runtime's. Each line of stdin is a call as JSON, and each line of stdout its answer; stdin's end stops it.
import fs from "node:fs";
import { createInterface } from "node:readline";
import * as calls from "./web_crypto_calls.mjs";

process.removeAllListeners("warning"); // the curves of 2020 are experimental in Node 20

let { answer } = calls;
let miniflare;
if (process.argv[2] === "workerd") {
  const { Miniflare } = await import("miniflare");
  const script = fs.readFileSync(new URL("./web_crypto_calls.mjs", import.meta.url), "utf8");
  miniflare = new Miniflare({ modules: true, compatibilityDate: "2026-07-01", script });
  const url = await miniflare.ready;
  answer = async (call) => {
    const response = await fetch(url, { method: "POST", body: JSON.stringify(call) });
    return await response.json();
  };
}
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
await miniflare?.dispose();
process.exit(0);

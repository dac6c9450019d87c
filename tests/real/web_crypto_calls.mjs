// Calls of crypto.subtle as JSON, the same in Node and in a Worker: web_crypto.mjs passes them on.
const keys = new Map();

const base64 = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

function decoded(value) {
  if (Array.isArray(value)) return value.map(decoded);
  if (value === null || typeof value !== "object") return value;
  if ("$bytes" in value) return bytes(value.$bytes);
  if ("$key" in value) return keys.get(value.$key);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, decoded(item)]));
}

function encoded(value) {
  if (value instanceof ArrayBuffer) return { $bytes: base64(value) };
  if (ArrayBuffer.isView(value)) return { $bytes: base64(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)) };
  if (Array.isArray(value)) return value.map(encoded);
  if (value === null || typeof value !== "object") return value;
  if (value instanceof CryptoKey) {
    keys.set(keys.size, value);
    const { type, extractable, algorithm, usages } = value;
    return { $key: keys.size - 1, type, extractable, usages, algorithm: encoded(algorithm) };
  }
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(fields.map(([name, item]) => [name, encoded(item)]));
}

export async function answer({ method, args }) {
  try {
    return { value: encoded(await crypto.subtle[method](...args.map(decoded))) };
  } catch (error) {
    return { error: { name: error.name, message: error.message } };
  }
}

export default {
  async fetch(request) {
    return Response.json(await answer(await request.json()));
  },
};

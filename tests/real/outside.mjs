// The outside world of the contract checks, as tests/contract/outside.py is that of the fakes: what a
// global fetch reaches. In workerd miniflare asks `answer`; in Node, whose fetch is its own, a server does.
import { createServer } from "node:http";
import net from "node:net";
import { Response } from "miniflare";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const OWN = /^(accept|accept-encoding|accept-language|connection|content-length|host|mf-.*|sec-fetch-mode|user-agent|cf-.*|transfer-encoding)$/;

export async function answer(request) {
  const url = new URL(request.url);
  const [, what, argument] = url.pathname.split("/");
  if (what === "redirect") {
    const location = url.searchParams.get("to");
    return new Response(argument === "304" ? null : "moved", { status: +argument, headers: location === null ? {} : { location } });
  }
  if (what === "status") return new Response("so", { status: +argument, statusText: "As Asked" });
  if (what === "slow") {
    await pause(1500);
    return new Response("slow");
  }
  if (what === "drip") {
    let count = 0;
    const pull = async (controller) => {
      if (count) await pause(150);
      if (count++ === 4) controller.close();
      else controller.enqueue(new TextEncoder().encode("drip "));
    };
    return new Response(new ReadableStream({ pull }));
  }
  if (what === "held") {
    // the rest never comes
    const start = (controller) => controller.enqueue(new TextEncoder().encode("one "));
    return new Response(new ReadableStream({ start }));
  }
  if (what === "cookies") return new Response("", { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] });
  const headers = Object.fromEntries([...request.headers].filter(([name]) => !OWN.test(name)));
  return Response.json({ method: request.method, url: request.url, headers, body: await request.text() });
}

/** The same behind a port of this machine; its URL. */
export async function serve() {
  const server = createServer(async (request, response) => {
    try {
      const url = `http://${request.headers.host}${request.url}`;
      const body = [];
      for await (const chunk of request) body.push(chunk);
      const text = async () => Buffer.concat(body).toString();
      const answered = await answer({ url, method: request.method, headers: Object.entries(request.headers), text });
      response.statusMessage = answered.statusText;
      response.writeHead(answered.status, [...answered.headers].flat());
      for await (const chunk of answered.body ?? []) response.write(chunk);
      response.end();
    } catch (error) {
      response.destroy(error);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

/** An echo over TCP on a port of this machine, which ends at "QUIT" and resets at "RESET"; its address. */
export async function serveTcp() {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      if (data.toString() === "QUIT") socket.end("bye");
      else if (data.toString() === "RESET") socket.resetAndDestroy();
      else socket.write(data);
    });
    socket.on("end", () => socket.end());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return `127.0.0.1:${server.address().port}`;
}

/** A Worker's options, in which the databases at "tcp.example:7" are at that address. */
export function withDatabases(options, address) {
  const found = Object.entries(options?.hyperdrives ?? {});
  return { ...options, hyperdrives: Object.fromEntries(found.map(([name, url]) => [name, url.replace("tcp.example:7", address)])) };
}

// Vectorize behind the runtime's own client, which miniflare has for indexes that are far away: here is
// what it reaches, over HTTP, in place of the service.
import { createServer } from "node:http";
import { Service } from "./stand_ins/vectorize.mjs";

async function handle(services, request) {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  const service = services[request.headers["mf-binding"]];
  const path = new URL(request.headers["mf-url"]).pathname.slice(1);
  if (path === "info") return service.answer("describe");
  if (path !== "insert" && path !== "upsert") return service.answer(path, JSON.parse(body));
  const lines = body.split("\n").filter(Boolean);
  const wanted = `${lines.length} ${JSON.parse(lines[0] ?? '{"values":[]}').values.length}`;
  const said = ["height", "width"].map((side) => request.headers[`mf-header-cf-vector-search-dim-${side}`]);
  if (said.join(" ") !== wanted) return { status: 400, json: { error: `${wanted} vectors, not ${said}` } };
  return service.answer(path, lines.map((line) => JSON.parse(line)));
}

/** miniflare's options for the indexes that a Worker's `vectorize` names: {binding: metric}. */
export async function indexes(metrics = {}) {
  if (!Object.keys(metrics).length) return {};
  const services = Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, new Service(metric)]));
  const server = createServer(async (request, response) => {
    const { status, json } = await handle(services, request).catch((error) => ({ status: 500, json: { error: error.stack } }));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const remoteProxyConnectionString = new URL(`http://127.0.0.1:${server.address().port}`);
  const entries = Object.entries(metrics).map(([name, metric]) => [name, { index_name: metric, remoteProxyConnectionString }]);
  return { vectorize: Object.fromEntries(entries) };
}

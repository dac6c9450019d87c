// A plugin for miniflare: a worker's bindings to the Durable Objects in which it simulates KV, R2 and
// queues, so that the worker itself can tell them the time: from Node each word is an HTTP request.
const namespaces = (bindings) =>
  bindings?.map(({ name, options }) => ({ name, durableObjectNamespace: { ...options } }));

export const plugins = {
  simulators: { getBindings: namespaces, getNodeBindings: () => ({}), getServices: () => [] },
};

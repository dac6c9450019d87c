// For stand-ins of what a Worker gets over RPC. No import of cloudflare:workers here: Node has none, and
// workerd dies of a second one that is awaited at the top level of modules.
const { RpcTarget = Object, RpcStub } = globalThis[Symbol.for("cloudflare:workers")] ?? {};

/** A binding of that object: in workerd an RPC stub, which belongs to one request, in Node the object. */
const bound = (target) => (RpcStub ? new RpcStub(target) : target);

export { RpcTarget, bound };
export default {};

// A Vectorize index in memory, as far as the Worker uses one.
const stored = new Map();

function checked(values) {
  if (!(values instanceof Float32Array) || values.length !== 1024) throw new TypeError("expected a Float32Array of 1024");
  return values;
}
const dot = (a, b) => a.reduce((sum, x, at) => sum + x * b[at], 0);
const cosine = (a, b) => dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1);
const changed = () => ({ mutationId: crypto.randomUUID() });

const INDEX = {
  async upsert(vectors) {
    for (const { id, values } of vectors) stored.set(id, checked(values).slice());
    return changed();
  },
  async deleteByIds(ids) {
    if (ids.length > 100) throw new Error(`VECTOR_DELETE_ERROR (code = 40007): too many ids in payload; max id count is 100, got ${ids.length}`);
    ids.forEach((id) => stored.delete(id));
    return changed();
  },
  async query(vector, { topK = 5 }) {
    checked(vector);
    const scored = [...stored].map(([id, values]) => ({ id, score: cosine(vector, values) }));
    const matches = scored.sort((a, b) => b.score - a.score).slice(0, topK);
    return { matches, count: matches.length };
  },
  async queryById() {
    throw new Error("not here");
  },
};

export default { INDEX };

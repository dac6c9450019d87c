// Version metadata: data, in the shape that production gives.
export default { VERSION: { id: "8a3c0d5e-0000-4000-8000-000000000000", tag: "v1", timestamp: "2026-07-01T12:00:00.000Z" } };

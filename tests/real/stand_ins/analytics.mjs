// Analytics Engine as workerd's own class has it, which no local configuration reaches: its types and its
// limits. `written` gives the points back.
const refuse = (message) => {
  throw new TypeError(`writeDataPoint(): ${message}`);
};

const bytesOf = (value) => (typeof value === "string" ? new TextEncoder().encode(value) : value);

function checked(values, name, isOne) {
  if (!Array.isArray(values)) refuse(`${name} is no array`);
  if (!values.every(isOne)) refuse(`${name} has a value of another type`);
  return values;
}

const isText = (value) => value === null || typeof value === "string" || value instanceof Uint8Array;
const size = (values) => values.reduce((sum, value) => sum + (value === null ? 0 : bytesOf(value).length), 0);
const points = [];

const POINTS_KEPT = {
  writeDataPoint(point = {}) {
    if (Object.getPrototypeOf(point) !== Object.prototype) refuse("not a plain object");
    const { blobs = [], doubles = [], indexes = [], ...rest } = point;
    if (Object.keys(rest).length) refuse(`unknown ${Object.keys(rest)}`);
    checked(blobs, "blobs", isText);
    checked(doubles, "doubles", (value) => typeof value === "number");
    checked(indexes, "indexes", isText);
    if (indexes.length > 1) refuse("Maximum of 1 indexes supported.");
    if (size(indexes) > 96) refuse("Size of indexes[0] exceeds 96 bytes).");
    if (blobs.length > 20) refuse("Maximum of 20 blobs supported.");
    if (size(blobs) > 16000) refuse("Cumulative size of blobs exceeds 16000 bytes).");
    if (doubles.length > 20) refuse("Maximum of 20 doubles supported.");
    points.push({ blobs, doubles, indexes });
  },
  written: () => points.splice(0),
};

export default { POINTS_KEPT };

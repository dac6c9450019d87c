// Flagship as the documentation has it, with four flags; one of them has a rule.
const VALUES = {
  on: true,
  color: "teal",
  limit: 2.5,
  menu: { items: ["a", null], constructor: "x" },
};

const typeOf = (value) => (Array.isArray(value) || value === null ? "object" : typeof value);

function details(key, defaultValue, context, ...more) {
  if (more.length || typeof key !== "string" || defaultValue === undefined) throw new TypeError("other arguments than documented");
  if (context !== undefined && Object.getPrototypeOf(context) !== Object.prototype) throw new TypeError("context is no plain object");
  if (typeof defaultValue === "object" && defaultValue !== null && !Array.isArray(defaultValue) && Object.getPrototypeOf(defaultValue) !== Object.prototype) {
    throw new TypeError("default is no plain object");
  }
  if (key === "broken") throw new Error("binding unreachable");
  const found = { flagKey: key, value: defaultValue, reason: "ERROR" };
  if (key === "plan") {
    const pro = context?.plan === "pro";
    return { ...found, value: pro ? "new" : "old", variant: pro ? "b" : "a", reason: pro ? "TARGETING_MATCH" : "DEFAULT" };
  }
  if (!(key in VALUES)) return { ...found, errorCode: "FLAG_NOT_FOUND", errorMessage: `no flag ${key}` };
  if (typeOf(VALUES[key]) !== typeOf(defaultValue)) return { ...found, errorCode: "TYPE_MISMATCH" };
  return { ...found, value: VALUES[key], reason: "DEFAULT" };
}

const FLAGS = {};
for (const type of ["", "Boolean", "String", "Number", "Object"]) {
  const checked = (args) => {
    if (type && typeOf(args[1]) !== type.toLowerCase()) throw new TypeError(`the default is no ${type}`);
    return details(...args);
  };
  FLAGS[`get${type}Value`] = async (...args) => checked(args).value;
  FLAGS[`get${type}Details`] = async (...args) => checked(args);
}

export default { FLAGS };

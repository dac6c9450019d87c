// A pipeline that keeps what it is sent: the local simulation forgets it.
const isRecord = (value) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
const kept = [];

const STREAM_KEPT = {
  async send(records) {
    if (!Array.isArray(records) || !records.every(isRecord)) throw new TypeError("records: expected an array of plain objects");
    kept.push(...structuredClone(records));
  },
  sent: () => kept.splice(0),
};

export default { STREAM_KEPT };

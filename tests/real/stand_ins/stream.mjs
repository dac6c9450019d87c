// Stream, with what the local simulation lacks: `VIDEOS_ECHO` has direct uploads, whose id repeats what they
// were told, and errors with their numbers. In workerd behind RPC.
import { RpcTarget, bound } from "./rpc.mjs";

class NotFoundError extends Error {
  name = "NotFoundError";
  code = 10003;
  statusCode = 404;
}

const plain = (value, what) => {
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError(`${what} is no plain object`);
  for (const [key, each] of Object.entries(value)) {
    if (each === null || each === undefined) throw new TypeError(`${what}.${key} is ${each}`);
    if (typeof each === "object" && !Array.isArray(each)) plain(each, `${what}.${key}`);
  }
  return value;
};

class Video extends RpcTarget {
  async details() {
    throw new NotFoundError("Video not found: 1");
  }
}

class Videos extends RpcTarget {
  video() {
    return new Video();
  }
  async createDirectUpload(params, ...more) {
    if (more.length) throw new TypeError("other arguments than documented");
    const { watermark, scheduledDeletion = null } = plain(params, "params");
    const known = { size: 3, height: 1, width: 1, created: "2030-01-02T03:04:05.678Z", downloadedFrom: null, name: "m", opacity: 1, padding: 0.05, scale: 0.15, position: "upperRight" };
    const applied = watermark ? { id: watermark.id, ...known } : null;
    return { uploadURL: "https://upload.example/1", id: JSON.stringify(params), watermark: applied, scheduledDeletion };
  }
}

const videos = new Videos();
export default {
  get VIDEOS_ECHO() {
    return bound(videos);
  },
};

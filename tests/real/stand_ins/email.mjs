// Sending email as the service documents it, with the codes of its errors. `sent` gives back what it took.
const refuse = (code, message) => {
  throw Object.assign(new Error(message), { code });
};

const isPlain = (value) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
const isText = (value) => typeof value === "string";
const isAddress = (value) => isText(value) || (isPlain(value) && Object.keys(value).sort().join() === "email,name");
const isAttachment = (value) =>
  isPlain(value) &&
  ["filename", "type", "disposition"].every((name) => isText(value[name])) &&
  (isText(value.content) || value.content instanceof Uint8Array) &&
  (value.disposition === "inline") === isText(value.contentId);
const all = (isOne) => (value) => Array.isArray(value) && value.every(isOne);
const PARTS = {
  from: isAddress,
  subject: isText,
  to: all(isAddress),
  cc: all(isAddress),
  bcc: all(isAddress),
  replyTo: isAddress,
  text: isText,
  html: isText,
  headers: (value) => isPlain(value) && Object.values(value).every(isText),
  attachments: all(isAttachment),
};

let sent = null;

const MAIL_SERVICE = {
  async send(message) {
    if (!isPlain(message)) throw new TypeError("not a plain object");
    for (const [name, value] of Object.entries(message)) {
      if (!PARTS[name]?.(value)) refuse("E_VALIDATION_ERROR", `Validation error in the payload: ${name}`);
    }
    const { to = [], cc = [], bcc = [], attachments = [] } = message;
    const recipients = [...to, ...cc, ...bcc];
    if (!recipients.length || message.from === undefined || message.subject === undefined) {
      refuse("E_FIELD_MISSING", "Required field is missing");
    }
    if (recipients.length > 50) refuse("E_TOO_MANY_RECIPIENTS", "Too many recipients in to/cc/bcc arrays");
    if (attachments.length > 32) refuse("E_TOO_MANY_ATTACHMENTS", "Too many attachments in `attachments` array");
    sent = message;
    return { messageId: "<0123@example.com>" };
  },
  sent: () => sent,
};

export default { MAIL_SERVICE };

// Reads configurations with wrangler's own functions. Each line of the input is a JSON object
// {folder, config}; each line of the output is {vars}, or {error} if wrangler refuses the file.
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

process.env.WRANGLER_SEND_METRICS = "false";
const print = process.stdout.write.bind(process.stdout);
for (const name of ["log", "warn", "error", "info", "debug"]) console[name] = () => {};
const entry = path.resolve(process.argv[2], "wrangler-dist/cli.js");
const { default: wrangler } = await import(pathToFileURL(entry).href);

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { folder, config } = JSON.parse(line);
  const file = path.join(folder, config);
  let answer;
  try {
    const read = wrangler.unstable_readConfig({ config: file }, { hideWarnings: true });
    const bindings = wrangler.unstable_getVarsForDev(
      file, undefined, read.vars, undefined, true, read.secrets,
    );
    const vars = Object.entries(bindings).map(([name, { value }]) => [name, value ?? null]);
    answer = { vars: Object.fromEntries(vars) };
  } catch (error) {
    answer = { error: String(error.message) };
  }
  print(JSON.stringify(answer) + "\n");
}

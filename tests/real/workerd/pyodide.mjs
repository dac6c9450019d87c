// Prepares one Pyodide release for workerd: its Emscripten glue as an ES module whose platform calls go
// through host.mjs, and its standard library compiled once to bytecode and kept in ../.cache.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Worker, isMainThread, workerData } from "node:worker_threads";

const CACHE = fileURLToPath(new URL("../.cache/", import.meta.url));
const GLUE = { "0.28": "pyodide.asm.js", 314: "pyodide.asm.mjs" };

/** The four modules (glue text, its wasm, its marker wasm, the stdlib zip) of Pyodide "0.28" or "314". */
export async function loadDistribution(version) {
  if (!(version in GLUE)) throw new Error(`"pyodide" must be one of ${Object.keys(GLUE).join(", ")}, not ${JSON.stringify(version)}`);
  const dir = path.dirname(createRequire(import.meta.url).resolve(`pyodide-${version}/package.json`));
  const read = (name, encoding) => fs.readFileSync(path.join(dir, name), encoding);
  const marker = /"(AGFzbQ[\w+/=]+)"/.exec(read("pyodide.mjs", "utf8"));
  if (!marker) throw new Error(`pyodide-${version}: pyodide.mjs no longer carries the error-marker wasm`);
  return {
    glue: patch(version, read(GLUE[version], "utf8")),
    wasm: read("pyodide.asm.wasm"),
    marker: Buffer.from(marker[1], "base64"),
    stdlib: await compiledStdlib(version, JSON.parse(read("package.json")).version),
  };
}

function patch(version, text) {
  const replace = (from, to) => {
    if (!text.includes(from)) throw new Error(`pyodide-${version}: its glue no longer contains ${JSON.stringify(from)}`);
    text = text.replaceAll(from, to);
  };
  // workerd compiles WebAssembly at run time only through its unsafe-eval binding, and its clock stands
  // still between I/O, which would make Python's import system trust stale directory listings.
  replace("new WebAssembly.Module(", "newWasmModule(");
  replace("Date.now", "monotonicNow");
  if (version === "0.28") replace("globalThis._createPyodideModule = _createPyodideModule;", "export default _createPyodideModule;");
  return `import { addEventListener, crypto, location, monotonicNow, newWasmModule, setTimeout } from "./host.mjs";\n${text}`;
}

async function compiledStdlib(version, release) {
  const file = path.join(CACHE, `stdlib-${release}.zip`);
  if (!fs.existsSync(file)) {
    process.stderr.write(`compiling the standard library of Pyodide ${release} (once)\n`);
    const worker = new Worker(new URL(import.meta.url), { workerData: { version, file } });
    await new Promise((resolve, reject) => worker.once("error", reject).once("exit", resolve));
  }
  return fs.readFileSync(file);
}

// In the worker thread: the bytecode must come from the very Python that will read it.
if (!isMainThread && workerData?.file) {
  const { loadPyodide } = await import(`pyodide-${workerData.version}`);
  const py = await loadPyodide();
  py.runPython(`
import importlib.util, sys, zipfile
from importlib._bootstrap_external import _code_to_hash_pyc
zip = next(p for p in sys.path if p.endswith(".zip"))
with zipfile.ZipFile(zip) as source, zipfile.ZipFile("/compiled.zip", "w") as target:
    for name in source.namelist():
        data = source.read(name)
        if name.endswith(".py"):
            try:
                code = compile(data, f"{zip}/{name}", "exec", dont_inherit=True)
            except SyntaxError:
                pass  # deliberately broken samples
            else:
                name, data = name + "c", _code_to_hash_pyc(code, importlib.util.source_hash(data), False)
        target.writestr(name, bytes(data))
`);
  // Another process may be doing the same: write aside, then rename.
  const aside = `${workerData.file}.${process.pid}`;
  fs.mkdirSync(CACHE, { recursive: true });
  fs.writeFileSync(aside, py.FS.readFile("/compiled.zip"));
  fs.renameSync(aside, workerData.file);
}

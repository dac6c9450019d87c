// Turns a wrangler.jsonc into what workerd.mjs takes: name, root, main, exports and miniflare's options.
// A key that would change what the worker sees and is not understood here is an error, never skipped.
import fs from "node:fs";
import path from "node:path";
import { parse, printParseErrorCode } from "jsonc-parser";

const WITHOUT_EFFECT_HERE = ["$schema", "account_id", "build", "dev", "keep_vars", "limits", "logpush", "migrations", "observability", "placement", "preview_urls", "route", "routes", "rules", "tail_consumers", "triggers", "upload_source_maps", "workers_dev"];

// What no local runtime has: a Worker gets it from a stand-in.
const FAR_AWAY = ["ai", "vectorize"];

const CONVERTERS = {
  name: (name) => ({ name }),
  compatibility_date: (compatibilityDate) => ({ compatibilityDate }),
  compatibility_flags: (compatibilityFlags) => ({ compatibilityFlags }),
  vars: (bindings) => ({ bindings }),
  kv_namespaces: (list) => ({ kvNamespaces: byBinding(list, (kv) => kv.id ?? kv.binding) }),
  d1_databases: (list) => ({ d1Databases: byBinding(list, (db) => db.database_id ?? db.database_name ?? db.binding) }),
  r2_buckets: (list) => ({ r2Buckets: byBinding(list, (bucket) => bucket.bucket_name ?? bucket.binding) }),
  queues: ({ producers = [], consumers = [] }) => ({
    queueProducers: byBinding(producers, (producer) => ({ queueName: producer.queue, deliveryDelay: producer.delivery_delay })),
    queueConsumers: Object.fromEntries(
      consumers.map((consumer) => [
        consumer.queue,
        {
          maxBatchSize: consumer.max_batch_size,
          maxBatchTimeout: consumer.max_batch_timeout,
          maxRetries: consumer.max_retries,
          deadLetterQueue: consumer.dead_letter_queue,
          retryDelay: consumer.retry_delay,
        },
      ]),
    ),
  }),
  durable_objects: ({ bindings = [] }, config) => {
    const sqlite = new Set((config.migrations ?? []).flatMap((migration) => migration.new_sqlite_classes ?? []));
    return {
      durableObjects: Object.fromEntries(
        bindings.map(({ name, class_name: className, script_name: scriptName }) => [name, { className, scriptName, useSQLite: scriptName ? undefined : sqlite.has(className) }]),
      ),
    };
  },
  workflows: (list) => ({ workflows: byBinding(list, (flow) => ({ name: flow.name, className: flow.class_name, scriptName: flow.script_name })) }),
  services: (list) => ({ serviceBindings: byBinding(list, ({ service, entrypoint }) => ({ name: service, entrypoint })) }),
  assets: ({ directory, binding, run_worker_first: first, html_handling, not_found_handling }, config, dir) => ({
    assets: {
      workerName: config.name,
      directory: path.resolve(dir, directory),
      binding,
      routerConfig: { has_user_worker: true, ...ahead(first) },
      assetConfig: { html_handling, not_found_handling },
    },
  }),
};

/** Who sees a request first: the assets, the worker, or for some paths the worker. */
function ahead(first) {
  if (!Array.isArray(first)) return { invoke_user_worker_ahead_of_assets: first === true };
  const exceptions = first.filter((rule) => rule.startsWith("!")).map((rule) => rule.slice(1));
  return { static_routing: { user_worker: first.filter((rule) => !rule.startsWith("!")), asset_worker: exceptions } };
}

const byBinding = (list, value) => Object.fromEntries(list.map((item) => [item.binding, value(item)]));

export function fromConfig(file, standIns = []) {
  const problems = [];
  const config = parse(fs.readFileSync(file, "utf8"), problems, { allowTrailingComma: true });
  if (problems.length) throw new Error(`${file}: ${problems.map((p) => `${printParseErrorCode(p.error)} at offset ${p.offset}`).join(", ")}`);
  const dir = path.dirname(path.resolve(file));
  if (!config.name || !config.main) throw new Error(`${file}: "name" and "main" are required`);
  const options = {};
  for (const [key, value] of Object.entries(config)) {
    if (key === "main" || WITHOUT_EFFECT_HERE.includes(key)) continue;
    if (FAR_AWAY.includes(key) && !standIns.length) throw new Error(`${file}: the key "${key}" takes a stand-in`);
    if (FAR_AWAY.includes(key)) continue;
    if (!(key in CONVERTERS)) throw new Error(`${file}: the key "${key}" is not supported by the workerd harness`);
    Object.assign(options, CONVERTERS[key](value, config, dir));
  }
  const vendored = path.join(dir, "python_modules");
  return {
    name: config.name,
    root: path.dirname(path.resolve(dir, config.main)),
    main: path.basename(config.main),
    modules: fs.existsSync(vendored) ? [vendored] : [],
    options,
    migrations: (config.d1_databases ?? []).flatMap(({ binding, migrations_dir: folder }) => sqlFiles(binding, path.resolve(dir, folder ?? "migrations"), folder)),
  };
}

function sqlFiles(binding, folder, required) {
  if (!required && !fs.existsSync(folder)) return [];
  const names = fs.readdirSync(folder).filter((name) => name.endsWith(".sql")).sort();
  return names.map((name) => ({ binding, file: path.join(folder, name) }));
}

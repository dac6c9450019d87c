"""Build a Worker on the fakes from its wrangler configuration.

``config`` reads a file (with ``text``, ``jsonc``, ``toml``) into the tables of ``schema``, and
``variables`` its secrets (with ``dotenv``). ``module_loader`` imports the Worker, and
``named_modules`` finds the modules that a string names. ``build`` puts all together, with a fake
for each binding (``sections``, ``d1_migrations``).
"""

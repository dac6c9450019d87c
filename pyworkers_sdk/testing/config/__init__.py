"""Build a Worker on the fakes from its wrangler configuration.

``config`` reads a file (with ``jsonc``, ``toml``, ``schema``) and its secrets (``dotenv``).
``module_loader`` imports the Worker. ``build`` puts both together, with a fake for each binding
(``sections``, ``d1_migrations``).
"""

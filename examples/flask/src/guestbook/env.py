"""The bindings in wrangler.jsonc, and the current request's Env."""

from __future__ import annotations

from flask import request

from pyworkers_sdk import D1, Env


class AppEnv(Env):
    DB: D1


def current_env() -> AppEnv:
    """Return the Env that the Worker passes with each request."""
    env: AppEnv = request.environ["workers.env"]
    return env

"""The bindings in wrangler.jsonc, and a request's Env."""

from __future__ import annotations

from django.http import HttpRequest

from pyworkers_sdk import D1, Env


class AppEnv(Env):
    DB: D1


def env_of(request: HttpRequest) -> AppEnv:
    """Return the Env that the Worker passes with each request."""
    env: AppEnv = request.META["workers.env"]
    return env

"""The Worker: it passes every request, with its Env, to the application."""

from __future__ import annotations

from pyworkers_sdk import asgi

from .api import app
from .env import AppEnv

Default = asgi.entrypoint(app, AppEnv)

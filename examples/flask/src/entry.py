"""The Worker's main module, named in wrangler.jsonc."""

from guestbook.app import app
from guestbook.env import AppEnv
from pyworkers_sdk import wsgi

Default = wsgi.entrypoint(app, AppEnv)

"""The Worker's main module, named in wrangler.jsonc."""

from pyworkers_sdk import wsgi
from todo.app import application
from todo.env import AppEnv

Default = wsgi.entrypoint(application, AppEnv)

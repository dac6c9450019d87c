"""The main module of the Worker, as wrangler.jsonc names it."""

from chat.room import ChatRoom
from chat.worker import Default

__all__ = ["ChatRoom", "Default"]

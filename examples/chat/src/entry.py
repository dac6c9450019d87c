"""The Worker's main module, named in wrangler.jsonc."""

from chat.room import ChatRoom
from chat.worker import Default

__all__ = ["ChatRoom", "Default"]

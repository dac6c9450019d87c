"""The JavaScript API of Workers as Protocols, one file for each binding.

Names, arguments and promises are as in JavaScript; an options object is a set of keywords. Each
Protocol has the members that this package uses, and ``Js`` stands for a value without a Protocol.

A public class takes the Protocol of its binding, and tests/typing/fakes.py holds each fake to the
same Protocol. Only type checkers read this package: import it under ``TYPE_CHECKING``.
"""

from .abort import *
from .access import *
from .agent_memory import *
from .ai import *
from .ai_search import *
from .analytics import *
from .artifacts import *
from .blob import *
from .browser import *
from .cache import *
from .cache_context import *
from .containers import *
from .crypto import *
from .d1 import *
from .dispatch_namespaces import *
from .durable import *
from .email import *
from .entrypoints import *
from .flagship import *
from .forms import *
from .headers import *
from .html_rewriter import *
from .http import *
from .hyperdrive import *
from .images import *
from .kv import *
from .media import *
from .pipelines import *
from .queues import *
from .r2 import *
from .rate_limit import *
from .scheduled import *
from .secrets_store import *
from .services import *
from .stream_video import *
from .streams import *
from .tail import *
from .tcp import *
from .tracing import *
from .values import *
from .vectorize import *
from .version_metadata import *
from .websockets import *
from .worker_loader import *
from .workflows import *

# The official SDK's package: the classes and functions that a Worker subclasses or calls. The wheel
# of that SDK ships few types.
from typing import Any

env: Any

class WorkerEntrypoint:
    ctx: Any
    env: Any
    def __init__(self, ctx: Any, env: Any) -> None: ...

class DurableObject:
    ctx: Any
    env: Any
    def __init__(self, ctx: Any, env: Any) -> None: ...

class WorkflowEntrypoint:
    ctx: Any
    env: Any
    def __init__(self, ctx: Any, env: Any) -> None: ...

class Request:
    js_object: Any
    def __init__(self, input: Any, **options: Any) -> None: ...

class Response:
    js_object: Any
    def __init__(
        self,
        body: Any = None,
        status: int | None = None,
        status_text: str = "",
        headers: Any = None,
        web_socket: Any = None,
    ) -> None: ...

def import_from_javascript(module_name: str) -> Any: ...
def python_from_rpc(obj: Any) -> Any: ...
def python_to_rpc(value: Any) -> Any: ...

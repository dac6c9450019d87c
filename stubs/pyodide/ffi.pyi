# The part of pyodide.ffi that this package uses, in Pyodide 0.26 to 314.
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

_Converter = Callable[[Any, Callable[[Any], Any], Callable[[Any, Any], None]], Any]

class JsProxy:
    js_id: int
    typeof: str
    def __getattr__(self, name: str) -> Any: ...
    def __getitem__(self, key: Any) -> Any: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def __await__(self) -> Any: ...
    def to_py(
        self,
        *,
        depth: int = -1,
        default_converter: _Converter | None = None,
    ) -> Any: ...

class JsException(Exception):
    name: str
    message: str
    stack: str

class JsNull: ...

jsnull: JsNull

class JsDoubleProxy(JsProxy):
    def destroy(self) -> None: ...

def create_proxy(
    obj: Any, /, *, capture_this: bool = False, roundtrip: bool = True
) -> JsDoubleProxy: ...
def create_once_callable(obj: Callable[..., Any], /) -> JsProxy: ...
def destroy_proxies(proxies: Any, /) -> None: ...
def can_run_sync() -> bool: ...
def run_sync(awaitable: Awaitable[Any], /) -> Any: ...
def to_js(
    obj: Any,
    /,
    *,
    depth: int = -1,
    pyproxies: JsProxy | None = None,
    create_pyproxies: bool = True,
    dict_converter: Callable[[Iterable[Any]], Any] | None = None,
    default_converter: _Converter | None = None,
    eager_converter: Any = None,
) -> Any: ...

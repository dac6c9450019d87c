# Pyodide's module of the JavaScript globals. Its members are those of the web platform, too many to
# list. A Worker written with this package does not need to import it.
from typing import Any

def __getattr__(name: str) -> Any: ...

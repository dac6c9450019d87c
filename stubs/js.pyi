# Pyodide's window on the JavaScript globals. Its members are as many as the web platform has, so
# they are not listed; a Worker written with this package has no need to import it.
from typing import Any

def __getattr__(name: str) -> Any: ...

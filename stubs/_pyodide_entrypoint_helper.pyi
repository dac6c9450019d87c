from typing import Any

cloudflareWorkersModule: Any

async def doAnImport(name: str) -> Any: ...

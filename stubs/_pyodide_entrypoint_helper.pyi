from typing import Any

cloudflareSocketsModule: Any
cloudflareWorkersModule: Any

async def doAnImport(name: str) -> Any: ...

"""How a read process is served: by uvicorn, which hands live sockets over, and drains them before it ends."""

import socket
from typing import Any, Final, cast

import uvicorn

from read_api.live.gateway import Gateway
from read_api.live.upgrading import GATEWAY, UpgradingProtocol

HTTP: Final = UpgradingProtocol


class DrainingServer(uvicorn.Server):
    """Sends live sockets away in batches; uvicorn itself would end all at once."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Refuse new connections, drain, then end as uvicorn does."""
        for server in self.servers:
            server.close()
        state: dict[str, Any] = self.lifespan.state
        gateway = cast("Gateway | None", state.get(GATEWAY))
        if gateway is not None:
            await gateway.drain()
        await super().shutdown(sockets)

"""Where uvicorn hands a connection over: live sockets leave it, everything else stays with it.

A socket of uvicorn's own holds an ASGI task, two queues' worth of state and timers, and with compression 43 KB of
zlib; a live socket is a transport and a small object. `handle_websocket_upgrade` is uvicorn's own name for the
place, and no promise of its: the version is pinned, and a test goes through here.
"""

from typing import cast

from starlette.types import Scope

from infra.http.patience import PatientProtocol
from read_api.live.gateway import Gateway
from read_api.live.handshake import asked

# The name of the gateway in the state that the app's lifespan gives to the server.
GATEWAY = "gateway"


class UpgradingProtocol(PatientProtocol):
    """uvicorn's HTTP/1.1, but for upgrades to live sockets."""

    def handle_websocket_upgrade(self) -> None:
        """Give the connection to the gateway if it asks for a live socket."""
        gateway = cast("Gateway | None", self.app_state.get(GATEWAY))
        wanted = asked(str(self.scope["method"]), self.url, list(self.scope["headers"])) if gateway else None
        if gateway is None or wanted is None:
            super().handle_websocket_upgrade()
            return
        self.connections.discard(self)
        gateway.take(self.transport, wanted, cast("Scope", self.scope))

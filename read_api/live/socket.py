"""`WS /api/projects/{project}/live`: a project's events from any position on."""

import asyncio
import contextlib
import logging
import time
from uuid import UUID

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from infra.http import close_codes
from infra.http.auth import Principal, Unauthenticated
from infra.http.close_codes import Close
from infra.http.errors import DomainError
from infra.http.sockets import Ended, authenticated, chosen
from read_api.live.following import NewEpoch, TooSlow, follow_project
from read_api.side import Reading

logger = logging.getLogger(__name__)

MESSAGE_LIMIT = 16_384


class LiveSockets:
    """All live sockets of this process."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._open: set[WebSocket] = set()

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one socket until either side ends it."""
        # Accepted first: a browser sees the code of a closed socket, but not the status of a refused one.
        await socket.accept(chosen(socket))
        close = close_codes.BROKEN
        try:
            self._open.add(socket)
            await self._serve(socket)
        except Ended as ended:
            close = ended.close
        except WebSocketDisconnect:
            return
        except TooSlow as slow:
            close = Close(close_codes.TOO_SLOW.code, str(slow), reconnect=True)
        except Exception:
            logger.exception("a live socket failed")
        finally:
            self._open.discard(socket)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(close.code, close.reason)

    async def _serve(self, socket: WebSocket) -> None:
        if len(self._open) > self._reading.settings.ws_max_connections:
            raise Ended(close_codes.OVERLOADED)
        session = _Session(self._reading, socket, *self._admit(socket))
        await session.check()
        # Not a TaskGroup: the first part to end says how the socket ends, the others only stop.
        parts = [asyncio.create_task(c) for c in (session.send(), session.receive(), session.expire())]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
        for part in done:
            part.result()

    def _admit(self, socket: WebSocket) -> tuple[UUID, Principal, int | None]:
        principal = authenticated(socket, self._reading.side.authenticator)
        try:
            project_id = UUID(socket.path_params["project"])
        except ValueError:
            raise Ended(close_codes.NOT_FOUND) from None
        after = socket.query_params.get("after")
        if after is not None and not (after.isascii() and after.isdigit() and len(after) < 19):  # noqa: PLR2004
            raise Ended(Close(close_codes.BAD_MESSAGE.code, "`after` must be a position", reconnect=False))
        return project_id, principal, int(after) if after is not None else None


class _Session:
    """One accepted socket."""

    def __init__(
        self, reading: Reading, socket: WebSocket, project_id: UUID, principal: Principal, after: int | None
    ) -> None:
        self._reading = reading
        self._socket = socket
        self._project_id = project_id
        self._principal = principal
        self._after = after
        self._renewed = asyncio.Event()

    async def check(self) -> None:
        """End if the caller has no access (any more)."""
        try:
            await self._reading.role(self._project_id, self._principal.user)
        except DomainError:
            raise Ended(close_codes.NOT_FOUND) from None

    async def send(self) -> None:
        """Welcome, then every event after `after`."""
        head, epoch = await self._reading.side.log.head()
        after = self._after if self._after is not None else head
        welcome = {
            "type": "welcome",
            "project_id": str(self._project_id),
            "position": head,
            "after": after,
            "epoch": str(epoch),
        }
        await self._socket.send_text(orjson.dumps(welcome).decode())
        following = follow_project(
            self._reading.hub, self._reading.side.log, self._reading.side.personal, self._project_id, after
        )
        try:
            async for items in following:
                for item in items:
                    # Before a member's event is shown, not after: it may be this reader's revocation.
                    if item.kind == "project" and not await self._still_member():
                        raise Ended(close_codes.NO_ACCESS)
                    await self._socket.send_text(item.message.decode())
                    if item.conflict is not None:
                        await self._socket.send_text(item.conflict.decode())
        except NewEpoch:
            await self._socket.send_text('{"type":"reset"}')
            raise Ended(close_codes.NEW_EPOCH) from None
        finally:
            await following.aclose()  # type: ignore[attr-defined]  # it is a generator

    async def _still_member(self) -> bool:
        rights = self._reading.side.rights
        return await rights.fresh_role(self._project_id, self._principal.user) is not None

    async def receive(self) -> None:
        """Take what the client says: `ping`, and `auth` with a new token."""
        while True:
            message = self._parse(await self._text())
            match message.get("type"):
                case "ping":
                    await self._socket.send_text('{"type":"pong"}')
                case "auth":
                    self._renew(message.get("token"))
                case "cursor" | "selection":
                    continue
                case _:
                    raise Ended(close_codes.BAD_MESSAGE)

    async def _text(self) -> str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"], message.get("reason"))
        text: str | None = message.get("text")
        if text is None:
            raise Ended(close_codes.BAD_MESSAGE)
        return text

    @staticmethod
    def _parse(text: str) -> dict[str, object]:
        try:
            message = orjson.loads(text) if len(text) <= MESSAGE_LIMIT else None
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict):
            raise Ended(close_codes.BAD_MESSAGE)
        return message

    def _renew(self, token: object) -> None:
        try:
            principal = self._reading.side.authenticator.authorization(f"Bearer {token}")
        except Unauthenticated:
            raise Ended(close_codes.UNAUTHENTICATED) from None
        if principal.user != self._principal.user:
            raise Ended(close_codes.UNAUTHENTICATED)
        self._principal = principal
        self._renewed.set()

    async def expire(self) -> None:
        """End when the token ends, unless it is renewed; and soon after access is taken away."""
        while True:
            self._renewed.clear()
            left = self._principal.expires - time.time()
            if left <= 0:
                raise Ended(close_codes.UNAUTHENTICATED)
            try:
                async with asyncio.timeout(min(left, 3600)):
                    await self._renewed.wait()
            except TimeoutError:
                continue

"""`GET /api/projects/{project}/events`: the same events as server-sent events, resumed by Last-Event-ID.

With `speed=` what was is played again first, as a time-lapse.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from infra.http.auth import Principal
from infra.http.errors import Invalid
from projections.live import NOTE, LiveItem
from read_api.live.following import NewEpoch, TooSlow, follow_project
from read_api.live.gateway import Gateway
from read_api.live.replay import Pace, Replay
from read_api.live.room import PROJECT
from read_api.parameters import Parameters, path_id
from read_api.side import Reading

# Seconds between two words to a client that nothing happens to, and between two looks at whether it is to end.
KEEP_ALIVE, LOOK_EVERY = 15.0, 0.5
POSITION_DIGITS = 18


class ServerSentEvents:
    """Streams events over HTTP."""

    def __init__(self, reading: Reading, gateway: Gateway) -> None:
        self._reading = reading
        self._gateway = gateway

    async def endpoint(self, request: Request) -> Response:
        """Answer an endless stream of a project's events."""
        reading = self._reading
        principal = reading.principal(request)
        project_id = path_id(request, "project")
        parameters = Parameters.of(request)
        last = request.headers.get("last-event-id")
        if last is not None and not (last.isascii() and last.isdigit() and len(last) <= POSITION_DIGITS):
            raise Invalid.at("Last-Event-ID", "must be a position")
        await reading.role(project_id, principal.user)
        address = self._gateway.address(request.scope)
        # Whether there is room is asked here, while a status can be sent; it is taken when the stream begins.
        with self._gateway.admission.stream(principal.user, address):
            pass
        head, _ = await reading.side.log.head()
        pace = Pace.of(parameters)
        # Who wants to see what was begins with the beginning; who does not, with what comes.
        start = parameters.number("after", head if pace is None else 0)
        after = int(last) if last is not None else start
        events = self._events(project_id, principal, after)
        if pace is not None:
            events = self._replayed(
                Replay(reading, principal, project_id, pace), project_id, principal, after
            )
        return StreamingResponse(
            self._counted(events, principal.user, address),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _counted(self, frames: AsyncIterator[bytes], user: str, address: str) -> AsyncIterator[bytes]:
        stats = self._gateway.stats
        with self._gateway.admission.stream(user, address):
            async for frame in frames:
                stats.messages_out += 1
                stats.bytes_out += len(frame)
                yield frame

    async def _replayed(
        self, replay: Replay, project_id: UUID, principal: Principal, after: int
    ) -> AsyncIterator[bytes]:
        """Play what was, at the pace asked for; what comes then, as it comes."""
        async for frame in replay.frames(after, _frame):
            yield frame
        if not replay.ended:
            async for frame in self._events(project_id, principal, replay.position):
                yield frame

    async def _may_see(self, items: Sequence[LiveItem], project_id: UUID, principal: Principal) -> bool:
        """Tell whether events may be shown: one of the project itself may be this reader's revocation."""
        if all(item.kind != PROJECT for item in items):
            return True
        return await self._reading.side.rights.fresh_role(project_id, principal.user) is not None

    def _last_words(self, principal: Principal) -> Sequence[bytes] | None:
        """Return what is said at the end, which may be nothing, if it has come; None: it goes on."""
        if self._gateway.draining.begun:
            return [_bye(self._gateway.draining.retry_after_ms())]
        return [] if self._reading.side.gate.authenticator.ended(principal) else None

    async def _events(self, project_id: UUID, principal: Principal, after: int) -> AsyncIterator[bytes]:
        reading = self._reading
        yield b": welcome\n\n"
        following = follow_project(reading.hub, reading.side.log, reading.side.personal, project_id, after)
        waiting: asyncio.Task[Sequence[LiveItem]] | None = None
        silent = 0.0
        try:
            while True:
                waiting = waiting or asyncio.ensure_future(anext(following))
                done, _ = await asyncio.wait({waiting}, timeout=LOOK_EVERY)
                if (last := self._last_words(principal)) is not None:
                    for frame in last:
                        yield frame
                    return
                silent = 0.0 if done else silent + LOOK_EVERY
                items: Sequence[LiveItem] = []
                if done:
                    items, waiting = waiting.result(), None
                if not await self._may_see(items, project_id, principal):
                    return
                for frame in _frames(items, silent):
                    yield frame
        except TooSlow:
            return
        except NewEpoch:
            yield b'event: reset\ndata: {"type":"reset"}\n\n'
        finally:
            if waiting is not None:
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
            await following.aclose()  # type: ignore[attr-defined]  # it is a generator


def _bye(retry_after_ms: int) -> bytes:
    """Say goodbye; `retry` is what an `EventSource` waits by itself before it comes back."""
    bye = orjson.dumps({"type": "bye", "reason": "restart", "retry_after_ms": retry_after_ms})
    return b"retry: %d\nevent: bye\ndata: %s\n\n" % (retry_after_ms, bye)


def _frames(items: Sequence[LiveItem], silent: float) -> Iterable[bytes]:
    """Frame events; without any, say now and then that it goes on."""
    if silent and silent % KEEP_ALIVE == 0:
        return [b": still here\n\n"]
    return map(_frame, items)


def _frame(item: LiveItem) -> bytes:
    if item.kind == NOTE:
        return b"event: job\ndata: %s\n\n" % item.message
    name = orjson.loads(item.event)["event"]
    frame = b"id: %d\nevent: %s\ndata: %s\n\n" % (item.position, name.encode(), item.event)
    conflict = item.conflict
    if conflict is not None:
        frame += b"event: conflict\ndata: %s\n\n" % conflict
    return frame

"""Uploads: `POST /api/assets?project_id=` with the file as the body."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final
from uuid import UUID

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.ports import Caller
from infra.gate import Gate
from infra.http.bodies import read_body
from infra.http.errors import DomainError, Invalid
from infra.http.problems import refusal
from infra.http.sniffing import ALLOWED, sniffed
from infra.limits.rules import ONE_UPLOAD
from infra.postgres.blobs import PostgresBlobs

MOST_BYTES: Final = 20 * 2**20
_CREATED: Final = 201
_ALIASES: Final = {"image/jpg": "image/jpeg", "text/x-markdown": "text/markdown"}

# Refuses whoever may not put files into a project.
Allow = Callable[[UUID, Caller], Awaitable[None]]


class Uploads:
    """Takes files. The same file in the same project is the same asset, however often it is sent."""

    def __init__(self, blobs: PostgresBlobs, gate: Gate, allow: Allow) -> None:
        self._blobs = blobs
        self._gate = gate
        self._allow = allow

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route("/api/assets", self.post, methods=["POST"], include_in_schema=False)]

    async def post(self, request: Request) -> Response:
        """Keep one file."""
        try:
            principal = self._gate.authenticator.authorization(request.headers.get("authorization"))
            project_id = _project(request)
            declared = _declared(request)
            caller = Caller(principal.user, tier=principal.tier, scopes=principal.scopes)
            asker = self._gate.asker(principal, request.scope)
            standing = (await self._gate.limiter.admit(asker, ONE_UPLOAD)).standing
            # Before the body is read: a stranger's 20 MiB need not come in.
            await self._allow(project_id, caller)
            data = await read_body(request, MOST_BYTES)
            if not data:
                raise Invalid.at("body", "must not be empty")
            found = await run_in_threadpool(sniffed, data, declared)
            if found != declared:
                what = f"its bytes are {found}" if found else "its bytes are of no type that is taken"
                raise Invalid.at("Content-Type", f"does not fit the file: {what}")
            asset_id = await self._blobs.put(project_id, data, found)
            answer = {
                "asset_id": str(asset_id),
                "sha256": sha256(data).hexdigest(),
                "size": len(data),
                "type": found,
            }
            headers = standing.headers() if standing is not None else None
            return Response(orjson.dumps(answer), _CREATED, headers, "application/json")
        except DomainError as error:
            return refusal(error)


def _project(request: Request) -> UUID:
    text = request.query_params.get("project_id")
    if text is None:
        raise Invalid.at("project_id", "is required")
    try:
        return UUID(text)
    except ValueError:
        raise Invalid.at("project_id", "must be a UUID") from None


def _declared(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    kind = _ALIASES.get(kind, kind)
    if kind not in ALLOWED:
        raise Invalid.at("Content-Type", f"must be one of {', '.join(ALLOWED)}")
    return kind

"""`/api/assets/{asset}`, and `/api/assets/{asset}/url`, which gives an address of it for a browser's `src`."""

import time
from datetime import UTC, datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.http.errors import NotFound
from infra.http.signing import Signer
from infra.postgres.blobs import AssetRow
from read_api.files import NOT_MODIFIED, file_answer, file_headers, has_already, plain_name
from read_api.parameters import Parameters, path_id
from read_api.routes.guarding import guarded
from read_api.side import Reading


class AssetQueries:
    """The files of projects, for their members."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._signer = Signer(reading.settings.jwt_secret, time.time)

    async def one(self, request: Request) -> Response:
        """Answer the file itself, to a member's token or to an address that was signed for one."""
        row = await self._row(request, self._user(request))
        digest = row.sha256.hex()
        name = plain_name(str(row.asset_id), row.type)
        if has_already(request, digest):
            return Response(status_code=NOT_MODIFIED, headers=file_headers(row.type, digest, name))
        found = await self._reading.side.blobs.get(row.project_id, row.asset_id)
        if found is None:
            raise NotFound("no such asset")
        return file_answer(found[0], row.type, digest, name)

    async def url(self, request: Request) -> Response:
        """Answer an address that needs no header and ends within minutes."""
        user = self._reading.principal(request).user
        row = await self._row(request, user)
        url, until = self._signer.signed(f"/api/assets/{row.asset_id}", user)
        document = {
            "url": url,
            "expires_at": datetime.fromtimestamp(until, UTC).isoformat().replace("+00:00", "Z"),
            "sha256": row.sha256.hex(),
            "type": row.type,
            "size": row.size,
        }
        return Response(
            orjson.dumps(document), media_type="application/json", headers={"Cache-Control": "no-store"}
        )

    def _user(self, request: Request) -> str:
        query = Parameters.of(request).values
        if "sig" not in query:
            return self._reading.principal(request).user
        path = f"/api/assets/{path_id(request, 'asset')}"
        return self._signer.user(path, query.get("for", ""), query.get("exp", ""), query["sig"])

    async def _row(self, request: Request, user: str) -> AssetRow:
        """Find the asset in a project of the user's; a signed address rests on the rights of now, too.

        Raises:
            NotFound: there is none that the user may see.
        """
        asset_id = path_id(request, "asset")
        rows = await self._reading.side.blobs.find(asset_id)
        roles = await self._reading.side.rights.roles([row.project_id for row in rows], user)
        row = next((row for row in rows if row.project_id in roles), None)
        if row is None:
            raise NotFound("no such asset")
        return row


def routes(reading: Reading) -> list[Route]:
    """Return the routes of assets."""
    assets = AssetQueries(reading)
    return [
        Route("/api/assets/{asset}", guarded(assets.one), methods=["GET"], include_in_schema=False),
        Route("/api/assets/{asset}/url", guarded(assets.url), methods=["GET"], include_in_schema=False),
    ]

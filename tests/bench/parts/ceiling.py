"""The FastAPI app that does nothing: the same body model as `edit-block`, and a constant of the same size.

It answers a `Response` of ready bytes, which is the fastest that FastAPI's own routes do.
"""

import sys
from typing import Annotated, Any, Literal
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field


class Edit(BaseModel):
    """The body of `edit-block`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project_id: UUID
    block_id: UUID
    changes: dict[str, Any]
    base_version: Annotated[int, Field(ge=1)] | None = None
    on_conflict: Literal["merge", "last-write-wins", "reject"] = "merge"


def create_app(answer: bytes) -> FastAPI:
    app = FastAPI()

    @app.post("/api/commands/edit-block")
    async def edit(command: Edit) -> Response:
        assert command.changes
        return Response(answer, media_type="application/json")

    @app.get("/constant")
    async def constant() -> Response:
        return Response(answer, media_type="application/json")

    @app.get("/health")
    async def health() -> Response:
        return Response(b"{}", media_type="application/json")

    return app


def main() -> None:
    uvicorn.run(
        create_app(sys.argv[2].encode()),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=4_096,
    )


if __name__ == "__main__":
    main()

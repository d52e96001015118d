"""Files by the hash of their content, in the database or in a folder: uploads, pictures, exports."""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4, uuid5

from psycopg_pool import AsyncConnectionPool

from infra.postgres.connections import Connection, borrowed


@dataclass(frozen=True, slots=True)
class AssetRow:
    """What is known of a project's file without reading it. `size` is in bytes."""

    project_id: UUID
    asset_id: UUID
    sha256: bytes
    type: str
    size: int


class BlobLost(RuntimeError):
    """A file that the database names is not in the folder, or is not what it was."""


def asset_id_of(project_id: UUID, digest: bytes, media_type: str) -> UUID:
    """Name a project's file by its content: putting it again gives the same id."""
    return uuid5(project_id, f"{media_type} {digest.hex()}")


class PostgresBlobs:
    """Implements the port `Blobs` of the jobs, and what the APIs ask of files.

    Args:
        folder: where contents are kept, for all processes that share it; None: in the database.
    """

    def __init__(self, pool: AsyncConnectionPool[Connection], folder: Path | None = None) -> None:
        self._pool = pool
        self._folder = _Folder(folder) if folder else None

    async def put(self, project_id: UUID, data: bytes, media_type: str) -> UUID:
        """Keep a file, and return its id in the project; a repeat changes nothing."""
        digest = await asyncio.to_thread(lambda: sha256(data).digest())
        asset_id = asset_id_of(project_id, digest, media_type)
        if self._folder:
            await asyncio.to_thread(self._folder.write, digest, data)
        async with borrowed(self._pool) as connection:
            known = await connection.execute("select data is not null from blobs where sha256 = %s", [digest])
            row = await known.fetchone()
            if row is None or not (row[0] or self._folder):
                await connection.execute(
                    "insert into blobs (sha256, size, data) values (%s, %s, %s) on conflict (sha256)"
                    " do update set data = coalesce(blobs.data, excluded.data)",
                    [digest, len(data), None if self._folder else data],
                )
            await connection.execute(
                "insert into assets (project_id, asset_id, sha256, type) values (%s, %s, %s, %s)"
                " on conflict do nothing",
                [project_id, asset_id, digest, media_type],
            )
        return asset_id

    async def get(self, project_id: UUID, asset_id: UUID) -> tuple[bytes, str] | None:
        """Return a file of the project and its media type; None if there is none.

        Raises:
            BlobLost: it is gone from the folder, or damaged.
        """
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "select b.sha256, b.data, a.type from assets a join blobs b using (sha256)"
                " where a.project_id = %s and a.asset_id = %s",
                [project_id, asset_id],
                binary=True,
            )
            row = await cursor.fetchone()
        if row is None:
            return None
        digest, data, media_type = row
        return await self._content(digest, data), media_type

    async def find(self, asset_id: UUID) -> list[AssetRow]:
        """Return the projects that have an asset by this id, without its content."""
        async with borrowed(self._pool) as connection:
            cursor = await connection.execute(
                "select a.project_id, a.asset_id, a.sha256, a.type, b.size from assets a join blobs b using (sha256)"
                " where a.asset_id = %s order by a.project_id limit 100",
                [asset_id],
                binary=True,
            )
            return [AssetRow(*row) for row in await cursor.fetchall()]

    async def _content(self, digest: bytes, data: bytes | None) -> bytes:
        if data is not None:
            return data
        if self._folder is None:
            raise BlobLost(f"{digest.hex()} lies in a folder, and none is set: is BLOB_DIR?")
        return await asyncio.to_thread(self._folder.read, digest)


class _Folder:
    """Files named by their hashes, two characters a folder, each written whole or not at all."""

    _MODE: Final = 0o700

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, digest: bytes, data: bytes) -> None:
        path = self._path(digest)
        if path.exists() and path.stat().st_size == len(data):
            return
        path.parent.mkdir(mode=self._MODE, parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
            _sync(path.parent)
        finally:
            with suppress(FileNotFoundError):
                unfinished.unlink()

    def read(self, digest: bytes) -> bytes:
        try:
            data = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise BlobLost(f"{digest.hex()} is not in the folder") from None
        if sha256(data).digest() != digest:
            raise BlobLost(f"{digest.hex()} is damaged")
        return data

    def _path(self, digest: bytes) -> Path:
        name = digest.hex()
        return self._root / name[:2] / name


def _sync(folder: Path) -> None:
    """Have the name of a new file outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

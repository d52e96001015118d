"""The studio's files under an address that changes with them, so that anybody may keep them for good."""

from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(str(files("read_api") / "studio"))
# A year: another version has another address.
FOR_GOOD = "public, max-age=31536000, immutable"
# By its plain address a file may become another: caches ask again after a minute, and may answer meanwhile.
FOR_NOW = "public, max-age=60, stale-while-revalidate=86400"


def version() -> str:
    """Return a name of this content of all files."""
    digest = sha256()
    for path in sorted(p for p in FOLDER.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(FOLDER)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def page(version_name: str) -> bytes:
    """Return the page; what it names, and what that names in turn, is of one version."""
    html = (FOLDER / "index.html").read_text("utf-8")
    return html.replace('"/studio/', f'"/studio/v-{version_name}/').encode()


class StudioFiles(StaticFiles):
    """Serves the files, with how long a cache may keep them."""

    def __init__(self, keep: str) -> None:
        super().__init__(directory=str(FOLDER))
        self._keep = keep

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer a file, or 304 to who has it."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = self._keep
        return response

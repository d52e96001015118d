"""Files as answers: never more than bytes to a browser, whatever is in them."""

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

NOT_MODIFIED = 304
_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp")
_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "text/plain": "txt",
    "text/markdown": "md",
}


def file_headers(media_type: str, digest: str, name: str) -> dict[str, str]:
    """Return the headers of a file: nothing sniffs it, runs it or keeps it for others; pictures alone are shown."""
    shown = "inline" if media_type in _SHOWN else "attachment"
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    return {
        "ETag": f'"{digest}"',
        "Cache-Control": "private, max-age=300",
        "Content-Disposition": f"{shown}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Referrer-Policy": "no-referrer",
    }


def has_already(request: Request, digest: str) -> bool:
    """Tell whether the caller has this file."""
    asked = request.headers.get("if-none-match", "")
    return f'"{digest}"' in (part.strip().removeprefix("W/") for part in asked.split(","))


def file_answer(data: bytes, media_type: str, digest: str, name: str) -> Response:
    """Answer a file."""
    return Response(data, headers=file_headers(media_type, digest, name), media_type=media_type)


def plain_name(name: str, media_type: str) -> str:
    """Name a file that has no name of its own."""
    extension = _EXTENSIONS.get(media_type)
    return f"{name}.{extension}" if extension else name

"""Messages of the command socket, between bytes and what they say."""

import json
import math
from typing import Any, Final

import orjson

from commands.answers import Answer
from infra.http import close_codes
from infra.http.errors import DomainError, Invalid, Unavailable, problem_of
from infra.http.sockets import Ended

Message = dict[str, Any]

ID_LIMIT: Final = 255
_LARGEST: Final = 1 << 63
_INTERNAL: Final = b'{"code":"internal","title":"Something went wrong here"}'


def parsed(text: bytes) -> Message:
    """Read a message.

    Raises:
        Ended: it is none.
    """
    try:
        message = orjson.loads(text)
        if _is_rounded(message):
            # Over HTTP the command gets to see such a number as it was written.
            message = json.loads(text)
    except (ValueError, RecursionError):
        raise Ended(_unreadable(text)) from None
    if not isinstance(message, dict):
        raise Ended(close_codes.BAD_MESSAGE)
    return message


def _is_rounded(value: object) -> bool:
    """Tell whether there is a number that may have been a whole one: orjson makes floats of more than 64 bits."""
    if isinstance(value, float):
        return abs(value) >= _LARGEST
    if isinstance(value, dict):
        return any(map(_is_rounded, value.values()))
    return isinstance(value, list) and any(map(_is_rounded, value))


def _unreadable(text: bytes) -> close_codes.Close:
    try:
        text.decode()
    except UnicodeDecodeError:
        return close_codes.BAD_TEXT
    return close_codes.BAD_MESSAGE


def encoded(message: Message) -> bytes:
    """Write the rest of a message as the body that it would have over HTTP."""
    try:
        return orjson.dumps(message)
    except TypeError:
        return json.dumps(message).encode()


def echoed(sent_id: object) -> bytes:
    """Write an `id` into an answer; what cannot be one is answered as none."""
    try:
        return orjson.dumps(sent_id) if isinstance(sent_id, str | int) else b"null"
    except TypeError:
        return b"null"


def key_of(sent_id: object) -> str | None:
    """Return the idempotency key that an `id` is; none: the server makes one.

    Raises:
        Invalid: it can be none.
    """
    if sent_id is None:
        return None
    if isinstance(sent_id, int) and not isinstance(sent_id, bool) and abs(sent_id) < _LARGEST:
        return str(sent_id)
    if isinstance(sent_id, str) and 0 < len(sent_id) <= ID_LIMIT and echoed(sent_id) != b"null":
        return sent_id
    raise Invalid.at("id", f"must be a text of 1 to {ID_LIMIT} characters, or a whole number", ID_LIMIT)


def answered(sent_id: bytes, answer: Answer) -> bytes:
    """Put an answer, or a refusal that the log keeps, under the `id` that it belongs to."""
    replayed = b',"replayed":true' if answer.replayed else b""
    return _joined(b'{"id":%b,"status":%d%b' % (sent_id, answer.status, replayed), answer.body)


def refused(sent_id: bytes, error: DomainError, **more: int) -> bytes:
    """Tell a refusal; `retry_after` is in seconds."""
    document = {**problem_of(error), **more}
    if isinstance(error, Unavailable):
        document["retry_after"] = math.ceil(error.retry_after)
    status = document.pop("status")
    return _joined(b'{"id":%b,"status":%d' % (sent_id, status), orjson.dumps(document))


def failed(sent_id: bytes) -> bytes:
    """Tell that something went wrong here."""
    return _joined(b'{"id":%b,"status":500' % sent_id, _INTERNAL)


def _joined(head: bytes, body: bytes) -> bytes:
    return b"%b,%b" % (head, body[1:]) if len(body) > len(b"{}") else head + b"}"

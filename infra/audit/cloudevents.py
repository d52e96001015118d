r"""One event of the log as one line of JSON in the shape of CloudEvents 1.0, and back.

A line is written in one way only, and read back only if it is written so: a line that differs in any byte is
either refused or holds another event, whose hash then does not fit. Members, in order:

    specversion      "1.0"
    id               the position; unique within `source`
    source           "urn:decklog:project:" and the project's id
    type             the stored topic
    subject          the stream's id
    time             when it was recorded, UTC with microseconds
    datacontenttype  "application/json"
    streamversion    the version in the stream      (extension attributes from here; numbers are strings,
    position         the position, same as `id`      since an Integer of CloudEvents ends at 2^31)
    projectid        the project's id
    commandid        the command's id
    metadata         the stored metadata: its exact JSON text, as a string
    chainhash        the hash, hexadecimal
    data             the stored state: its exact bytes, from after the colon to the line's last brace

`data` is the state verbatim when that is JSON without line breaks, as all that Decklog writes is; else
`data_base64` stands in its place. Who reads lines with a JSON library gets the exact bytes of what Decklog
wrote by writing `data` compactly, in the order of its members, as UTF-8.
"""

import base64
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import orjson

from infra.audit.rows import LENGTH, PREFIX, Event, RawRow
from infra.audit.source import Refused

_UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NUMBER = rb"[1-9][0-9]{0,18}"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_LINE = re.compile(
    rb'\{"specversion":"1\.0","id":"(' + _NUMBER + rb')","source":"urn:decklog:project:(' + _UUID + rb')"'
    rb',"type":(' + _STRING + rb'),"subject":"(' + _UUID + rb')"'
    rb',"time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z","datacontenttype":"application/json"'
    rb',"streamversion":"('
    + _NUMBER
    + rb')","position":"('
    + _NUMBER
    + rb')","projectid":"('
    + _UUID
    + rb')"'
    rb',"commandid":"(' + _UUID + rb')","metadata":(' + _STRING + rb'),"chainhash":"([0-9a-f]{64})"'
    rb',"(data|data_base64)":(.+)\}\n'
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def render(row: RawRow) -> bytes:
    """Write a row as a line.

    Raises:
        OverflowError: the row's time is none that a calendar has; it was tampered with.
    """
    fields, digest = row
    event = Event.unpack(fields)
    project, position = _uuid(event.project), event.position
    head = (
        f'{{"specversion":"1.0","id":"{position}","source":"urn:decklog:project:{project}"'
        f',"type":{_text(event.topic)},"subject":"{_uuid(event.stream)}","time":"{_time(event.micros)}Z"'
        f',"datacontenttype":"application/json","streamversion":"{event.version}","position":"{position}"'
        f',"projectid":"{project}","commandid":"{_uuid(event.command)}","metadata":{_text(event.metadata)}'
        f',"chainhash":"{digest.hex()}",'
    )
    if _verbatim(event.state):
        return head.encode() + b'"data":' + event.state + b"}\n"
    return head.encode() + b'"data_base64":"' + base64.b64encode(event.state) + b'"}\n'


def _uuid(raw: bytes) -> str:
    text = raw.hex()  # `uuid.UUID` takes three times as long
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _verbatim(state: bytes) -> bool:
    if b"\n" in state or b"\r" in state:
        return False
    try:
        orjson.loads(state)
    except orjson.JSONDecodeError:
        return False
    return True


def _text(utf8: bytes) -> str:
    return orjson.dumps(utf8.decode()).decode()


@lru_cache(1_024)
def _time(micros: int) -> str:
    return (_EPOCH + timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%S.%f")


class Parser:
    """Reads lines; what neighbours share is read once."""

    def __init__(self) -> None:
        self._time = b""
        self._micros = 0

    def parse(self, line: bytes) -> RawRow:
        """Read a line.

        Raises:
            Refused: it is not exactly as `render` writes one.
        """
        match = _LINE.fullmatch(line)
        if match is None:
            raise Refused("not an event as `events export` writes it")
        (
            number,
            source,
            topic,
            stream,
            time,
            version,
            position,
            project,
            command,
            metadata,
            digest,
            form,
            data,
        ) = match.groups()
        if position != number or project != source:
            raise Refused("`id` and `position`, or `source` and `projectid`, differ")
        if time != self._time:
            self._micros, self._time = _micros(time), time
        kind, state, more = _plain(topic), _state(form, data), _plain(metadata)
        places = int(version), int(position)
        if max(places) >= 2**63:
            raise Refused("a number is too large")
        prefix = PREFIX.pack(_id(stream), *places, _id(project), _id(command), self._micros)
        length = LENGTH.pack
        return b"".join((prefix, length(len(kind)), kind, length(len(state)), state, more)), bytes.fromhex(
            digest.decode()
        )


def _id(text: bytes) -> bytes:
    return bytes.fromhex(text.replace(b"-", b"").decode())


def _micros(text: bytes) -> int:
    try:
        found = datetime.fromisoformat(text.decode()).replace(tzinfo=UTC)
    except ValueError:
        raise Refused("`time` is none that a calendar has") from None
    micros = (found - _EPOCH) // _MICROSECOND
    if _time(micros).encode() != text:
        raise Refused("`time` is not as it is written")
    return micros


def _plain(quoted: bytes) -> bytes:
    """Read a JSON string that has to be written as we write it."""
    try:
        text = orjson.loads(quoted)
    except orjson.JSONDecodeError:
        raise Refused("a string is not JSON") from None
    if orjson.dumps(text) != quoted:
        raise Refused("a string is not written in the one way")
    found: bytes = text.encode()
    return found


def _state(form: bytes, data: bytes) -> bytes:
    if form == b"data":
        return data
    try:
        state = base64.b64decode(data[1:-1], validate=True)
    except ValueError:
        raise Refused("`data_base64` is not base64") from None
    if b'"' + base64.b64encode(state) + b'"' != data or _verbatim(state):
        raise Refused("`data_base64` is not written in the one way")
    return state

import contextlib
import json
from hashlib import sha256

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.audit.cloudevents import Parser, render
from infra.audit.rows import LENGTH, PREFIX, RawRow
from infra.audit.source import Refused

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
STATES = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    ).map(lambda v: json.dumps(v, ensure_ascii=False).encode()),
)
NUMBERS = st.integers(1, 2**63 - 1)
TIMES = st.integers(-30_000_000_000_000_000, 200_000_000_000_000_000)
ID = st.binary(min_size=16, max_size=16)


@st.composite
def rows(draw: st.DrawFn) -> RawRow:
    prefix = PREFIX.pack(draw(ID), draw(NUMBERS), draw(NUMBERS), draw(ID), draw(ID), draw(TIMES))
    topic, state, metadata = draw(TEXT).encode(), draw(STATES), draw(TEXT).encode()
    event = b"".join((prefix, LENGTH.pack(len(topic)), topic, LENGTH.pack(len(state)), state, metadata))
    return event, sha256(event).digest()


@given(rows())
def test_a_line_gives_back_exactly_the_row(row: RawRow) -> None:
    line = render(row)
    assert line.count(b"\n") == 1
    assert Parser().parse(line) == row


@given(rows())
def test_a_line_is_a_cloud_event(row: RawRow) -> None:
    event = json.loads(render(row))
    assert event["specversion"] == "1.0"
    assert all(name.isalnum() and name.islower() for name in event if name != "data_base64")
    assert all(isinstance(event[name], str) for name in event if name != "data")
    assert ("data" in event) != ("data_base64" in event)


@given(rows(), st.data())
def test_another_byte_makes_another_row_or_none(row: RawRow, data: st.DataObject) -> None:
    line = bytearray(render(row))
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(Refused):
        assert Parser().parse(bytes(line)) != row


def test_what_our_events_are_can_be_written_again_by_a_json_library() -> None:
    state = orjson.dumps({"changes": {"text": 'Ünï "quoted" \\ \u2028'}, "base_version": 3, "weight": 1.5})
    event = bytes(PREFIX.size) + LENGTH.pack(1) + b"t" + LENGTH.pack(len(state)) + state + b"{}"
    assert orjson.dumps(orjson.loads(render((event, bytes(32))))["data"]) == state


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"id":"7"', b'"id":"07"'),
        (b'"id":"7"', b'"id":"8"'),
        (b"1970-01-01T00", b"1970-13-01T00"),
        (b'"specversion"', b' "specversion"'),
        (b'"streamversion":"1"', b'"streamversion":"9999999999999999999"'),
        (b'"type":"t"', b'"type":"\\u0074"'),
        (b'"type":"t"', b'"type":"\\x"'),
        (b'"data":{}', b'"data_base64":"e30="'),
        (b'"data":{}', b'"data_base64":"e31="'),
        (b'"data":{}', b'"data_base64":7'),
        (b"}\n", b"}\r\n"),
        (b"}\n", b"}"),
    ],
)
def test_what_is_written_otherwise_is_refused(old: bytes, new: bytes) -> None:
    prefix = PREFIX.pack(bytes(16), 1, 7, bytes(16), bytes(16), 0)
    line = render((prefix + LENGTH.pack(1) + b"t" + LENGTH.pack(2) + b"{}" + b"{}", bytes(32)))
    assert old in line
    with pytest.raises(Refused):
        Parser().parse(line.replace(old, new))

import re
from pathlib import Path

from infra.http import close_codes

DOCUMENT = Path(close_codes.__file__).parents[1] / "docs" / "live.md"
ROW = re.compile(r"^\| (\d{4}) \| (.+) \| (yes|no) \|$", re.MULTILINE)


def test_the_documents_table_is_the_codes() -> None:
    told = [(int(code), why, again == "yes") for code, why, again in ROW.findall(DOCUMENT.read_text("utf-8"))]
    assert told == [(c.code, c.reason, c.reconnect) for c in close_codes.ALL]


def test_a_code_says_one_thing() -> None:
    by_code = {c.code: c for c in close_codes.ALL}
    assert len(by_code) == len(close_codes.ALL)
    said_otherwise = [value for value in vars(close_codes).values() if isinstance(value, close_codes.Close)]
    assert all(by_code[c.code].reconnect == c.reconnect for c in said_otherwise)


def test_reasons_fit_into_a_close_frame() -> None:
    assert all(len(c.reason.encode()) <= 123 for c in close_codes.ALL)

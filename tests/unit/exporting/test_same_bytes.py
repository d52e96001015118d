"""The same deck gives the same bytes, whenever and however often it is rendered."""

import subprocess
import sys
from hashlib import sha256

import pytest

from tests.support.slides import demo
from workers.exporting import FORMATS, render
from workers.exporting.formats import file_name

PROGRAM = """
import sys; sys.path.insert(0, ".")
from hashlib import sha256
from tests.support.slides import demo
from workers.exporting import render
print(sha256(render(demo(), sys.argv[1]).data).hexdigest())
"""


@pytest.mark.parametrize("wanted", FORMATS)
def test_another_process_makes_the_same_bytes(wanted: str) -> None:
    other = subprocess.run(
        [sys.executable, "-c", PROGRAM, wanted],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7"},
    )
    assert other.stdout.strip() == sha256(render(demo(), wanted).data).hexdigest()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("How rivers grow", "How rivers grow"),
        ("../../etc/passwd", "etc passwd"),
        ('a/b\\c:d*e?f"g<h>i|j\x00\n', "a b c d e f g h i j"),
        ("…", "deck"),
        ("Ü 中文", "Ü 中文"),
        ("x" * 300, "x" * 80),
    ],
)
def test_a_title_becomes_a_name_that_any_system_takes(title: str, name: str) -> None:
    assert file_name(title) == name

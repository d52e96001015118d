"""Each line of the threat model has tests beside it, and these exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TESTS = ROOT / "tests"
PAGE = (ROOT / "infra" / "docs" / "threat-model.md").read_text("utf-8")
LINES = [
    line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| wants ", "|---"))
]
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def test_there_is_a_table_for_each_of_them() -> None:
    assert len(LINES) >= 30
    assert PAGE.count("| wants | answered by | test |") >= 5


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[2:40])
def test_each_line_names_tests_that_exist(line: str) -> None:
    named = NAMED.findall(line)
    assert named, "no test beside it"
    for file, name in named:
        path = next((p for p in (TESTS / "integration" / file, TESTS / file) if p.exists()), None)
        assert path is not None, file
        functions = {
            node.name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert name in functions, f"{file}::{name}"

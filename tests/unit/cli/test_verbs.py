import subprocess
import sys

import pytest
from typer.testing import CliRunner

from workers.cli import serving
from workers.cli.app import VERBS, app

ALL = [(name,) for name in VERBS] + [("serve", name) for name in serving.VERBS]


@pytest.mark.parametrize("verb", ALL, ids=" ".join)
def test_every_verb_is_there_and_says_how_it_is_used(verb: tuple[str, ...]) -> None:
    told = CliRunner().invoke(app, [*verb, "--help"])
    assert told.exit_code == 0, told.output
    assert f"Usage: decklog {' '.join(verb)}" in told.output


def test_all_verbs_are_listed() -> None:
    told = CliRunner().invoke(app, ["--help"])
    assert all(f" {name} " in told.output for name in VERBS)


def test_another_word_is_no_verb() -> None:
    told = CliRunner().invoke(app, ["nope"])
    assert told.exit_code == 2
    assert "No such command 'nope'" in told.output


def test_a_token_does_not_wait_for_what_draws_slides() -> None:
    script = (
        "import sys; from typer.testing import CliRunner; from workers.cli.app import app;"
        "CliRunner().invoke(app, ['token', '--help']);"
        "print(*({'pptx', 'typst', 'fastapi', 'faststream'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

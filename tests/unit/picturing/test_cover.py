"""Covers drawn without a model."""

import io

from PIL import Image

from domain.theme import BUILT_IN
from workers.exporting.colors import of_theme
from workers.picturing.cover import LABEL, CoverPainter, svg
from workers.picturing.ports import Painted, Wish

PLAIN, INK, *_ = BUILT_IN.values()


async def painted(prompt: str, theme: object = PLAIN, aspect: str = "16:9") -> Painted:
    return await CoverPainter().paint(Wish(prompt, theme, aspect))  # type: ignore[arg-type]


async def test_the_same_title_and_theme_give_the_same_picture() -> None:
    first = await painted("River deltas")
    assert first == await painted("River  deltas")
    assert first.data != (await painted("River delta")).data
    assert first.data != (await painted("River deltas", INK)).data
    with Image.open(io.BytesIO(first.data)) as image:
        assert (image.format, image.size) == ("PNG", (1600, 900))
    with Image.open(io.BytesIO((await painted("x", aspect="4:3")).data)) as image:
        assert image.size == (1200, 900)


async def test_it_says_that_it_is_a_placeholder() -> None:
    made = await painted("River deltas")
    assert made.alt == "Placeholder: River deltas"
    assert "placeholder" in made.warnings[0]
    assert LABEL in svg("River deltas", of_theme(PLAIN), (1600, 900))


async def test_words_are_never_markup_and_missing_letters_are_told() -> None:
    drawn = svg('<image href="file:///etc/passwd"/>&', of_theme(PLAIN), (1600, 900))
    assert "<image" not in drawn
    assert "&lt;image" in drawn
    assert any("\u4e09" in w for w in (await painted("\u4e09 deltas")).warnings)
    assert (await painted("word " * 400)).data

"""Texts of other scripts, other spaces, and of the greatest length."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.content import LIMITS
from domain.merge import Side, merge_text
from domain.merge.diff import STEPS, Work
from domain.merge.tokens import Unit, apart, tokens

any_text = st.text(
    alphabet=st.sampled_from("ab é我好。かก\u0e34\u3099\u0301\ufe0f👩\u200d💻ש\u00a0\u3000\r\n\t"),
    max_size=30,
)


@given(any_text)
def test_pieces_are_the_text(text: str) -> None:
    for unit in ("words", "lines"):
        pieces = tokens(text, unit)
        assert pieces.text(0, len(pieces.words)) == text
        assert len(pieces.words) == len(pieces.spaces)
        assert pieces.places()[-1] == len(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("one two", ["one", "two"]),
        ("10\u00a0kg", ["10", "kg"]),
        ("cafe\u0301 au lait", ["cafe\u0301", "au", "lait"]),
        ("👩\u200d💻👍🏽 yes", ["👩\u200d💻👍🏽", "yes"]),
        ("我喜欢你。", ["我", "喜", "欢", "你", "。"]),
        ("か\u3099んPython3だ", ["か\u3099", "ん", "Python3", "だ"]),
        ("葛\U000e0100城", ["葛\U000e0100", "城"]),
        ("ดี", ["ดี"]),
        ("안녕하세요 여러분", ["안녕하세요", "여러분"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert tokens(text, "words").words == words


def test_joints() -> None:
    assert apart("a ", "b", "words")
    assert apart("a", "\u00a0b", "words")
    assert apart("我", "b", "words")
    assert apart("", "b", "words")
    assert not apart("a", "b", "words")
    assert not apart("a ", "b", "lines")
    assert apart("a", "\r\nb", "lines")
    assert apart("a\n", "b", "lines")


@pytest.mark.parametrize(
    ("base", "hers", "his", "merged"),
    [
        ("我喜欢你。", "我很喜欢你。", "我喜欢你们。", "我很喜欢你们。"),
        ("今天开会。", "今天下午开会。", "今天开会。请准时。", "今天下午开会。请准时。"),
        ("שלום עולם טוב", "שלום לך עולם טוב", "שלום עולם רע", "שלום לך עולם רע"),
        (
            "one\r\ntwo\r\nthree\r\n",
            "ONE\r\ntwo\r\nthree\r\n",
            "one\r\ntwo\r\nTHREE\r\n",
            "ONE\r\ntwo\r\nTHREE\r\n",
        ),
        ("10\u00a0kg of it", "12\u00a0kg of it", "10\u00a0kg of that", "12\u00a0kg of that"),
        ("one two three", "one\ntwo three", "one two THREE", "one\ntwo THREE"),
        ("cafe\u0301 noir", "cafe\u0301 blanc", "thé, cafe\u0301 noir", "thé, cafe\u0301 blanc"),
        ("a 👩\u200d💻 b", "a 👩🏽\u200d💻 b", "a 👩\u200d💻 c", "a 👩🏽\u200d💻 c"),
    ],
)
def test_scripts(base: str, hers: str, his: str, merged: str) -> None:
    assert merge_text(base, hers, his, winner="mine") == (merged, False)
    assert merge_text(base, his, hers, winner="mine") == (merged, False)


@pytest.mark.parametrize(
    ("base", "hers", "his", "by"),
    [
        ("a b ", "a", "a b d", "words"),
        ("你", "", "a\r\na你e!", "words"),
        ("我 g が 👩 。", "我 g が h.。👩", "我。 g が 👩 ", "words"),
        ("b\n", "b\nh. ", "b\nc", "lines"),
        ("c\n\nc\n", "c\n\nc\nd", "c\n\n\ng", "lines"),
    ],
)
def test_words_do_not_grow_together_at_a_joint(base: str, hers: str, his: str, by: Unit) -> None:
    assert merge_text(base, hers, his, winner="mine", by=by)[1]
    for side in (hers, his):
        winner: Side = "theirs" if side == hers else "mine"
        merged, _ = merge_text(base, hers, his, winner=winner, by=by)
        assert not words(side, by) - words(base, by) - words(merged, by)


def words(text: str, by: Unit) -> Counter[str]:
    return Counter(word for word in tokens(text, by).words if word)


def edited(chance: random.Random, pieces: list[str], vocabulary: list[str]) -> str:
    pieces = list(pieces)
    for _ in range(chance.choice([1, 1, 2, 3])):
        at = chance.randrange(len(pieces) + 1)
        new = chance.choices(vocabulary, k=chance.randint(1, 4))
        match chance.choice(["insert", "replace", "remove", "append", "move"]):
            case "insert":
                pieces[at:at] = new
            case "replace":
                pieces[at : at + 1] = new[:2]
            case "remove":
                del pieces[at : at + len(new)]
            case "append":
                pieces += [" ", *new]
            case _:
                pieces.insert(at, pieces.pop(chance.randrange(len(pieces)))) if pieces else None
    return "".join(pieces)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("by", ["words", "lines"])
@pytest.mark.parametrize("letters", [[], ["我", "你", "。", "か\u3099"]])
def test_no_word_of_many_texts_is_lost(seed: int, by: Unit, letters: list[str]) -> None:
    """As the properties of contents, of more texts: most that went wrong took some thousands to be found."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    vocabulary = ["a ", "b ", "c ", "Dd. ", "e! ", "f\n", "g", "h.", " ", "\n", "\r\n", *letters * 2]
    for _ in range(100):
        pieces = chance.choices(vocabulary, k=chance.randrange(12))
        base, hers, his = (
            "".join(pieces),
            edited(chance, pieces, vocabulary),
            edited(chance, pieces, vocabulary),
        )

        merged, conflict = merge_text(base, hers, his, winner="mine", by=by)

        told = (base, hers, his, merged)
        assert merge_text(base, his, hers, winner="theirs", by=by) == (merged, conflict), told
        assert not words(his, by) - words(base, by) - words(merged, by), told
        if not conflict:
            assert merge_text(base, his, hers, winner="mine", by=by) == (merged, False), told
            assert not words(hers, by) - words(base, by) - words(merged, by), told


def replaced(words: list[str], places: dict[int, list[str]]) -> str:
    return " ".join(new for n, word in enumerate(words) for new in places.get(n, [word]))


def triples(sides: list[bool | None]) -> Iterator[tuple[bool | None, bool | None, bool | None]]:
    return zip(sides, sides[1:], sides[2:], strict=False)


@given(
    st.integers(1, 30),
    st.dictionaries(st.integers(0, 29), st.tuples(st.booleans(), st.integers(1, 3)), max_size=15),
)
def test_edits_of_different_words_are_both_had(size: int, edits: dict[int, tuple[bool, int]]) -> None:
    """Each word is edited by one side at most, and no side rewrites more than two in a row: then nothing clashes."""
    words = [f"w{n}" for n in range(size)]
    by = [edits[n][0] if n in edits else None for n in range(size)]
    assume(not any(first is not None and first is second is third for first, second, third in triples(by)))
    new = {n: [f"n{n}x{k}" for k in range(many)] for n, (_, many) in edits.items()}
    hers, his = ({n: new[n] for n, (side, _) in edits.items() if side is which} for which in (True, False))

    merged = merge_text(" ".join(words), replaced(words, hers), replaced(words, his), winner="mine")

    assert merged == (replaced(words, new), False)


def test_a_word_that_stayed_amid_what_was_rewritten_belongs_to_the_rewriting() -> None:
    base = "a b c the d e f"
    assert merge_text(base, "a b c their d e f", "x y z the u v w", winner="mine") == (
        "x y z the u v w",
        True,
    )
    assert merge_text(base, "a b c their d e f", "x y c the u v f", winner="mine") == (
        "x y c their u v f",
        False,
    )


def test_a_text_past_the_limit_is_a_conflict() -> None:
    base = "Begin. " + "x" * 9_000 + " end."
    hers, his = "A" * 600 + ". " + base, base + " " + "B" * 600 + "."

    assert merge_text(base, hers, his, winner="mine") == (his, True)
    assert merge_text(base, hers, his, winner="theirs") == (hers, True)
    assert len(merge_text(base, hers[100:], his[:-100], winner="mine")[0]) <= LIMITS.TEXT


@pytest.mark.parametrize("letters", ["a b ", "我你他", "abcdefgh "])
def test_the_worst_texts_stay_within_the_bound(letters: str) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    base, hers, his = ("".join(chance.choice(letters) for _ in range(LIMITS.TEXT)) for _ in range(3))
    work = Work()

    assert merge_text(base, hers, his, winner="theirs", work=work) == (hers, True)
    assert work.left > -STEPS // 10


def test_lines_are_not_taken_apart() -> None:
    base = "x = 1\ny = 2\n"
    assert merge_text(base, "x = 3\ny = 2\n", "x = 1\ny = 4\n", winner="mine", by="lines") == (
        "x = 3\ny = 4\n",
        False,
    )
    assert merge_text(base, "x = 3\ny = 2\n", "z = 1\ny = 2\n", winner="mine", by="lines") == (
        "z = 1\ny = 2\n",
        True,
    )
    assert merge_text(base, "x = 3\ny = 2\n", "z = 1\ny = 2\n", winner="mine") == ("z = 3\ny = 2\n", False)

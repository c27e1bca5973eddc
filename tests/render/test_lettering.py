"""Text: harmless, measured like the shipped font measures it, cut where it must be."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from fontTools.ttLib import TTFont  # pyright: ignore[reportMissingTypeStubs]
from hypothesis import given
from hypothesis import strategies as st

from engine.render.lettering import ELLIPSIS, FONT_FILES, clean, shorten, width_px


@pytest.mark.parametrize("weight", [400, 600])
def test_widths_are_those_of_the_font_for_every_character_it_has(weight: int) -> None:
    file: Any = TTFont(FONT_FILES[weight], lazy=True)
    with file as font:
        metrics, units = font["hmtx"].metrics, font["head"].unitsPerEm
        for code, glyph in font.getBestCmap().items():
            assert width_px(chr(code), units, weight) == metrics[glyph][0]


def test_what_the_font_lacks_takes_an_em_and_a_mark_nothing() -> None:
    assert width_px("😀", 13, 400) == 13
    assert width_px("e\u1ab0", 13, 400) == width_px("e", 13, 400)


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=80))
def test_clean_text_is_one_line_without_controls_surrogates_or_direction_marks(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == " ".join(cleaned.split())
    assert not {"Cc", "Cs", "Co", "Cn"} & {unicodedata.category(letter) for letter in cleaned}
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff") & set(cleaned)
    assert clean(cleaned) == cleaned


def test_ordinary_text_is_left_as_it_is() -> None:
    assert clean("초안 작성자 · 2/5 ≤ 5 👩‍🚀") == "초안 작성자 · 2/5 ≤ 5 👩‍🚀"


def test_a_label_of_ten_million_characters_is_not_read_to_its_end() -> None:
    assert len(clean("x" * 10_000_000)) == 2000


@given(st.text(max_size=60), st.floats(12, 200))
def test_shortened_text_fits_and_is_a_beginning(text: str, room_px: float) -> None:
    shown = shorten(clean(text), room_px, 13, 600)
    assert width_px(shown, 13, 600) <= room_px
    assert shown == clean(text) or (shown.endswith(ELLIPSIS) and clean(text).startswith(shown[:-1]))


def test_no_room_leaves_at_most_the_ellipsis() -> None:
    assert shorten("anything", 0, 13, 600) == ELLIPSIS

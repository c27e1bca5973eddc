"""The tokens: complete, and readable by the formula of WCAG 2."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from engine.model.nodes import Kind
from engine.render.icons import icon
from engine.render.tokens import (
    COLOURS,
    KIND_FAMILY,
    KIND_WORDS,
    STATUS_FAMILY,
    STATUS_WORDS,
    Status,
    Theme,
    colour,
    stylesheet,
    token_of,
)

THEMES: tuple[Theme, ...] = ("light", "dark")
FAMILIES = sorted(name.removesuffix("-ink") for name in COLOURS if name.endswith("-ink"))


def luminance(literal: str) -> float:
    channels = (int(literal[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_ink_is_read_on_the_surface_and_seen_on_its_tint(family: str, theme: Theme) -> None:
    ink = colour(f"{family}-ink", theme)
    assert contrast(ink, colour("surface", theme)) >= 4.7
    assert contrast(ink, colour(f"{family}-tint", theme)) >= 4.2


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_ink_is_read_on_the_canvas_too(family: str, theme: Theme) -> None:
    assert contrast(colour(f"{family}-ink", theme), colour("canvas", theme)) >= 4.5


@pytest.mark.parametrize(("theme", "text", "muted", "edge"), [("light", 16.5, 6.3, 3.5), ("dark", 14.5, 7.2, 5.1)])
def test_text_and_edges_have_the_promised_contrast(theme: Theme, text: float, muted: float, edge: float) -> None:
    surface = colour("surface", theme)
    assert contrast(colour("text", theme), surface) == pytest.approx(text, abs=0.1)
    assert contrast(colour("muted", theme), surface) >= muted
    assert contrast(colour("edge", theme), colour("canvas", theme)) == pytest.approx(edge, abs=0.1)


def test_every_kind_has_a_family_and_a_word() -> None:
    kinds = set(get_args(Kind)) | {"start", "missing"}
    assert set(KIND_FAMILY) == set(KIND_WORDS) == kinds
    assert all(f"{family}-ink" in COLOURS and f"{family}-tint" in COLOURS for family in KIND_FAMILY.values())


def test_every_status_has_a_family_a_word_and_an_icon_of_its_own() -> None:
    statuses: tuple[Status, ...] = get_args(Status)
    assert set(STATUS_FAMILY) == set(STATUS_WORDS) == set(statuses)
    drawings = [icon(f"status-{status}") for status in statuses]
    assert None not in drawings
    assert len({drawing.line for drawing in drawings if drawing is not None}) == len(statuses)
    assert len(set(STATUS_WORDS.values())) == len(statuses)


def test_icons_stay_on_their_square() -> None:
    drawings = [icon(name) for name in (*KIND_WORDS, *(f"status-{status}" for status in STATUS_WORDS))]
    for drawing in filter(None, drawings):
        values = [value for _, values in (*drawing.line, *drawing.solid) for value in values]
        assert min(values) >= 0.75  # half a stroke stays inside
        assert max(values) <= 15.25


@pytest.mark.parametrize("theme", THEMES)
def test_the_style_sheet_falls_back_to_literals_and_names_tokens_only(theme: Theme) -> None:
    sheet = stylesheet(theme)
    fallbacks = re.findall(r"var\(--weft-([a-z-]+),(#[0-9a-f]{6})\)", sheet)
    assert {name for name, _ in fallbacks if name in COLOURS} >= {"canvas", "agent-ink", "running-tint"}
    assert all(literal == colour(name, theme) for name, literal in fallbacks if name in COLOURS)


def test_the_border_speaks_only_for_statuses_that_ask_for_a_look() -> None:
    borders = {status: token_of("border", "agent", status) for status in STATUS_WORDS}
    assert {status for status, token in borders.items() if token != "line"} == {
        "running", "retrying", "asking", "failed",
    }  # fmt: skip

"""PNG and PDF: the right size, the shipped font, text that can be found again."""

from __future__ import annotations

import re
import struct
import zlib

import pytest

from engine.errors import InputError
from engine.render import NodeRun, Picture, PictureNode, RunOverlay, render
from engine.render.illustration import size_of
from engine.render.layout import layout
from engine.render.raster import LONGEST_PAGE_PT, LONGEST_SIDE_PX, MOST_PIXELS, png_scale
from tests.render.builders import draft_and_review, fork_of, human_in_the_loop, run_of


def png_size(data: bytes) -> tuple[int, int]:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def streams(data: bytes) -> list[bytes]:
    """The streams of a PDF, unpacked where they are packed."""
    found = list[bytes]()
    for raw in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.S):
        try:
            found.append(zlib.decompress(raw))
        except zlib.error:
            found.append(raw)
    return found


def letters(data: bytes) -> str:
    """Every character that the PDF's fonts can be turned back into."""
    maps = [stream.decode("latin-1") for stream in streams(data) if b"beginbfchar" in stream]
    pairs = (pair for stream in maps for pair in re.findall(r"<[0-9A-F]+> <([0-9A-F]+)>", stream))
    return "".join(bytes.fromhex(pair).decode("utf-16-be") for pair in pairs)


@pytest.mark.anyio
async def test_a_png_has_two_pixels_for_every_px() -> None:
    picture = draft_and_review()
    wide, high = size_of(picture, await layout(picture), None)
    assert png_size(await render(picture, to="png")) == (round(wide) * 2, round(high) * 2)
    assert png_size(await render(picture, to="png", scale=1)) == (round(wide), round(high))


@pytest.mark.parametrize("size", [(900.0, 9_000.0), (900_000.0, 90.0), (40_000.0, 40_000.0)])
def test_a_huge_png_is_scaled_down_to_what_can_be_opened(size: tuple[float, float]) -> None:
    scale = png_scale(size, 2)
    assert max(size) * scale <= LONGEST_SIDE_PX + 1
    assert size[0] * size[1] * scale**2 <= MOST_PIXELS + 1


@pytest.mark.anyio
async def test_a_png_shows_its_words() -> None:
    def picture(label: str) -> Picture:
        return Picture("p", "", (PictureNode("a", "agent", label),), ())

    drawn = [await render(picture(label), to="png") for label in ("안녕", "안경", "", "abc")]
    assert len(set(drawn)) == 4


@pytest.mark.anyio
async def test_both_themes_differ() -> None:
    light, dark = [await render(draft_and_review(), to="png", theme=theme) for theme in ("light", "dark")]
    assert light != dark


@pytest.mark.anyio
async def test_a_pdf_embeds_both_weights_and_keeps_its_korean() -> None:
    picture = human_in_the_loop()
    data = await render(picture, to="pdf", overlay=run_of(picture))
    assert data.startswith(b"%PDF-")
    assert {name.split(b"+")[-1] for name in re.findall(rb"/FontName /(\S+)", data)} == {
        b"Pretendard", b"PretendardSemiBold",
    }  # fmt: skip
    assert data.count(b"/FontFile3") == 2
    assert set("초안작성자거절됨사람의검토가있는글쓰기") <= set(letters(data))


@pytest.mark.anyio
async def test_a_pdf_is_vectors_on_one_page() -> None:
    data = await render(draft_and_review(), to="pdf")
    assert len(re.findall(rb"/Type /Page\b(?!s)", data)) == 1
    assert b"/Subtype /Image" not in data


@pytest.mark.anyio
async def test_a_long_pdf_page_stays_within_the_format() -> None:
    data = await render(fork_of(210), to="pdf")
    (box,) = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert max(map(float, box)) <= LONGEST_PAGE_PT + 0.01


@pytest.mark.anyio
@pytest.mark.parametrize("to", ["png", "pdf"])
async def test_hostile_words_are_drawn_like_others(to: str) -> None:
    words = "</text>\x00\ud800<script>\u202e (\\) & \ufffe"
    picture = Picture(words, words, (PictureNode("a", "agent", words, words),), ())
    run = RunOverlay({"a": NodeRun("failed", error_class=words)}, {}, words)
    assert await render(picture, to="png" if to == "png" else "pdf", overlay=run)


@pytest.mark.anyio
@pytest.mark.parametrize("to", ["png", "pdf"])
async def test_what_cannot_be_drawn_in_time_is_a_clear_error(to: str) -> None:
    with pytest.raises(InputError, match="could not be drawn") as caught:
        await render(draft_and_review(), to="png" if to == "png" else "pdf", deadline_s=0)
    assert caught.value.code == "picture.deadline"
    assert "svg" in (caught.value.hint or "")


@pytest.mark.anyio
async def test_svg_dot_and_mermaid_always_answer() -> None:
    for to in ("svg", "dot", "mermaid"):
        assert await render(draft_and_review(), to=to, deadline_s=0)

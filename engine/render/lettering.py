"""Text in pictures: made harmless, measured, and shortened until it fits.

Rule: widths come from the shipped font's own tables (cmap format 12 and hmtx of the OpenType specification), read in
place without loading the outlines, so that a picture has the same geometry on every machine.
"""

from __future__ import annotations

import functools
import struct
import unicodedata
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from engine.errors import EngineBug
from engine.render.tokens import SEMIBOLD

FONT_FILES: dict[int, Path] = {
    400: Path(__file__).parent / "fonts" / "Pretendard-Regular.otf",
    600: Path(__file__).parent / "fonts" / "Pretendard-SemiBold.otf",
}
ELLIPSIS = "…"
_LONGEST = 2000
"""No label is read further than this many characters: a picture has room for far fewer."""

_DROPPED = {"Cs", "Co", "Cn", "Cc"}
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF}


def clean(text: str) -> str:
    """The text on one line without what breaks XML or fools a reader.

    Blanks of any kind become one space; control characters, surrogates, unassigned and private code points and
    direction marks are dropped (a reversed label could show another name than it has).
    """
    head = text[:_LONGEST]
    if not head.isprintable():  # nothing to drop in what is: controls, formats, surrogates and the like are not
        head = "".join(map(_harmless, head))
    return " ".join(head.split())


def _harmless(letter: str) -> str:
    if letter.isspace():
        return " "
    if ord(letter) in _BIDI or unicodedata.category(letter) in _DROPPED:
        return ""
    return letter


def width_px(text: str, size_px: float, weight: int) -> float:
    """How wide a cleaned line is drawn, kerning aside (it only narrows)."""
    face = _face(weight)
    return sum(map(face.advance, text)) * size_px / face.units


def shorten(text: str, room_px: float, size_px: float, weight: int) -> str:
    """The text, or as much of its beginning as fits before an ellipsis. O(length)."""
    if width_px(text, size_px, weight) <= room_px:
        return text
    face = _face(weight)
    left = room_px * face.units / size_px - face.advance(ELLIPSIS)
    for place, letter in enumerate(text):
        left -= face.advance(letter)
        if left < 0:
            return text[:place].rstrip() + ELLIPSIS
    return text


@dataclass(frozen=True, slots=True)
class _Face:
    """Widths of one font.

    Attributes:
        units: font units per em.
        firsts, lasts, glyphs: for each run of code points its first, its last and the first's glyph number.
        advances: for each glyph its width in font units.
    """

    units: int
    firsts: array[int]
    lasts: array[int]
    glyphs: array[int]
    advances: array[int]

    def advance(self, letter: str) -> int:
        """Width of one character in font units; what the font lacks is taken as one em, marks as nothing."""
        code = ord(letter)
        run = bisect_right(self.firsts, code) - 1
        if run >= 0 and code <= self.lasts[run]:
            return self.advances[min(self.glyphs[run] + code - self.firsts[run], len(self.advances) - 1)]
        return 0 if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf" else self.units


@functools.cache
def _face(weight: int) -> _Face:
    data = FONT_FILES[SEMIBOLD if weight >= SEMIBOLD else 400].read_bytes()
    tables = {
        data[at : at + 4]: struct.unpack_from(">I", data, at + 8)[0]
        for at in range(12, 12 + 16 * struct.unpack_from(">H", data, 4)[0], 16)
    }
    firsts, lasts, glyphs = _character_map(data, tables[b"cmap"])
    widths = struct.unpack_from(">H", data, tables[b"hhea"] + 34)[0]
    metrics = struct.unpack_from(f">{2 * widths}H", data, tables[b"hmtx"])
    units = struct.unpack_from(">H", data, tables[b"head"] + 18)[0]
    return _Face(units, firsts, lasts, glyphs, array("I", metrics[::2]))


def _character_map(data: bytes, start: int) -> tuple[array[int], array[int], array[int]]:
    for record in range(struct.unpack_from(">H", data, start + 2)[0]):
        at = start + struct.unpack_from(">I", data, start + 4 + 8 * record + 4)[0]
        if struct.unpack_from(">H", data, at)[0] == 12:
            count = struct.unpack_from(">I", data, at + 12)[0]
            flat = struct.unpack_from(f">{3 * count}I", data, at + 16)
            return array("I", flat[::3]), array("I", flat[1::3]), array("I", flat[2::3])
    raise EngineBug("the shipped font has no character map of format 12", where="engine/render/fonts")

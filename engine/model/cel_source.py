"""What can be seen in the source of a CEL expression without CEL: its words, references, loops and size.

Rule: this reads, it never decides what an expression means; what it does not recognise is left to CEL. Strings and
comments hide nothing, since they are words of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

Path = tuple[str | int, ...]

_WORD = re.compile(
    r"""
    (?P<blank>\s+|//[^\n]*)
  | (?P<text>(?:[bB][rR]?|[rR][bB]?)?(?:'{3}(?:\\.|[^\\])*?'{3}|"{3}(?:\\.|[^\\])*?"{3}
        |'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
  | (?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?[uU]?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<mark>&&|\|\||[=!<>]=|.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_LOOPS = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter", "optMap", "optFlatMap"})
_LITERALS = frozenset({"true", "false", "null", "in"})


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the source: ``sort`` is ``text``, ``number``, ``name`` or ``mark``."""

    sort: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A name with the fields selected from it, such as ``nodes.a.output.x``.

    Attributes:
        path: the name and its fields.
        start: its offset in the source, in characters.
        tested: it is the argument of ``has(…)``, or an optional selection follows, so it may be absent.
    """

    path: Path
    start: int
    tested: bool

    @property
    def text(self) -> str:
        """The path as it is written."""
        return ".".join(map(str, self.path))


@dataclass(frozen=True, slots=True)
class Source:
    """An expression's source, read once.

    Attributes:
        words: every word but blanks and comments.
        mentions: every name that no loop binds, in order.
        bound: the names that loops (``map``, ``all`` …) bind.
        loops: how many loops there are.
        bound_uses: how often bound names are used; what they are used for can grow that often.
        reread: those of ``mentions`` that stand inside a loop, and are read again at each of its steps.
    """

    text: str
    words: tuple[Word, ...]
    mentions: tuple[Mention, ...]
    bound: frozenset[str]
    loops: int
    bound_uses: int
    reread: tuple[Mention, ...]

    @property
    def growth(self) -> int:
        """How often over a value may come to stand in what the loops make, each of the last one's outcome."""
        return max(1, -(-self.bound_uses // self.loops)) ** self.loops if self.loops else 1


@lru_cache(maxsize=4096)
def read_source(text: str) -> Source:
    """Read an expression's source. Cost: O(length), once per text."""
    words = tuple(
        Word(found.lastgroup or "", found[0], found.start())
        for found in _WORD.finditer(text)
        if found.lastgroup != "blank"
    )
    loops = [index for index in range(len(words) - 3) if _is_loop(words, index)]
    bound = frozenset(words[index + 2].text for index in loops)
    mentions = tuple(_mentions(words))
    uses = sum(1 for mention in mentions if mention.path[0] in bound) - len(loops)
    free = tuple(mention for mention in mentions if mention.path[0] not in bound)
    spans = [(words[index + 3].start, _closed(words, index + 1)) for index in loops]
    reread = tuple(m for m in free if any(start < m.start < end for start, end in spans))
    return Source(text, words, free, bound, len(loops), uses, reread)


def _closed(words: tuple[Word, ...], opening: int) -> int:
    """Where the bracket that is opened at a word is closed again; the end of the source where it never is."""
    depth = 0
    for word in words[opening:]:
        if word.sort == "mark":
            depth += (word.text == "(") - (word.text == ")")
        if depth == 0:
            return word.start
    return words[-1].start + 1


def _is_loop(words: tuple[Word, ...], index: int) -> bool:
    """Whether ``.map(x,`` stands here: the word after a point, a bracket, a name, a comma."""
    word = words[index]
    if word.text not in _LOOPS or word.sort != "name" or index == 0 or words[index - 1].text != ".":
        return False
    return words[index + 1].text == "(" and words[index + 2].sort == "name" and words[index + 3].text == ","


def _mentions(words: tuple[Word, ...]) -> Iterator[Mention]:
    texts = [word.text for word in words] + [""] * 4
    index = 0
    while index < len(words):
        word = words[index]
        start, index = index, index + 1
        is_field = texts[start - 1 : start] == ["."] or texts[max(start - 2, 0) : start] == [".", "?"]
        if word.sort != "name" or is_field or word.text in _LITERALS or texts[index] == "(":
            continue
        path = [word.text]
        while texts[index] == "." and index + 1 < len(words) and words[index + 1].sort == "name":
            if texts[index + 2] == "(":
                break
            path.append(texts[index + 1])
            index += 2
        in_has = start > 1 and texts[start - 2 : start] == ["has", "("] and texts[index] == ")"
        optional = texts[index : index + 2] in ([".", "?"], ["[", "?"])
        yield Mention(tuple(path), word.start, in_has or optional)


def has_arguments(source: Source) -> frozenset[Path]:
    """The paths whose presence ``has(…)`` asks for."""
    words = source.words
    asked = {words[i + 2].start for i in range(len(words) - 2) if words[i].text == "has" and words[i + 1].text == "("}
    return frozenset(mention.path for mention in source.mentions if mention.tested and mention.start in asked)

"""Habits that hold in every file of the pages: JavaScript that is served as it is written."""

from __future__ import annotations

import re
from pathlib import Path

from server.pages import made_files
from tests.house.tree import ROOT, place

PAGES = ROOT / "editor_static"
JS = PAGES / "js"
FILES = tuple(sorted(file for file in PAGES.rglob("*.js") if "vendor" not in file.parts))
EDITOR = tuple(file for file in FILES if file.is_relative_to(JS))

ROOMS = {"document": 0, "store": 1, "gestures": 2, "live": 2, "view": 3}
"""A room uses only the rooms below it, and gestures and live do not know each other (HOUSE.md)."""
SHARED = re.compile(r"(api|language)\.js|words(-\w+)?\.js")
"""Files beside the rooms that every room above the store may use; the others there put a page together."""

IMPORT = re.compile(r"""(?:^|[\s;}])(?:import|from)\s*\(?\s*["']([^"'\s]+)["']""")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
MARKUP = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|createContextualFragment|DOMParser|setHTMLUnsafe)\b"
    r"|\bdocument\.write\b|\beval\s*\(|\bnew Function\b|\bset(?:Timeout|Interval)\(\s*[\"'`]"
)
"""What makes markup or code of text (SECURITY.md): the pages' policy forbids most of it, and nobody may try."""
SURROUNDINGS = re.compile(
    r"\b(window|navigator|localStorage|sessionStorage|indexedDB|fetch|XMLHttpRequest|setTimeout|setInterval|performance)\b"
    r"|\bdocument\.(?:body|create|get|query|add)|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bcrypto\."
)
"""What a pure module may not know."""
DOM = re.compile(r"\bdocument\.(?:body|create|get|query|add|documentElement)|\bwindow\.")


def imports(file: Path) -> list[str]:
    """What a file imports, types aside."""
    return IMPORT.findall(COMMENT.sub("", file.read_text(encoding="utf-8")))


def code(file: Path) -> str:
    """A file without its comments."""
    return COMMENT.sub("", file.read_text(encoding="utf-8"))


def room_of(file: Path) -> str:
    """The room of a file of the editor; "" beside the rooms."""
    parts = file.relative_to(JS).parts
    return parts[0] if len(parts) > 1 else ""


def is_made(file: Path) -> bool:
    """Whether the server makes a file from its own tables, so that it lies nowhere."""
    return file.is_relative_to(PAGES) and file.relative_to(PAGES).as_posix() in made_files()


def may_use(file: Path, other: Path) -> bool:
    """Whether a file of the editor may import another one."""
    here = room_of(file)
    if other.is_relative_to(PAGES / "vendor"):
        # CEL is no part of any page: the document's preview loads it when one is wanted.
        return here in {"flow.js": ("", "gestures", "live", "view"), "cel.js": ("document",)}.get(other.name, ())
    if not here:
        return True
    if is_made(other):
        return ROOMS[here] > ROOMS["store"]
    there = room_of(other)
    if not there:
        return SHARED.fullmatch(other.name) is not None and ROOMS[here] > ROOMS["store"]
    return here == there or ROOMS[there] < ROOMS[here]


def test_every_module_opens_with_its_rule() -> None:
    openings = {place(file): file.read_text(encoding="utf-8").partition("\n")[0] for file in FILES}
    assert {name: line for name, line in openings.items() if not re.match(r"//.{20,}|/\*\*?$", line)} == {}


def test_every_room_of_the_editor_has_its_place() -> None:
    assert {room_of(file) for file in EDITOR} - {""} <= set(ROOMS)


def test_a_room_of_the_editor_uses_only_the_rooms_below_it() -> None:
    used = [(file, (file.parent / name).resolve()) for file in EDITOR for name in imports(file) if name[0] == "."]
    assert len(used) > len(EDITOR)
    wrong = [f"{place(file)} uses {place(other)}" for file, other in used if not may_use(file, other)]
    assert wrong == []


def test_modules_are_imported_by_their_place_and_are_there() -> None:
    wrong = [
        f"{place(file)}: {name}"
        for file in FILES
        for name in imports(file)
        if name[0] != "." or not name.endswith(".js") or not is_there((file.parent / name).resolve())
    ]
    assert wrong == []


def is_there(file: Path) -> bool:
    """Whether the server serves a file."""
    return file.is_file() or is_made(file)


def test_no_module_makes_markup_or_code_of_text() -> None:
    assert [f"{place(file)}: {found[0]}" for file in FILES for found in MARKUP.finditer(code(file))] == []


def test_the_document_is_pure_and_the_store_knows_no_page() -> None:
    pure = [file for file in EDITOR if room_of(file) == "document"]
    assert len(pure) > 10
    assert [f"{place(file)}: {found[0]}" for file in pure for found in SURROUNDINGS.finditer(code(file))] == []
    plain = [file for file in EDITOR if room_of(file) == "store"]
    assert [f"{place(file)}: {found[0]}" for file in plain for found in DOM.finditer(code(file))] == []


def test_the_rules_see_planted_cases(tmp_path: Path) -> None:
    planted = tmp_path / "planted.js"
    planted.write_text(
        'import { a } from "./a.js";\n// innerHTML\nit.innerHTML = "x"; eval("1");\nconst b = await import("../b.js");'
    )
    assert imports(planted) == ["./a.js", "../b.js"]
    assert [found[0] for found in MARKUP.finditer(code(planted))] == ["innerHTML", "eval("]
    view, store, document = JS / "view/a.js", JS / "store/a.js", JS / "document/a.js"
    allowed = [(view, store), (store, document), (view, JS / "words.js")]
    refused = [(document, store), (store, view), (store, JS / "words.js"), (store, PAGES / "vendor/flow.js")]
    refused.append((JS / "live/a.js", JS / "gestures/a.js"))
    assert [may_use(*pair) for pair in allowed] == [True] * len(allowed)
    assert [may_use(*pair) for pair in refused] == [False] * len(refused)

"""What a hand does in the editor: drags, clicks and types. Nothing here reaches past the page into the store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from tests.server.served import Served


@dataclass
class Drawing:
    """One open editor.

    Attributes:
        page: the browser's page.
        served: the server behind it.
        name: the graph's name.
    """

    page: Any
    served: Served
    name: str

    # --- what is there ---

    def wait_until_open(self) -> None:
        """The editor is drawn."""
        self.page.locator(".app .save").wait_for()

    def saved(self) -> dict[str, Any]:
        """The document as the server has it, once everything is saved."""
        self.page.locator(".save.saved").wait_for()
        document: dict[str, Any] = self.served.client("ann").get(f"/api/graphs/{self.name}").json()
        return document

    def bytes_saved(self) -> bytes:
        """The file's bytes, once everything is saved."""
        self.page.locator(".save.saved").wait_for()
        return self.served.client("ann").get(f"/api/graphs/{self.name}").content

    def node(self, node_id: str) -> Any:
        """A node on the canvas."""
        return self.page.locator(f'.react-flow__node[data-id="{node_id}"]')

    def node_ids(self) -> list[str]:
        """The ids of all drawn nodes."""
        found: list[str] = self.page.locator(".react-flow__node").evaluate_all("all => all.map(n => n.dataset.id)")
        return found

    def selected(self) -> list[str]:
        """The ids of the selected nodes."""
        found: list[str] = self.page.locator(".react-flow__node.selected").evaluate_all(
            "all => all.map(n => n.dataset.id)"
        )
        return found

    def said(self) -> str:
        """What a screen reader was told last."""
        text: str = self.page.locator("[data-said]").inner_text()
        return text.replace("\u200b", "")

    # --- the mouse ---

    def drop(self, entry: str, x: float, y: float) -> str:
        """Drag an entry of the palette onto the canvas, x, y px from its upper left; the id of its new node."""
        before = set(self.node_ids())
        self.page.locator(f'[data-entry="{entry}"]').drag_to(
            self.page.locator(".react-flow__pane"), target_position={"x": x, "y": y}, force=True
        )
        return self._new(before)

    def _new(self, before: set[str]) -> str:
        for _ in range(100):
            made = [node_id for node_id in self.node_ids() if node_id not in before]
            if made:
                return made[0]
            self.page.wait_for_timeout(20)
        raise AssertionError("no node was added")

    def click(self, node_id: str, **how: Any) -> None:
        """Press on a node."""
        self.node(node_id).click(position={"x": 4, "y": 12}, **how)

    def wire(self, source: str, target: str, *, port: str | None = None) -> None:
        """Drag a wire from a port (default: the first) to the body of another node."""
        handles = self.node(source).locator(".react-flow__handle.source")
        handle = handles.first if port is None else self.node(source).locator(f'[data-handleid="{port}"]')
        mouse = self.page.mouse
        end = self.resting(self.node(target))
        for _ in range(3):
            self.node(source).hover()
            # Both are looked up first: near the rim the canvas begins to move under a wire that is held still.
            start, end = self.resting(handle), self.resting(self.node(target))
            mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
            mouse.down()
            mouse.move(start["x"] + 40, start["y"] + 24, steps=3)
            # A wire hangs at the hand, or the port was not where it had been: then once more.
            if self.comes(".react-flow__connectionline"):
                break
            mouse.up()
        mouse.move(end["x"] + min(24, end["width"] / 2), end["y"] + end["height"] / 2, steps=6)
        mouse.up()

    def resting(self, thing: Any) -> dict[str, float]:
        """The box of a thing on the screen, once it stands still."""
        box: dict[str, float] = thing.bounding_box()
        for _ in range(100):
            self.page.wait_for_timeout(30)
            before, box = box, thing.bounding_box()
            if box == before:
                break
        return box

    def comes(self, selector: str) -> bool:
        """Whether something comes to stand on the page within some seconds."""
        for _ in range(100):
            if self.page.locator(selector).count():
                return True
            self.page.wait_for_timeout(30)
        return False

    def select(self, *node_ids: str) -> None:
        """Select exactly these nodes."""
        first, *others = node_ids
        self.click(first)
        for node_id in others:
            self.click(node_id, modifiers=["Control"])

    def press_edge(self, place: str) -> None:
        """Press on a wire, given as node:index, in its middle."""
        self.page.mouse.click(*self.middle_of_edge(place))

    def middle_of_edge(self, place: str) -> tuple[float, float]:
        """The middle of a wire on the screen."""
        path = self.page.locator(f'[data-wire="{place}"] .react-flow__edge-interaction')
        spot = path.evaluate(
            "p => { const l = p.getTotalLength(), m = p.getScreenCTM(), a = p.getPointAtLength(l * 0.5);"
            " return { x: a.x * m.a + m.e, y: a.y * m.d + m.f } }"
        )
        return spot["x"], spot["y"]

    def drag(self, node_id: str, dx: float, dy: float) -> None:
        """Drag a node by so many px of the screen."""
        box = self.node(node_id).bounding_box()
        mouse = self.page.mouse
        mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        mouse.down()
        mouse.move(box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy, steps=8)
        mouse.up()

    def fit(self) -> None:
        """Everything is in view, and nothing moves any more."""
        self.page.get_by_role("button", name="Fit everything in").click()
        seen, now = "", self._view()
        while seen != now:
            self.page.wait_for_timeout(120)
            seen, now = now, self._view()

    def _view(self) -> str:
        view: str = self.page.locator(".react-flow__viewport").evaluate("it => it.style.transform")
        return view

    # --- the inspector ---

    def field(self, *path: str | int) -> Any:
        """The field at a path of the document."""
        field = self.page.locator(f'[data-place="{pointer(*path)}"]').first
        closed = self.page.locator(
            "details.group:not([open])", has=self.page.locator(f'[data-place="{pointer(*path)}"]')
        )
        if closed.count():
            closed.locator("summary").click()
        return field

    def fill(self, value: Any, *path: str | int) -> None:
        """Type a value into the field at a path, whatever it is typed into."""
        field = self.field(*path)
        match value:
            case bool():
                field.get_by_role("switch").set_checked(value)
            case int() | float():
                if field.locator("select").count():
                    field.locator("select").first.select_option("#")
                field.locator("input").last.fill(json.dumps(value))
            case str():
                if field.locator("select").count():
                    select = field.locator("select").first
                    options = select.locator("option").evaluate_all("all => all.map(o => o.value)")
                    select.select_option(json.dumps(value) if json.dumps(value) in options else value)
                else:
                    field.locator("input, textarea").first.fill(value)
            case list():
                self._fill_rows(field, cast("Any", value))
            case _:
                self._fill_object(field, value, path)

    def _fill_rows(self, field: Any, values: list[Any]) -> None:
        for index, value in enumerate(values):
            if field.locator("> .rows > .entry, > .rows > .rows").count() <= index:
                field.locator("button.more").last.click()
            if isinstance(value, str):
                field.locator("> .rows input, > .rows > .rows > .entry input").nth(index).fill(value)
            else:
                self._fill_row(field.locator("> .rows > .rows").nth(index), value)

    def _fill_row(self, row: Any, value: dict[str, Any]) -> None:
        """An entry that is more than its name: the rest is behind its button."""
        name, *rest = value
        row.locator("input").first.fill(value[name])
        row.get_by_role("button", name="More of").click()
        place = row.locator("[data-place]").first.get_attribute("data-place").split("/")[1:-1]
        for key in rest:
            self.fill(value[key], *place, key)
        row.get_by_role("button", name="More of").click()

    def _fill_object(self, field: Any, value: dict[str, Any], path: tuple[str | int, ...]) -> None:
        if field.locator("> div > textarea.code").count():
            field.locator("textarea").first.fill(json.dumps(value))
            return
        if field.locator("> .entry > button[aria-pressed]").count():
            field.locator("> .entry > button[aria-pressed]").click()
            field.locator("textarea").first.fill(json.dumps(value))
            return
        if field.locator("> button.absent").count():
            field.locator("> button.absent").click()
        for key, inner in value.items():
            if not self.page.locator(f'[data-place="{pointer(*path, key)}"]').count():
                self._add_key(field, key)
            pair = self.page.locator(f'.pair[data-place="{pointer(*path, key)}"]')
            if not pair.count():
                self.fill(inner, *path, key)
                continue
            if not isinstance(inner, str):
                pair.get_by_label("As JSON").click()
            pair.get_by_label(f"Value of {key}").fill(inner if isinstance(inner, str) else json.dumps(inner))

    def _add_key(self, field: Any, key: str) -> None:
        field.locator("> .rows > button.more").last.click()
        field.get_by_label("New key").fill(key)
        field.get_by_label("New key").press("Enter")

    def clear(self, *path: str | int) -> None:
        """Take a field out."""
        self.field(*path).get_by_role("button", name="Take out").first.click()


def pointer(*path: str | int) -> str:
    """The JSON Pointer of a path."""
    return "".join(f"/{part}" for part in path)

"""The editor and the run's page in a real browser: ``python -m tests.bench.editor``.

Rule: every number stands beside what EDITOR.md §7 aims at, for a machine of one's own; a number is no verdict, so this
ends with 0 whatever it finds. "main" is processor time of the page's main thread, the steady number on a busy machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Container
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import orjson

from tests.bench.browser import CHROMIUM, Looked, browsing, looking, percentile
from tests.bench.lint import flow
from tests.bench.live import Row, measure_flood, measure_pixels, pixels_graph, wide
from tests.soak.serving import Served

MOVES = 15
"""Moves of the pointer in one gesture."""
SAVES = 12
MOST_S = 170.0
"""No size is begun after so long."""

Document = dict[str, Any]
Figures = dict[str, float]

AIMS = {
    "open: nodes painted, ms": "1,000",
    "pan at 100 %, main ms a move": "16",
    "drag at 100 %, main ms a move": "16",
    "pan, whole graph, main ms a move": "42",
    "drag, whole graph, main ms a move": "42",
    "save as the page sees it, p95 ms": "50",
}


def drawn(nodes: int) -> Document:
    """``flow`` with places as people give them: each block of ten nodes from left to right, the blocks in rows."""
    document: Document = orjson.loads(flow(nodes).dumps())
    steps = {"write": (0, 0), "split": (264, 0), "one": (400, -56), "two": (400, 56), "meet": (664, 0)}
    steps |= {"fix": (800, 88), "ask": (1064, 0), "back": (800, -120), "last": (1328, 0), "store": (1464, 0)}
    a_row = max(1, round((nodes / 10 / 6) ** 0.5))
    places: Document = {}
    for node in document["nodes"]:
        kind = node.rstrip("0123456789")
        row, column = divmod(int(node.removeprefix(kind)) // 10, a_row)
        x, y = steps[kind]
        places[node] = [column * 1760 + x, row * 320 + y]
    return {**document, "name": f"drawn-{nodes}", "layout": places}


PARTS = ("pixels", "flood", "open", "whole", "near", "saving", "checking", "undo")
"""What can be measured for itself; a size is opened for each of the last five anyway."""


async def measure_editor(look: Looked, nodes: int, parts: Container[str]) -> Figures:
    """One graph of so many nodes, from opening it to undoing the end of it."""
    figures: Figures = {}
    before = await look.main_ms()
    await look.open(f"/graphs/drawn-{nodes}")
    await look.page.locator(".react-flow__node, .far-box").first.wait_for(state="attached")
    await look.page.locator(".app .save.saved").wait_for()
    await look.settled()
    figures["open: first paint, ms"] = await look.ask(
        "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
    )
    figures["open: nodes painted, ms"] = await look.ask("() => bench.nodes ?? NaN")
    figures["open, main ms"] = await look.main_ms() - before
    figures["memory of JavaScript, MB"] = await look.heap_mb()
    figures["elements"] = await look.count("*")
    if "whole" in parts:
        figures |= await measure_gestures(look, "whole graph")
    if any(part in parts for part in ("near", "saving", "checking")):
        await go_near(look)
    if "near" in parts:
        figures |= await measure_gestures(look, "at 100 %")
        figures["elements at 100 %"] = await look.count("*")
    if "saving" in parts:
        figures |= await measure_saving(look, f"drawn-{nodes}")
    if "checking" in parts:
        figures |= await measure_checking(look)
    if "undo" in parts:
        figures |= await measure_undo(look)
    return figures


async def measure_gestures(look: Looked, where: str) -> Figures:
    """Pan by the empty canvas and drag a node, at the zoom that is there."""
    figures: Figures = {}
    spots = await look.ask(SPOTS)
    for gesture, spot in spots.items():
        # The frames apart: to count them makes some that nobody needs.
        what = f"{gesture}, {where}" if where == "whole graph" else f"{gesture} {where}"
        async with gesturing(look, spot) as moves:
            before = await look.main_ms()
            await moves()
            figures[f"{what}, main ms a move"] = (await look.main_ms() - before) / MOVES
        async with gesturing(look, spot) as moves:
            await look.ask("() => bench.record()")
            await moves()
            figures[f"{what}, frame p95 ms"] = percentile(await look.ask("() => bench.stop()"), 0.95)
    if "drag" in spots:
        await look.page.locator(".canvas").focus()
        await look.page.keyboard.press("Control+z")
    return figures


@asynccontextmanager
async def gesturing(look: Looked, spot: tuple[float, float]) -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    """The pointer is down and has left its place; what is given moves it there and back."""
    await look.settled()
    mouse, (x, y) = look.page.mouse, spot

    async def moves() -> None:
        for step in range(MOVES):
            far = 12 * min(step + 1, MOVES - 1 - step)
            await mouse.move(x + 4 - far, y + 4 - far)

    await mouse.move(x, y)
    await mouse.down()
    await mouse.move(x + 4, y + 4)
    yield moves
    await mouse.move(x, y)
    await mouse.up()


SPOTS = """() => {
    const inside = document.querySelector(".react-flow__pane").getBoundingClientRect();
    const found = {};
    for (let y = inside.top + 240; y < inside.bottom - 60 && !found.pan; y += 7) {
        for (let x = inside.left + 240; x < inside.right - 80 && !found.pan; x += 11) {
            if (document.elementFromPoint(x, y)?.matches(".react-flow__pane")) found.pan = [x, y];
        }
    }
    const middle = [(inside.left + inside.right) / 2, (inside.top + inside.bottom) / 2];
    const boxes = [...document.querySelectorAll(".far-box")];
    const isOn = (x, y) => boxes.some((box) => {
        return box.isPointInFill(new DOMPoint(x, y).matrixTransform(box.getScreenCTM().inverse()));
    });
    let least = Infinity;
    for (let y = middle[1]; boxes.length > 0 && y < middle[1] + 120 && least > 0; y += 4) {
        for (let x = middle[0]; x < middle[0] + 320 && least > 0; x += 4) {
            if (isOn(x, y) && isOn(x + 4, y)) [least, found.drag] = [0, [x + 2, y]];
        }
    }
    while (found.pan && isOn(...found.pan)) found.pan[0] += 3;
    for (const node of document.querySelectorAll(".react-flow__node")) {
        const { x, y, width, height } = node.getBoundingClientRect();
        const spot = [x + width / 2, y + height / 2];
        const far = Math.hypot(spot[0] - middle[0], spot[1] - middle[1]);
        if (far > least || document.elementFromPoint(...spot)?.closest(".react-flow__node") !== node) continue;
        [least, found.drag] = [far, spot];
    }
    return found;
}"""
"""An empty spot of the canvas, and the middle of the node nearest to its centre."""


async def go_near(look: Looked) -> None:
    """Look at the middle of the graph at 100 %."""
    await choose(look)
    for key in ("2", "0"):
        await look.page.keyboard.press(key)
        await look.page.wait_for_timeout(400)
    await look.page.locator(".tools .zoom", has_text="100 %").wait_for()


async def measure_saving(look: Looked, name: str) -> Figures:
    """Nudge a node and save at once, again and again; every save is another document."""
    keyboard = look.page.keyboard
    await look.page.locator(".save.saved").wait_for()
    since = await look.ask("() => performance.now()")
    await choose(look)
    before = await look.main_ms()
    for number in range(SAVES):
        await keyboard.press("Alt+ArrowDown" if number % 2 else "Alt+ArrowUp")
        await keyboard.press("Control+s")
        await look.page.locator(".save.saved").wait_for()
    await look.settled()
    spent = await look.main_ms() - before
    took = await look.ask(
        """([name, since]) => performance.getEntriesByType("resource")
            .filter((one) => one.name.endsWith(`/api/graphs/${name}`) && one.startTime > since)
            .map((one) => one.duration)""",
        [name, since],
    )
    return {
        "save as the page sees it, p50 ms": statistics.median(took),
        "save as the page sees it, p95 ms": percentile(took, 0.95),
        "an edit and its save, main ms": spent / SAVES,
    }


async def choose(look: Looked) -> None:
    """Select the node nearest to the middle by pressing on it."""
    spot = (await look.ask(SPOTS))["drag"]
    await look.page.mouse.click(*spot)
    await look.page.locator(".react-flow__node.selected").wait_for()
    await look.page.locator(".react-flow__node.selected").focus()


async def measure_checking(look: Looked) -> Figures:
    """Delete a node, and bring it back: from the key to the other number of problems in the header."""
    delays: list[float] = []
    costs: list[float] = []
    await choose(look)
    for key in ("Delete", "Control+z") * 3:
        await look.settled()
        before = await look.main_ms()
        told = look.page.evaluate("() => bench.change('.acts button[aria-label*=rror]', 'aria-label')")
        async with anyio.create_task_group() as group:
            group.start_soon(_note, told, delays)
            await anyio.sleep(0.05)
            await look.page.keyboard.press(key)
        costs.append(await look.main_ms() - before)
        if key != "Delete":
            await look.page.locator(".react-flow__node.selected").focus()
    return {
        "edit to findings (150 ms of it a pause), ms": statistics.median(delays),
        "an edit and its findings, main ms": statistics.median(costs),
    }


async def _note(told: Any, delays: list[float]) -> None:
    delays.append(await told)


async def measure_undo(look: Looked) -> Figures:
    """Delete everything, and take that back: until the nodes are painted again."""
    figures: Figures = {}
    page = look.page
    await page.locator(".canvas").focus()
    for key, what, count in (("Delete", "delete everything", 0), ("Control+z", "undo that", 1)):
        if key == "Delete":
            await page.keyboard.press("Control+a")
        await look.settled()
        before, began = await look.main_ms(), time.perf_counter()
        await page.keyboard.press(key)
        nodes = page.locator(".react-flow__node, .far-box").first
        await nodes.wait_for(state="attached" if count else "detached")
        await look.ask("() => bench.painted()")
        figures[f"{what}, ms"] = (time.perf_counter() - began) * 1e3
        await look.settled()
        figures[f"{what}, main ms"] = await look.main_ms() - before
    return figures


RUNS = {"pixels": measure_pixels, "flood": measure_flood}


async def measure(options: argparse.Namespace) -> None:
    """Measure all, and print each part as soon as it is there."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        async with AsyncExitStack() as stack:
            served = Served(Path(place))
            for nodes in options.nodes:
                served.put(drawn(nodes))
            served.put(wide(options.wide, rounds=options.rounds))
            served.put(pixels_graph())
            await stack.enter_async_context(served)
            browser = await stack.enter_async_context(browsing())
            for part in [run for name, run in RUNS.items() if name in options.only]:
                async with looking(browser, served) as look:
                    title, rows = await part(look, served, options)
                print(f"{title}\n{rows_table(rows)}\n", flush=True)
            columns: dict[int, Figures] = {}
            sizes: list[int] = options.nodes if any(part not in RUNS for part in options.only) else []
            for nodes in sizes:
                if time.perf_counter() - began < MOST_S:
                    async with looking(browser, served) as look:
                        columns[nodes] = await measure_editor(look, nodes, options.only)
            if columns:
                print(table(columns), flush=True)
    print(f"\n{time.perf_counter() - began:.0f} s")


def table(columns: dict[int, Figures]) -> str:
    """A line for each number, a column for each size."""
    lines = [["the editor, by number of nodes", "aim", *(f"{nodes:,}" for nodes in columns)]]
    lines += [
        [what, AIMS.get(what, "-"), *(told(figures.get(what)) for figures in columns.values())]
        for what in dict.fromkeys(key for figures in columns.values() for key in figures)
    ]
    return in_columns(lines)


def rows_table(rows: list[Row]) -> str:
    """A line for each number."""
    return in_columns([[row.what, row.aim, told(row.value)] for row in rows])


def told(number: float | None) -> str:
    """A number as people read it."""
    if number is None or number != number:
        return "-"
    return f"{number:,.0f}" if abs(number) >= 100 or number == int(number) else f"{number:,.1f}"


def in_columns(lines: list[list[str]]) -> str:
    """Cells one below the other, numbers to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=[100, 500, 1000, 3000])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure; all if not given")
    parser.add_argument("--wide", type=int, default=1000, help="nodes of the run that is watched in a flood")
    parser.add_argument("--rounds", type=int, default=15, help="how often its loop goes round")
    parser.add_argument("--rate", type=float, default=5000.0, help="its events a second")
    options = parser.parse_args()
    if not CHROMIUM.exists():
        print(f"SKIPPED: there is no {CHROMIUM}; the editor is not measured.", file=sys.stderr)
        return
    anyio.run(measure, options)


if __name__ == "__main__":
    main()

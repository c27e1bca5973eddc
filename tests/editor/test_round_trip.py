"""A document comes back from the editor as it went in: to the byte in the file, to the wire on the canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

import orjson
import pytest

from engine.gallery import patterns
from engine.model import Graph
from engine.model.nodes import port_of, ports_of
from tests.editor.drawing import Drawing
from tests.editor.dressed import dressed_document, torn
from tests.server.served import Served, serving

Lay = Callable[[str, int, int], dict[str, bytes]]

SAVED, DRAWN, BATCH = 500, 200, 20
"""How many random documents are saved through the editor's modules, and drawn; how many in one call."""

SAVE = """async (names) => {
    const { ask } = await import("/static/js/api.js");
    const { openDocument } = await import("/static/js/store/document.js");
    const { move, removeNodes, setField } = await import("/static/js/document/edits.js");
    const after = (ms, act) => { const it = setTimeout(act, ms); return () => clearTimeout(it); };
    const world = { ask, indexedDB, clock: { now: () => Date.now(), after } };
    const one = async (name) => {
        const reply = await ask("GET", `api/graphs/${name}`);
        const graph = JSON.parse(reply.text);
        const store = await openDocument({ name, graph, etag: reply.etag, world });
        const first = Object.keys(graph.nodes)[0];
        await store.flush();
        const told = { name, opened: store.get().graph === graph && store.get().save.state === "saved" };
        store.do(setField(store.get().graph, ["name"], name));
        store.undo();
        await store.flush();
        told.idle = store.get().etag === reply.etag;
        store.do(move(store.get().graph, { [first]: [1, 2] }));
        store.do(setField(store.get().graph, ["nodes", first, "label"], "moved"));
        await store.flush();
        told.changed = (await ask("GET", `api/graphs/${name}`)).text;
        store.do(removeNodes(store.get().graph, [first], { bridge: true }));
        while (store.get().canUndo) store.undo();
        await store.flush();
        await store.close();
        return told;
    };
    return Promise.all(names.map(one));
}"""
"""Open, save, edit, save, undo, save, with the modules, the line and the journal of the page itself."""

DRAW = """async (names) => {
    const { createRoot, h } = await import("/static/vendor/flow.js");
    const { ask } = await import("/static/js/api.js");
    const { openDocument } = await import("/static/js/store/document.js");
    const { Pins } = await import("/static/js/store/pins.js");
    const { OpenGates } = await import("/static/js/live/open.js");
    const { App } = await import("/static/js/view/app.js");
    const { LastRun, OpenRuns } = await import("/static/js/view/run/index.js");
    const after = (ms, act) => { const it = setTimeout(act, ms); return () => clearTimeout(it); };
    const world = { ask, indexedDB: null, clock: { now: () => Date.now(), after } };
    const about = { schema: await (await fetch("/api/schema")).json(), tools: [], graphs: [], models: [] };
    const gates = new OpenGates(async () => ({ gates: [] }), { after, now: () => Date.now() });
    const place = document.createElement("div");
    // So much room that nothing is seen from afar, where a graph is one picture.
    place.style.cssText = "position: fixed; inset: 0 auto auto 0; width: 9000px; height: 6000px";
    for (const one of document.body.children) one.hidden = true;
    document.body.append(place);
    const root = createRoot(place);
    const all = (selector, read) => [...place.querySelectorAll(selector)].map(read).sort();
    const nodes = () => all(".react-flow__node", (one) => one.dataset.id);
    const shown = [];
    for (const { name, ids } of names) {
        const reply = await ask("GET", `api/graphs/${name}`);
        const store = await openDocument({ name, graph: JSON.parse(reply.text), etag: reply.etag, world });
        const runs = new OpenRuns();
        const beside = { runs, last: new LastRun(name, runs), pins: new Pins(name, null), gates };
        root.render(h(App, { key: name, store, about, ...beside }));
        for (let turn = 0; turn < 200 && String(nodes()) !== String(ids); turn += 1) {
            await new Promise((done) => setTimeout(done, 10));
        }
        const told = {
            nodes: nodes(),
            wires: all("[data-wire]", (one) => one.dataset.wire),
            broken: all("[data-wire]:has(.wire.broken)", (one) => one.dataset.wire),
            notes: all(".note", (one) => one.textContent).length,
        };
        place.querySelector("#left-outline").click();
        for (let turn = 0; turn < 200 && !place.querySelector(".outline"); turn += 1) {
            await new Promise((done) => setTimeout(done, 10));
        }
        told.listed = all(".outline [data-node]", (one) => one.dataset.node);
        told.ways = place.querySelectorAll(".outline .ways > li").length;
        shown.push(told);
        root.render(null);
        await store.close();
    }
    root.unmount();
    place.remove();
    return shown;
}"""
"""Draw documents one after the other with the editor's own parts, and read what stands on the page."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server that looks at its directory, with hundreds of files, as seldom as it does for everybody."""
    with serving(tmp_path_factory.mktemp("trips"), poll_s=0.5) as running:
        yield running


@pytest.fixture
def random_graphs(served: Served) -> Lay:
    """Lays random documents into the directory, as ``weft fmt`` writes them, every so many-th torn; their bytes."""

    def lay(prefix: str, count: int, every: int) -> dict[str, bytes]:
        laid: dict[str, bytes] = {}
        for seed in range(count):
            name, rnd = f"{prefix}-{seed}", Random(f"{prefix} {seed}")
            document = dressed_document(rnd, name)
            text = Graph.model_validate(torn(rnd, document) if seed % every == 0 else document).dumps().encode()
            (served.graphs / f"{name}.json").write_bytes(text)
            laid[name] = text
        return laid

    return lay


@pytest.fixture
def page(open_editor: Callable[..., Drawing]) -> Any:
    """A page of the editor with its policy on."""
    return open_editor("draft-and-review").page


def bytes_of(served: Served, name: str) -> bytes:
    """The file as it lies in the directory."""
    return (served.graphs / f"{name}.json").read_bytes()


def batches(names: Iterable[str]) -> list[list[str]]:
    """The names, so many at a time."""
    todo = list(names)
    return [todo[i : i + BATCH] for i in range(0, len(todo), BATCH)]


def through_the_page(drawing: Drawing, served: Served, before: bytes) -> None:
    """Open, move a node by the keyboard, save, undo, save: the file is what it was."""
    keyboard, name = drawing.page.keyboard, drawing.name
    drawing.page.locator(".save.saved").wait_for()
    assert bytes_of(served, name) == before, f"{name}: opening has changed it"
    keyboard.press("Control+s")
    drawing.page.locator(".canvas").focus()
    keyboard.press("Control+a")
    keyboard.press("Alt+ArrowDown")
    keyboard.press("Control+s")
    drawing.page.locator(".save.saved").wait_for()
    moved = orjson.loads(bytes_of(served, name))
    assert moved["layout"] != orjson.loads(before).get("layout"), f"{name}: nothing was moved"
    assert moved["nodes"] == orjson.loads(before)["nodes"]
    keyboard.press("Control+z")
    keyboard.press("Control+s")
    drawing.page.locator(".save.saved").wait_for()
    assert bytes_of(served, name) == before, f"{name}: undoing has not brought it back"


def test_every_sample_comes_back_to_the_byte_through_the_page(
    served: Served, open_editor: Callable[..., Drawing]
) -> None:
    names = sorted(patterns())
    assert len(names) >= 8
    for name in names:
        before = bytes_of(served, name)
        assert before == Graph.loads(before).dumps().encode()
        drawing = open_editor(name)
        through_the_page(drawing, served, before)
        drawing.page.close()


def test_random_documents_come_back_to_the_byte_through_the_page(
    served: Served, open_editor: Callable[..., Drawing], random_graphs: Lay
) -> None:
    for name, before in random_graphs("paged", 6, 3).items():
        drawing = open_editor(name)
        through_the_page(drawing, served, before)
        drawing.page.close()


@pytest.mark.timeout(300)
def test_500_random_documents_come_back_to_the_byte_through_the_modules(
    served: Served, page: Any, random_graphs: Lay
) -> None:
    laid = random_graphs("saved", SAVED, 10)
    for names in batches(laid):
        for told in page.evaluate(SAVE, names):
            name, before = told["name"], orjson.loads(laid[told["name"]])
            assert (told["opened"], told["idle"]) == (True, True), name
            changed, first = orjson.loads(told["changed"]), next(iter(before["nodes"]))
            before["nodes"][first]["label"] = "moved"
            assert changed["nodes"] == before["nodes"], name
            assert changed["layout"] == before.get("layout", {}) | {first: [1, 2]}, name
            assert bytes_of(served, name) == laid[name], name


def test_200_random_documents_are_drawn_whole(served: Served, page: Any, random_graphs: Lay) -> None:
    laid = {name: Graph.loads(text) for name, text in random_graphs("drawn", DRAWN, 4).items()}
    count_of_broken = 0
    for names in batches(laid):
        expected = {name: seen(laid[name]) for name in names}
        asked = [{"name": name, "ids": expected[name]["nodes"]} for name in names]
        for name, shown in zip(names, page.evaluate(DRAW, asked), strict=True):
            assert shown == expected[name], name
            count_of_broken += len(shown["broken"])
    assert count_of_broken > DRAWN / 8


def seen(graph: Graph) -> dict[str, Any]:
    """What is to be seen of a document: a node that a wire leads to and that is not there is drawn too, as missing."""
    wires = {f"{node_id}:{i}": edge for node_id, node in graph.nodes.items() for i, edge in enumerate(node.to)}
    nodes = graph.nodes
    broken = [
        key
        for key, edge in wires.items()
        if edge.node not in nodes or port_of(nodes[key.split(":")[0]], edge) not in ports_of(nodes[key.split(":")[0]])
    ]
    missing = {edge.node for edge in wires.values()} - nodes.keys()
    notes: list[Any] = (graph.layout or {}).get("$notes", [])  # type: ignore[assignment]
    return {
        "nodes": sorted([*nodes, *missing, *(f"$note:{i}" for i in range(len(notes)))]),
        "wires": sorted(wires),
        "broken": sorted(broken),
        "notes": len(notes),
        "listed": sorted(nodes),
        "ways": len(wires),
    }

"""Graphs over HTTP: list, read, save, rename, remove, check, compare, lay out, and their versions.

Rule: nothing is overwritten unseen. A write names the version that was read (``If-Match``), else it is refused with
the current one. Nothing here runs a graph: reading, checking and comparing are inert.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

import orjson
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from engine.app import json_value
from engine.errors import GraphError, InputError
from engine.gallery import beginning, patterns
from engine.library import graph_names
from engine.model import Graph
from engine.model.diff import diff
from engine.model.document import graph_schema
from engine.model.reading import MAX_BYTES
from server import wire
from server.answers import body_bytes, in_turn, json_answer, nothing, read
from server.asking import house_of, person_of
from server.folder import ABSENT, Entry, expected_etag, is_expected, refusal
from server.house import House
from server.moments import told_moment
from server.people import Person
from server.problems import problem
from server.versions import Version

CURRENT: Final = "current"


async def list_graphs(request: Request) -> Response:
    """Every graph of the directory, by name."""
    house = house_of(request)
    entries = await house.folder.entries()
    return json_answer({"graphs": [_line(house, entry) for entry in entries]})


async def read_graph(request: Request) -> Response:
    """A graph's bytes as they are on disk, with their ETag."""
    house, name = house_of(request), request.path_params["name"]
    entry = await house.folder.entry(name)
    if request.headers.get("if-none-match") == f'"{entry.etag}"':
        return Response(b"", 304, {"etag": f'"{entry.etag}"'})
    return _document(entry.content, entry.etag)


async def save_graph(request: Request) -> Response:
    """Save a graph if the file still is the version that ``If-Match`` names."""
    house, name = house_of(request), request.path_params["name"]
    house.folder.file(name)
    headers = request.headers
    expected = expected_etag(headers.get("if-match"), headers.get("if-none-match"), where=name)
    content = await body_bytes(request, limit=MAX_BYTES)
    new = await in_turn(house.documents, _read_to_save, house, name, content)
    return await _save(house, new, expected, person_of(request))


async def list_patterns(request: Request) -> Response:
    """Every sample graph that a new one can begin as."""
    del request
    return json_answer({"patterns": await to_thread.run_sync(_patterns)})


async def begin_graph(request: Request) -> Response:
    """Make a graph: a copy of a pattern with its scripted answers, or a graph that does nothing."""
    house, name = house_of(request), request.path_params["name"]
    asked = await read(request, wire.NewGraph)
    entry = await house.folder.begin(await to_thread.run_sync(beginning, name, asked.from_), by=person_of(request).name)
    await _keep(house, entry, person_of(request).name)
    told = await in_turn(house.documents, _saved, house, entry)
    where = f"{request.scope.get('root_path', '')}/api/graphs/{name}"
    return json_answer(told, 201, headers={"etag": f'"{entry.etag}"', "location": where})


async def rename_graph(request: Request) -> Response:
    """Give a graph another name; its versions and scripted answers go with it."""
    house, name = house_of(request), request.path_params["name"]
    asked = await read(request, wire.Rename)
    expected = expected_etag(request.headers.get("if-match"), None, where=name)
    await house.folder.entry(name)
    await _refuse_in_use(house, name)
    person = person_of(request)
    target = house.folder.file(asked.to)
    if target.exists():
        raise GraphError("there is a graph of that name", code="graph.exists", where=asked.to, hint="choose another")
    if await house.folder.has_answers(name) and await house.folder.has_answers(asked.to):
        said = "scripted answers of an earlier graph of that name are there"
        raise GraphError(said, code="graph.exists", where=asked.to, hint="choose another name, or move the file")
    try:
        async with house.folder.held(name, expected):
            renamed = (await house.folder.entry(name)).graph.model_copy(update={"name": asked.to})
            saved = await house.folder.save(asked.to, renamed.dumps(), expected="", by=person.name)
            await house.folder.drop(name, to=asked.to, by=person.name)
    except GraphError as error:
        return await _changed(house, name, error)
    await house.versions.move(name, asked.to)
    await _keep(house, saved, person.name)
    told = await in_turn(house.documents, _saved, house, saved)
    return json_answer(told, headers={"etag": f'"{saved.etag}"'})


async def remove_graph(request: Request) -> Response:
    """Remove a graph's file; its versions stay and can be saved again."""
    house, name = house_of(request), request.path_params["name"]
    expected = expected_etag(request.headers.get("if-match"), None, where=name)
    await house.folder.entry(name)
    await _refuse_in_use(house, name)
    try:
        async with house.folder.held(name, expected):
            await _keep(house, await house.folder.entry(name), None)
            await house.folder.drop(name, to=None, by=person_of(request).name)
    except GraphError as error:
        return await _changed(house, name, error)
    return nothing()


async def check_graph(request: Request) -> Response:
    """Every finding of the saved graph, or of the document in the body."""
    house, name = house_of(request), request.path_params["name"]
    content = await body_bytes(request, limit=MAX_BYTES)
    if not content.strip():
        content = (await house.folder.entry(name)).content
    return json_answer({"findings": await in_turn(house.documents, _findings, house, content)})


async def lay_out(request: Request) -> Response:
    """Where Tidy would put the nodes of the saved graph."""
    house = house_of(request)
    return await _positions(house, (await house.folder.entry(request.path_params["name"])).graph)


async def lay_out_document(request: Request) -> Response:
    """Where Tidy would put the nodes of the document in the body."""
    return await _positions(house_of(request), await _graph_in(request))


async def _positions(house: House, graph: Graph) -> Response:
    placed = await house.pictures.layout_of(graph)
    positions = {node: placed.spots[node].corner for node in graph.nodes if node in placed.spots}
    return json_answer({"positions": positions, "width": placed.width, "height": placed.height})


async def compare_versions(request: Request) -> Response:
    """What differs between two versions: ``from`` and ``to``, each an etag or ``current``."""
    house, name = house_of(request), request.path_params["name"]
    old = await _version(house, name, request.query_params.get("from", CURRENT))
    new = await _version(house, name, request.query_params.get("to", CURRENT))
    return json_answer({"changes": (await in_turn(house.documents, diff, old, new)).as_json()})


async def compare_document(request: Request) -> Response:
    """What differs between a version (``from``, else the current one) and the document in the body."""
    house, name = house_of(request), request.path_params["name"]
    old = await _version(house, name, request.query_params.get("from", CURRENT))
    new = await _graph_in(request)
    return json_answer({"changes": (await in_turn(house.documents, diff, old, new)).as_json()})


async def list_versions(request: Request) -> Response:
    """Every kept version, newest first; the current one first of all, even if it was never saved through here."""
    house, name = house_of(request), request.path_params["name"]
    found = await house.versions.of(name)
    try:
        entry = await house.folder.entry(name)
    except GraphError:
        if not found:
            raise
    else:
        if entry.reading.graph is not None and entry.etag not in {version.etag for version in found}:
            now = house.engine.clock.now()
            found.insert(0, Version(entry.etag, entry.reading.graph.hash, now, None, None))
    return json_answer({"versions": [_version_line(version) for version in found]})


async def read_version(request: Request) -> Response:
    """The bytes of one version."""
    house, name, etag = house_of(request), request.path_params["name"], request.path_params["etag"]
    return _document(await _version_bytes(house, name, etag), etag)


async def name_version(request: Request) -> Response:
    """Give a version a name, or take it away."""
    house, name, etag = house_of(request), request.path_params["name"], request.path_params["etag"]
    asked = await read(request, wire.NameVersion)
    try:
        entry = await house.folder.entry(name)
    except GraphError:
        entry = None
    if entry is not None and entry.etag == etag and not any(v.etag == etag for v in await house.versions.of(name)):
        await _keep(house, entry, None)
    await house.versions.name(name, etag, asked.label)
    return nothing()


async def schema(request: Request) -> Response:
    """The JSON Schema of a graph's document."""
    del request
    return json_answer(graph_schema())


async def list_tools(request: Request) -> Response:
    """Every tool that a graph may name."""
    return json_answer({"tools": [tool.as_json() for tool in house_of(request).engine.tools]})


async def list_models(request: Request) -> Response:
    """What may stand as a model of an agent."""
    return json_answer({"providers": house_of(request).engine.models.providers})


# --- inside ---


async def _graph_in(request: Request) -> Graph:
    content = await body_bytes(request, limit=MAX_BYTES)
    house = house_of(request)
    return await in_turn(house.documents, partial(Graph.loads, content, known=house.known))


@dataclass(frozen=True, slots=True)
class _New:
    """A graph that somebody wants to save, its written form, and what is there now."""

    graph: Graph
    text: str
    before: Entry | None


def _read_to_save(house: House, name: str, content: bytes) -> _New:
    graph = Graph.loads(content, known=house.known)
    if graph.name != name:
        hint = f"save it under {graph.name}, or rename it"
        raise InputError(f"the document is called {graph.name!r}", code="request.invalid", where="/name", hint=hint)
    return _New(graph, graph.dumps(), house.folder.look_up(name))


async def _save(house: House, new: _New, expected: str, person: Person) -> Response:
    graph, before = new.graph, new.before
    if not is_expected(expected, ABSENT if before is None else before.etag):
        return await _changed(house, graph.name, refusal(graph.name, expected, is_there=before is not None))
    if before is not None:
        await _keep(house, before, None, only_new=True)
    # The checker works while the disk does.
    checking = asyncio.ensure_future(in_turn(house.documents, _findings_of, house, graph))
    try:
        saved = await house.folder.save(graph.name, new.text, expected=expected, by=person.name, graph=graph)
        await _keep(house, saved, person.name)
        findings = await checking
    except GraphError as error:
        return await _changed(house, graph.name, error)
    finally:
        await asyncio.gather(checking, return_exceptions=True)
    told = {"name": saved.name, "etag": saved.etag, "hash": graph.hash, "findings": findings}
    return json_answer(told, 201 if before is None else 200, headers={"etag": f'"{saved.etag}"'})


async def _current(house: House, name: str) -> Entry | None:
    return await to_thread.run_sync(house.folder.look_up, name)


async def _changed(house: House, name: str, error: GraphError) -> Response:
    """A refusal to overwrite, with the version that is there now."""
    if error.code != "graph.changed":
        raise error
    current = await _current(house, name)
    if current is None:
        return problem(error, more={"current": None})
    document = current.reading.value if current.reading.graph is None else orjson.loads(current.content)
    more = {"current": {"etag": current.etag, "document": document}}
    return problem(error, more=more, headers={"etag": f'"{current.etag}"'})


async def _keep(house: House, entry: Entry, by: str | None, *, only_new: bool = False) -> None:
    graph = entry.reading.graph
    if only_new and await house.versions.is_newest(entry.name, entry.etag):
        return
    version = Version(entry.etag, "" if graph is None else graph.hash, house.engine.clock.now(), by, None)
    await house.versions.keep(entry.name, entry.content, version)


async def _version(house: House, name: str, which: str) -> Graph:
    if which == CURRENT:
        return (await house.folder.entry(name)).graph
    return Graph.loads(await _version_bytes(house, name, which), where=f"{name} {which[:12]}")


async def _version_bytes(house: House, name: str, etag: str) -> bytes:
    current = await _current(house, name)
    if current is not None and current.etag == etag:
        return current.content
    return await house.versions.text(name, etag)


async def _refuse_in_use(house: House, name: str) -> None:
    users = [
        entry.name
        for entry in await house.folder.entries()
        if entry.name != name and entry.reading.graph is not None and name in graph_names(entry.reading.graph)
    ]
    if users:
        raise GraphError(
            f"it is run as a subgraph by {', '.join(users)}", code="graph.in_use", where=name, hint="change those first"
        )


def _findings(house: House, content: bytes) -> list[dict[str, Any]]:
    reading = Graph.read(content, known=house.known)
    found = reading.findings if reading.graph is None else house.engine.check(reading.graph)
    return [finding.as_json() for finding in found]


def _findings_of(house: House, graph: Graph) -> list[dict[str, Any]]:
    return [finding.as_json() for finding in house.engine.check(graph)]


def _saved(house: House, entry: Entry) -> dict[str, Any]:
    graph = entry.graph
    return {"name": entry.name, "etag": entry.etag, "hash": graph.hash, "findings": _findings_of(house, graph)}


@cache
def _patterns() -> list[dict[str, Any]]:
    """The gallery; it comes with weft and does not change while weft runs."""
    graphs = [Graph.load(file) for file in patterns().values()]
    return [
        {
            "name": graph.name,
            "title": graph.title or graph.name,
            "description": graph.description or "",
            "nodes": len(graph.nodes),
            "input": json_value(graph.input, graph.name),
            "document": graph.as_json(),
        }
        for graph in graphs
    ]


def _line(house: House, entry: Entry) -> dict[str, Any]:
    graph = entry.reading.graph
    return {
        "name": entry.name,
        "title": entry.name if graph is None else graph.title or graph.name,
        "description": "" if graph is None else graph.description or "",
        "etag": entry.etag,
        "hash": None if graph is None else graph.hash,
        "nodes": 0 if graph is None else len(graph.nodes),
        "problem": None if graph is not None else next((f.message for f in entry.reading.findings), "it is no graph"),
        "has_answers": (house.folder.directory / f"{entry.name}.scripted.json").is_file(),
        "input": None if graph is None else json_value(graph.input, entry.name),
    }


def _version_line(version: Version) -> dict[str, Any]:
    return {
        "etag": version.etag,
        "hash": version.hash,
        "at": told_moment(version.at),
        "by": version.by,
        "label": version.label,
    }


def _document(content: bytes, etag: str) -> Response:
    return Response(content, 200, {"etag": f'"{etag}"', "cache-control": "no-cache"}, media_type="application/json")

"""Runs over HTTP: start, list, show, cancel, resume, signal, remove.

Rule: a run is started from a saved graph by name, never from a document in a request. The same request with the same
``Idempotency-Key`` starts one run, however often it is sent and whatever happened in between: the key decides the
run's id, and the journal knows each id once.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import Response

from engine.app import ENDED, RunFilter, RunResult, RunRow, checked_input
from engine.errors import InputError
from engine.model import Graph
from server import wire
from server.answers import json_answer, nothing, read
from server.asking import house_of, person_of
from server.house import House
from server.moments import told_moment
from server.people import Person

BODY_BYTES: Final = 8 << 20
MOST_LISTED: Final = 500
USUALLY_LISTED: Final = 50
STATUSES: Final[tuple[str, ...]] = get_args(wire.Status)


async def start_run(request: Request) -> Response:
    """Start a run; it goes on whether anybody watches or not."""
    house = house_of(request)
    asked = await read(request, wire.StartRun, limit=BODY_BYTES)
    graph = (await house.folder.entry(asked.graph)).graph
    key = request.headers.get("idempotency-key")
    person = person_of(request)
    run_id = asked.id if asked.id is not None or key is None else id_of_key(person.name, key)
    try:
        run = await house.engine.start(
            graph,
            asked.input,
            id=run_id,
            model=asked.model,
            simulate=asked.simulate,
            pins=asked.pins,
            by=person.name,
            groups=person.groups,
        )
    except InputError as error:
        if error.code != "run.exists" or key is None or run_id is None:
            raise
        return await _started_before(house, run_id, graph, asked, person)
    return _created(request, await house.engine.look(run.id))


async def _started_before(house: House, run_id: str, graph: Graph, asked: wire.StartRun, person: Person) -> Response:
    """The answer to a repeated request: that of the first."""
    first = await house.engine.look(run_id)
    is_same = first.graph == asked.graph and first.is_simulated == asked.simulate
    pins = {} if asked.pins is None else house.engine.pins_of(graph, asked.pins, by=person.name, groups=person.groups)
    if not is_same or first.input != checked_input(graph, asked.input) or first.pins != pins:
        raise InputError(
            "the key was used for another request",
            code="request.key_reused",
            where="Idempotency-Key",
            hint="draw a new one",
        )
    return json_answer(run_told(first), 201, headers={"idempotency-replayed": "true"})


def _created(request: Request, run: RunResult) -> Response:
    where = f"{request.scope.get('root_path', '')}/api/runs/{run.id}"
    return json_answer(run_told(run), 201, headers={"location": where})


async def list_runs(request: Request) -> Response:
    """A page of runs, newest first."""
    engine, query = house_of(request).engine, request.query_params
    position = await engine.position()
    limit = whole_number(query.get("limit"), "limit", most=MOST_LISTED) or USUALLY_LISTED
    statuses = [status for given in query.getlist("status") for status in given.split(",") if status]
    strange = next((status for status in statuses if status not in STATUSES), None)
    if strange is not None:
        raise _bad_query("status", f"{strange[:40]!r} is no status", f"one of {', '.join(STATUSES)}")
    before = whole_number(query.get("before"), "before")
    rows = await engine.runs(
        RunFilter(statuses=statuses, graph=query.get("graph"), before=before, limit=limit + 1)  # type: ignore[arg-type]
    )
    more = rows[limit - 1].cursor if len(rows) > limit else None
    return json_answer({"runs": [run_line(row) for row in rows[:limit]], "next": more, "position": position})


async def show_run(request: Request) -> Response:
    """A run as it stands."""
    return json_answer(run_told(await house_of(request).engine.look(request.path_params["id"])))


async def run_documents(request: Request) -> Response:
    """The graphs that a run is bound to, as they were when it started, whatever their files say now."""
    documents = await house_of(request).engine.documents_of(request.path_params["id"])
    told = {name: graph.as_json() for name, graph in documents.items()}
    return json_answer({"root": next(iter(told)), "documents": told})


async def cancel_run(request: Request) -> Response:
    """Ask a run to end."""
    engine, run_id = house_of(request).engine, request.path_params["id"]
    asked = await read(request, wire.CancelRun)
    await engine.cancel(run_id, by=person_of(request).name, reason=asked.reason)
    return json_answer(run_told(await engine.look(run_id)), 202)


async def resume_run(request: Request) -> Response:
    """Take a failed, cancelled or left run up again where it ended; a completed one only tells its result."""
    engine, run_id = house_of(request).engine, request.path_params["id"]
    await read(request, wire.Nothing)
    await engine.resume(run_id)
    return json_answer(run_told(await engine.look(run_id)), 202)


async def send_signal(request: Request) -> Response:
    """Send a signal to a run, now or for the first wait that opens for it."""
    engine, run_id = house_of(request).engine, request.path_params["id"]
    asked = await read(request, wire.SendSignal, limit=BODY_BYTES)
    await engine.signal(run_id, request.path_params["name"], asked.value)
    return json_answer(run_told(await engine.look(run_id)), 202)


async def remove_run(request: Request) -> Response:
    """Remove a run that has ended."""
    engine, run_id = house_of(request).engine, request.path_params["id"]
    if (await engine.look(run_id)).status not in ENDED:
        raise InputError("it has not ended", code="run.not_ended", where=f"run {run_id}", hint="cancel it first")
    await engine.delete(run_id)
    return nothing()


async def prune_runs(request: Request) -> Response:
    """Remove ended runs, and whatever only they needed."""
    asked = await read(request, wire.Prune)
    pruned = await house_of(request).engine.prune(before=asked.before, statuses=asked.statuses)
    return json_answer({"runs": list(pruned.runs), "events": pruned.events})


# --- inside ---


def id_of_key(person: str, key: str) -> str:
    """The id of the run that somebody's idempotency key stands for.

    Raises:
        InputError: ``request.invalid``: the key is empty or longer than 255 characters.
    """
    if not 1 <= len(key) <= 255:
        raise InputError("1 to 255 characters are a key", code="request.invalid", where="Idempotency-Key")
    digest = hashlib.sha256("\0".join((person, key)).encode("utf-8", "surrogateescape")).hexdigest()
    return f"key-{digest[:24]}"


def run_line(row: RunRow | RunResult) -> dict[str, Any]:
    """A run as lists show it."""
    return {
        "id": row.id,
        "graph": row.graph,
        "graph_hash": row.graph_hash,
        "status": row.status,
        "started_at": told_moment(row.started_at),
        "ended_at": told_moment(row.ended_at),
        "error": None if row.error is None else row.error.as_json(),
        "usage": asdict(row.usage),
        "waiting_for": [wait.as_json() for wait in row.waiting_for],
        "parent": row.parent,
    }


def run_told(run: RunResult) -> dict[str, Any]:
    """A run with its input and output."""
    return {
        **run_line(run),
        "input": run.input,
        "output": run.output,
        "simulated": run.is_simulated,
        "pinned": list(run.pins),
    }


def whole_number(given: str | None, name: str, *, most: int = 2**53) -> int | None:
    """A whole number from 1 on in a query, or None where it is absent.

    Raises:
        InputError: ``request.invalid``.
    """
    if given is None:
        return None
    if not given.isascii() or not given.isdecimal() or len(given) > 16 or not 1 <= int(given) <= most:
        raise _bad_query(name, f"{given[:40]!r} is no number from 1 to {most}", None)
    return int(given)


def _bad_query(name: str, said: str, hint: str | None) -> InputError:
    return InputError(said, code="request.invalid", where=f"?{name}=", hint=hint)

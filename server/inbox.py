"""The inbox over HTTP: every open gate of every run, and how they are decided.

Rule: who decides is who is logged in, never what a body says. A link decides once, by POST; looking at it changes
nothing, so a mail program that opens links beforehand decides nothing.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from engine.app import OpenGate, Recorded, RunFilter, event_json
from engine.errors import InputError, WeftError
from server import wire
from server.answers import json_answer, read
from server.asking import house_of, person_of
from server.house import House
from server.links import LASTS_S, Link
from server.moments import told_moment
from server.people import Person
from server.runs import MOST_LISTED, USUALLY_LISTED, run_told, whole_number


async def list_gates(request: Request) -> Response:
    """A page of open gates over all runs, oldest first; ``?run=`` only those of one run."""
    engine, query = house_of(request).engine, request.query_params
    position = await engine.position()
    gates = await engine.inbox(run_id=query.get("run"), after=_cursor(query.get("after")))
    limit = 100
    last = gates[limit - 1] if len(gates) > limit else None
    more = None if last is None else f"{last.since!r}/{last.run_id}/{last.gate}"
    told = [gate_told(gate) for gate in gates[:limit]]
    return json_answer({"gates": told, "next": more, "position": position})


async def list_decided(request: Request) -> Response:
    """A page of what was decided, newest first: who took which option, when; ``?run=`` only of one run."""
    engine, query = house_of(request).engine, request.query_params
    limit = whole_number(query.get("limit"), "limit", most=MOST_LISTED) or USUALLY_LISTED
    before = whole_number(query.get("before"), "before")
    found = await engine.decided(before=before, run_id=query.get("run"), limit=limit + 1)
    graphs = {recorded.run_id: "" for recorded in found[:limit]}
    for row in await engine.runs(RunFilter(ids=tuple(graphs), limit=len(graphs))) if graphs else ():
        graphs[row.id] = row.graph
    told = [_decision(recorded, graphs[recorded.run_id]) for recorded in found[:limit]]
    more = found[limit - 1].position if len(found) > limit else None
    return json_answer({"decided": told, "next": more})


async def decide_gate(request: Request) -> Response:
    """Decide an open gate."""
    return await _decided(request, request.path_params["gate"])


async def _decided(request: Request, gate: str) -> Response:
    house, run_id = house_of(request), request.path_params["id"]
    asked = await read(request, wire.Answer)
    await _decide(house, run_id, gate, asked, person_of(request))
    return json_answer(run_told(await house.engine.look(run_id)))


async def make_decision_link(request: Request) -> Response:
    """A link by which somebody decides this gate once, without logging in."""
    house, person = house_of(request), person_of(request)
    # A gate of a sub-flow has a path for its name, and the last node of it may be called "link".
    own = f"{request.path_params['gate']}/link"
    if any(gate.gate == own for gate in await house.engine.inbox(run_id=request.path_params["id"])):
        return await _decided(request, own)
    asked = await read(request, wire.MakeLink)
    name = person.name if asked.person is None else asked.person
    if name != person.name and not person.is_admin:
        raise InputError("only an admin makes links for others", code="gate.assignee", where="person")
    gate = await _open_gate(house, request.path_params["id"], request.path_params["gate"])
    link = Link("decide", name, gate.run_id, gate.gate)
    return await _link_made(request, house, link, "decide")


async def make_embed_link(request: Request) -> Response:
    """A link to look at one run, and at nothing else."""
    house = house_of(request)
    await read(request, wire.Nothing)
    run = await house.engine.look(request.path_params["id"])
    return await _link_made(request, house, Link("embed", person_of(request).name, run.id), "embed")


async def linked_gate(request: Request) -> Response:
    """The gate that a link is about."""
    house, link = await _followed(request)
    return json_answer(gate_told(await _open_gate(house, link.run or "", link.gate or "")))


async def decide_by_link(request: Request) -> Response:
    """Decide the gate that a link is about; the link is used up."""
    token = request.path_params["token"]
    house, _ = await _followed(request)
    asked = await read(request, wire.Answer)
    link = await house.links.spend(token, "decide", now=house.engine.clock.now())
    person = house.people.named(link.person) or Person(link.person)
    try:
        await _decide(house, link.run or "", link.gate or "", asked, person)
    except WeftError:
        await house.links.give_back(token)
        raise
    return json_answer({"decided": asked.option})


# --- inside ---


async def _decide(house: House, run_id: str, gate: str, asked: wire.Answer, person: Person) -> None:
    await house.engine.answer(
        run_id, gate, asked.option, form=asked.form, by=person.name, groups=person.groups, is_exact=True
    )


async def _followed(request: Request) -> tuple[House, Link]:
    """The house and what the link in the address may do; who guesses is slowed down."""
    house = house_of(request)
    return house, await followed_link(request, house, "decide")


async def followed_link(request: Request, house: House, kind: Any) -> Link:
    """What the link in the address may do.

    Raises:
        InputError: ``link.unknown``, ``request.rate``.
    """
    guard = request.scope["state"]["guard"]
    guard.may_try("link")
    try:
        link = await house.links.look(request.path_params["token"], kind, now=house.engine.clock.now())
    except InputError:
        guard.was_wrong("link")
        raise
    if not await _is_about(house, link):
        raise InputError("the run of this link is not there any more", code="link.unknown", hint="ask for a new one")
    return link


async def _is_about(house: House, link: Link) -> bool:
    """Whether the run is still the one that the link was made for, and no later one of the same id."""
    try:
        run = await house.engine.look(link.run or "")
    except InputError:
        return False
    return link.made_at is not None and run.started_at <= link.made_at


async def _open_gate(house: House, run_id: str, name: str) -> OpenGate:
    gate = await house.engine.open_gate(run_id, name)
    if gate is not None:
        return gate
    raise InputError("the gate is not open any more", code="gate.closed", where=f"run {run_id}, gate {name[:80]}")


async def _link_made(request: Request, house: House, link: Link, place: str) -> Response:
    now = house.engine.clock.now()
    token = await house.links.make(link, now=now)
    url = f"{request.url.scheme}://{request.headers['host']}{request.scope.get('root_path', '')}/{place}/{token}"
    return json_answer({"url": url, "until": told_moment(now + LASTS_S[link.kind])}, 201)


def gate_told(gate: OpenGate) -> dict[str, Any]:
    """An open gate as it is told."""
    return {
        "run": gate.run_id,
        "graph": gate.graph,
        "gate": gate.gate,
        "node": gate.node,
        "purpose": gate.purpose,
        "prompt": gate.prompt,
        "options": gate.options,
        "form": gate.form,
        "prefill": gate.prefill,
        "assignees": None if gate.assignees is None else list(gate.assignees),
        "since": told_moment(gate.since),
        "deadline": told_moment(gate.deadline),
        "default": gate.default,
        "detail": gate.detail,
    }


def _decision(recorded: Recorded, graph: str) -> dict[str, Any]:
    event = event_json(recorded.event)
    return {
        "position": recorded.position,
        "run": recorded.run_id,
        "graph": graph,
        "gate": event["gate"],
        "node": event["node"],
        "option": event.get("option"),
        "form": event.get("form"),
        "by": event.get("by"),
        "at": event["at"],
    }


def _cursor(given: str | None) -> tuple[float, str, str] | None:
    if given is None:
        return None
    since, _, rest = given.partition("/")
    run, _, gate = rest.partition("/")
    try:
        return float(since), run, gate
    except ValueError:
        raise InputError(f"{given[:40]!r} is no cursor", code="request.invalid", where="?after=") from None

"""What an operator asks: does it live, is it ready, what does it count.

Rule: ``/healthz`` and ``/readyz`` say nothing that a stranger may not know; the numbers need a login.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from engine import __version__
from engine.errors import JournalError
from server.answers import json_answer
from server.asking import house_of


async def live(request: Request) -> Response:
    """The process answers."""
    del request
    return json_answer({"status": "ok", "version": __version__})


async def ready(request: Request) -> Response:
    """The database answers, and unfinished runs have been taken up; 503 before and while it stops."""
    house = house_of(request)
    state = "stopping" if house.closing.is_set() else "ok" if house.ready.is_set() else "starting"
    if state == "ok":
        try:
            await house.engine.position()
        except JournalError:
            state = "stopping"
    return json_answer({"status": state, "version": __version__}, 200 if state == "ok" else 503)


async def numbers(request: Request) -> Response:
    """Counters and gauges in Prometheus' text format."""
    house = house_of(request)
    gates = len(await house.engine.inbox())
    text = house.metrics.text(gates=gates)
    return Response(text, media_type="text/plain; version=0.0.4")

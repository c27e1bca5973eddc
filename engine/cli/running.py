"""run, resume, answer, cancel, signal: what starts a run or lets it go on, to the next wait.

Rule: these commands are the run's host while they work; ending one ends the host and never the run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal as signals
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from engine.app import Engine
from engine.cli.asking import ask_gates, can_ask
from engine.cli.command import Command, Setting, json_option, seconds_option
from engine.cli.output import Exit, Output
from engine.cli.telling import NOT_KEPT, result_json, tell_result
from engine.errors import InputError
from engine.journal.codec import to_json
from engine.model.graph import Graph
from engine.model.values import as_object
from engine.run import Run, RunResult

if TYPE_CHECKING:
    from engine.cli.live import LiveTable

PATIENCE_S: Final = 60.0
"""A timer due within this many seconds is slept through; the deadline of a gate is not, for it may be answered."""


def _configure_run(place: argparse.ArgumentParser) -> None:
    place.add_argument("graph", metavar="GRAPH", help="a file, or a name in the graphs directory")
    place.add_argument("--input", metavar="JSON|@FILE|-", help="the run's input, a JSON value")
    place.add_argument("-i", metavar="KEY=VALUE", action="append", default=[], dest="pairs", help="one input field")
    place.add_argument("--id", metavar="RUN", help="the run's id (default: made from the time)")
    place.add_argument("--durability", choices=["full", "process", "memory"], default="full", help="what it survives")
    place.add_argument("--answers", metavar="FILE", help="scripted models' answers instead of those beside the graph")
    place.add_argument("--model", metavar="NAME", help="the model that every agent uses")
    place.add_argument(
        "--simulate", action="store_true", help="ask no model and change nothing outside; what is missing is made up"
    )
    place.add_argument("--pins", metavar="FILE", help="a JSON object: node -> the output that stands for its work")
    _configure_going_on(place)


def _configure_going_on(place: argparse.ArgumentParser) -> None:
    place.add_argument("--events", metavar="FILE|-", help="write the journal as JSON lines as it grows")
    place.add_argument(
        "--timeout", metavar="S", type=seconds_option, help="stop this host after S seconds; the run can go on"
    )
    place.add_argument("--no-ask", action="store_true", help="never ask gates at the terminal")


def _configure_resume(place: argparse.ArgumentParser) -> None:
    place.add_argument("run", metavar="RUN")
    _configure_going_on(place)


def _configure_answer(place: argparse.ArgumentParser) -> None:
    place.add_argument("run", metavar="RUN")
    place.add_argument("gate", metavar="GATE", help="the gate's id, or its node while only one gate of it is open")
    place.add_argument("option", metavar="OPTION")
    place.add_argument("--form", metavar="JSON|@FILE|-", help="the option's form, a JSON object")
    place.add_argument("--as", metavar="NAME", dest="by", help="who decides")
    _configure_going_on(place)


def _configure_cancel(place: argparse.ArgumentParser) -> None:
    place.add_argument("run", metavar="RUN")
    place.add_argument("--reason", metavar="TEXT")


def _configure_signal(place: argparse.ArgumentParser) -> None:
    place.add_argument("run", metavar="RUN")
    place.add_argument("name", metavar="NAME")
    place.add_argument("--value", metavar="JSON|@FILE|-", help="what the wait gets; null when absent")
    _configure_going_on(place)


async def _run(setting: Setting) -> Exit:
    options = setting.options
    graph, _ = setting.library.open(options.graph)
    given = _input(graph, options.input, options.pairs)
    answers = json_option(f"@{options.answers}", name="--answers") if options.answers else None
    pins = json_option(f"@{options.pins}", name="--pins") if options.pins else None
    async with setting.engine(durability=options.durability) as engine:
        return await _go_on(
            setting,
            engine,
            lambda: engine.start(
                options.graph,
                given,
                id=options.id,
                answers=answers,
                model=options.model,
                simulate=options.simulate,
                pins=pins,
            ),
        )


async def _resume(setting: Setting) -> Exit:
    async with setting.engine_on_runs() as engine:
        return await _go_on(setting, engine, lambda: engine.resume(setting.options.run))


async def _answer(setting: Setting) -> Exit:
    options = setting.options
    form = json_option(options.form, name="--form") if options.form is not None else None
    async with setting.engine_on_runs() as engine:
        return await _go_on(
            setting,
            engine,
            lambda: engine.answer(options.run, options.gate, options.option, form=form, by=options.by),
        )


async def _cancel(setting: Setting) -> Exit:
    options = setting.options
    async with setting.engine_on_runs() as engine:
        run = await engine.cancel(options.run, reason=options.reason)
        await tell_result(setting.output, engine, await run.result())
    return Exit.DONE


async def _signal(setting: Setting) -> Exit:
    options = setting.options
    value = json_option(options.value, name="--value") if options.value is not None else None
    async with setting.engine_on_runs() as engine:
        return await _go_on(setting, engine, lambda: engine.signal(options.run, options.name, value))


def _input(graph: Graph, text: str | None, pairs: list[str]) -> Any:
    value: Any = json_option(text, name="--input") if text is not None else None
    if not pairs:
        return value
    merged = dict(as_object(value))
    if value not in (None, {}) and not merged:
        raise InputError("-i needs an input that is an object", where="--input", hint="give one of the two")
    for pair in pairs:
        key, sign, content = pair.partition("=")
        if not sign or not key:
            raise InputError(f"{pair!r} is not KEY=VALUE", where="-i", hint="as in -i topic=rivers")
        merged[key] = _field(graph, key, content)
    return merged


def _field(graph: Graph, key: str, content: str) -> Any:
    """Text where the schema wants text, else JSON where it is JSON, else text."""
    schema = as_object(as_object(as_object(graph.input).get("properties")).get(key))
    if schema.get("type") == "string":
        return content
    try:
        return json.loads(content)
    except ValueError:
        return content


async def _go_on(setting: Setting, engine: Engine, begin: Callable[[], Awaitable[Run]]) -> Exit:
    """Let a run go on to its end or a wait, and tell what it came to."""
    options, output = setting.options, setting.output
    with contextlib.ExitStack() as stack:
        events = _events_file(options.events, output, stack)
        return await _gone_on(setting, engine, await begin(), events)


async def _gone_on(setting: Setting, engine: Engine, run: Run, events: TextIO | None) -> Exit:
    options, output = setting.options, setting.output
    stop = asyncio.Event()
    for number in (signals.SIGINT, signals.SIGTERM):
        with contextlib.suppress(NotImplementedError, ValueError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with _events_written(run, events), _table(output, engine, run) as table:
            result = await _stopped_early(stop, options.timeout, _to_next_wait(setting, engine, run, table))
    finally:
        for number in (signals.SIGINT, signals.SIGTERM):
            with contextlib.suppress(NotImplementedError, ValueError):
                asyncio.get_running_loop().remove_signal_handler(number)
    told = output if events is not output.out else Output(out=output.err, err=output.err)
    is_kept = getattr(options, "durability", None) != "memory"
    if result is not None:
        return await tell_result(told, engine, result, is_kept=is_kept)
    told.value(result_json(await engine.look(run.id)))
    told.line(f"run {run.id} was left by this host")
    told.note(f"go on: weft resume {run.id}" if is_kept else NOT_KEPT)
    return Exit.NOT_ENDED


@contextlib.asynccontextmanager
async def _table(output: Output, engine: Engine, run: Run) -> AsyncGenerator[LiveTable | None]:
    """The live table while the block lasts; None where there is no terminal for it."""
    if not output.is_live:
        yield None
        return
    from engine.cli.live import LiveTable  # noqa: PLC0415 - only a terminal needs what draws on it

    async with LiveTable.shown(output, engine, run) as table:
        yield table


async def _to_next_wait(setting: Setting, engine: Engine, run: Run, table: LiveTable | None) -> RunResult:
    while True:
        result = await engine.result(run.id, patience_s=PATIENCE_S)
        asks = result.status == "waiting" and not setting.options.no_ask and can_ask(setting.output)
        if not asks or not any(wait.kind == "gate" for wait in result.waiting_for):
            return result
        with contextlib.nullcontext() if table is None else table.paused():
            if not await ask_gates(setting.output, engine, run.id):
                return result


async def _stopped_early(
    stop: asyncio.Event, timeout_s: float | None, work: Coroutine[Any, Any, RunResult]
) -> RunResult | None:
    """The work's result, or None when a signal or the time came first."""
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, watch}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    watch.cancel()
    if task.done():
        return task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return None


@contextlib.asynccontextmanager
async def _events_written(run: Run, file: TextIO | None) -> AsyncGenerator[None]:
    """Write the run's events to a file or standard output as they are committed."""
    if file is None:
        yield
        return
    task = asyncio.ensure_future(_write_events(run, file))
    try:
        yield
    finally:
        # What is on disk by now is written too; a run that waits has no last event to end the stream.
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await _write_rest(run, file, task)


def _events_file(target: str | None, output: Output, stack: contextlib.ExitStack) -> TextIO | None:
    """Where the events go: opened before anything is asked of the run, so that a bad name asks nothing of it."""
    if target is None:
        return None
    if target != "-":
        return stack.enter_context(_opened(target))
    if output.is_json:
        raise InputError(
            "--events - and --json both want standard output", code="usage", where="--events", hint="name a file"
        )
    return output.out


def _opened(target: str) -> TextIO:
    try:
        return Path(target).open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(
            f"it cannot be written: {error}", code="output.unwritable", where=target, hint="name another file"
        ) from None


async def _write_events(run: Run, file: TextIO) -> None:
    task = asyncio.current_task()
    async for event in run.events():
        file.write(json.dumps(to_json(event), ensure_ascii=False) + "\n")
        file.flush()
        if task is not None:
            task.set_name(str(event.n))


async def _write_rest(run: Run, file: TextIO, task: asyncio.Task[None]) -> None:
    seen = int(task.get_name()) if task.get_name().isdigit() else 0
    for event in await run.recorded(after=seen):
        file.write(json.dumps(to_json(event), ensure_ascii=False) + "\n")
    file.flush()


RUN = Command("run", "run a graph to its end, a wait or a failure", _configure_run, _run)
RESUME = Command("resume", "let an unfinished run go on", _configure_resume, _resume)
ANSWER = Command("answer", "decide an open gate and let the run go on", _configure_answer, _answer)
CANCEL = Command("cancel", "ask a run to end", _configure_cancel, _cancel)
SIGNAL = Command("signal", "send a signal to a run and let it go on", _configure_signal, _signal)

"""What every journal keeps to. A store's test module subclasses ``JournalContract`` and says how to open one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.errors import EngineBug, Failure, InputError, LeaseLost
from engine.journal.records import UNNAMED_KEPT_S
from engine.journal.store import Arrivals, Effect, Journal, Lease, RunFilter, Span
from engine.scheduler import events as ev
from tests.journal.facts import (
    HASH,
    asked,
    claimed,
    completed,
    failed,
    gate_answered,
    gate_opened,
    run_started,
    signal,
    started,
    steps,
)

NOW = 1000.0


async def create(journal: Journal, run_id: str = "r1", **fields: Any) -> Lease:
    """A run ``run_id`` of the graph ``g``, held by ``host`` from NOW on."""
    return await journal.create_run(run_id, run_started(**fields), holder="host", now=NOW, documents={HASH: "{}"})


async def events_of(journal: Journal, run_id: str = "r1", after: int = 0) -> list[ev.Event]:
    return [event async for event in journal.read(run_id, after=after)]


async def swept(journal: Journal, now: float) -> tuple[int, int]:
    """How many blobs and documents a clean-up removed."""
    pruned = await journal.prune(now=now)
    return pruned.blobs, pruned.documents


async def refusal(awaitable: Any) -> str:
    """The code of the InputError that this ends with."""
    with pytest.raises(InputError) as caught:
        await awaitable
    assert caught.value.where
    assert caught.value.hint
    return caught.value.code


@pytest.mark.anyio
class JournalContract:
    """The tests; ``open`` is the subclass's word."""

    async def open(self, directory: Path) -> Journal:
        """A new, empty journal."""
        raise NotImplementedError

    @pytest.fixture
    async def journal(self, tmp_path: Path) -> AsyncIterator[Journal]:
        async with self.opened(tmp_path) as journal:
            yield journal

    @asynccontextmanager
    async def opened(self, directory: Path) -> AsyncGenerator[Journal]:
        journal = await self.open(directory)
        try:
            yield journal
        finally:
            await journal.close()

    # --- making and appending ---

    async def test_a_new_run_has_its_first_event_its_documents_and_a_lease(self, journal: Journal) -> None:
        lease = await create(journal)
        assert await events_of(journal) == [run_started()]
        assert await journal.get_document(HASH) == "{}"
        assert lease == Lease("r1", "host", 1, NOW + 15, was_clean=True, last_n=1)

    async def test_an_id_in_use_is_refused_and_the_first_run_stays(self, journal: Journal) -> None:
        await create(journal)
        assert await refusal(create(journal, input="other")) == "run.exists"
        assert await events_of(journal) == [run_started()]

    @pytest.mark.parametrize("run_id", ["", "-a", "A", "a b", "a" * 65, "../x", "r1\n", "강"])
    async def test_an_id_that_breaks_the_pattern_is_refused(self, journal: Journal, run_id: str) -> None:
        assert await refusal(create(journal, run_id)) == "run.bad_id"
        assert await journal.runs() == []

    async def test_appended_events_come_back_in_order_from_any_number_on(self, journal: Journal) -> None:
        await create(journal)
        made = steps(3)
        journal.append("r1", made[:2])
        await journal.append("r1", made[2:])
        assert await events_of(journal, after=1) == made
        assert await events_of(journal, after=4) == made[3:]
        assert await events_of(journal, after=7) == []
        assert await journal.read_page("r1", after=2, limit=2) == made[1:3]

    async def test_a_long_journal_is_read_in_pages(self, journal: Journal) -> None:
        await create(journal)
        made = steps(700)
        await journal.append("r1", made)
        assert len(await journal.read_page("r1")) == 500
        assert await events_of(journal, after=1) == made

    async def test_big_values_come_back_whole(self, journal: Journal) -> None:
        big = {"text": "강" * 50_000}
        await create(journal, input=big)
        await journal.append("r1", [completed(2, output=big, writes={"draft": big})])
        assert await events_of(journal) == [
            run_started(input=big),
            completed(2, output=big, writes={"draft": big}),
        ]
        assert (await journal.run("r1")).input == big

    async def test_an_empty_append_is_done(self, journal: Journal) -> None:
        await create(journal)
        await journal.append("r1", [])
        assert await events_of(journal) == [run_started()]

    @pytest.mark.parametrize("n", [1, 2, 4])
    async def test_a_wrong_number_is_a_bug_and_nothing_is_written(self, journal: Journal, n: int) -> None:
        await create(journal)
        await journal.append("r1", [started(2)])
        with pytest.raises(EngineBug, match="where 3 is next"):
            journal.append("r1", [started(n)])
        with pytest.raises(EngineBug):
            journal.append("r1", [started(3), started(5)])
        await journal.append("r1", [completed(3)])
        assert [event.n for event in await events_of(journal)] == [1, 2, 3]

    async def test_a_first_event_with_another_number_is_a_bug(self, journal: Journal) -> None:
        with pytest.raises(EngineBug, match="number 2"):
            await create(journal, n=2)

    async def test_an_append_without_the_lease_is_refused(self, journal: Journal) -> None:
        await create(journal)
        await journal.release("r1")
        for run_id in ("r1", "nobody"):
            with pytest.raises(LeaseLost) as caught:
                await journal.append(run_id, [started(2)])
            assert caught.value.where == f"run {run_id}"
        assert await events_of(journal) == [run_started()]

    async def test_there_is_room_once_the_writer_has_caught_up(self, journal: Journal) -> None:
        await create(journal)
        await journal.append("r1", steps(10))
        await journal.wait_for_room()
        assert not journal.is_congested

    @pytest.mark.parametrize(
        "ask", ["read_page", "run", "mail", "inbox", "gate", "effect", "post", "acquire", "holder", "delete"]
    )
    async def test_an_unknown_run_is_refused(self, journal: Journal, ask: str) -> None:
        asked: dict[str, Any] = {
            "read_page": lambda: journal.read_page("nobody"),
            "run": lambda: journal.run("nobody"),
            "mail": lambda: journal.mail("nobody"),
            "inbox": lambda: journal.inbox(run_id="nobody"),
            "gate": lambda: journal.gate("nobody", "review"),
            "effect": lambda: journal.effect("nobody", "k"),
            "post": lambda: journal.post("nobody", "cancel", None, at=NOW),
            "acquire": lambda: journal.acquire("nobody", holder="host", now=NOW),
            "holder": lambda: journal.holder("nobody", now=NOW),
            "delete": lambda: journal.delete_run("nobody", now=NOW),
        }
        assert await refusal(asked[ask]()) == "run.unknown"

    async def test_reading_an_unknown_run_is_refused_at_the_first_step(self, journal: Journal) -> None:
        assert await refusal(events_of(journal, "nobody")) == "run.unknown"

    # --- leases ---

    async def test_a_held_run_is_not_given_to_another(self, journal: Journal) -> None:
        await create(journal)
        with pytest.raises(InputError, match="host") as caught:
            await journal.acquire("r1", holder="other", now=NOW + 1)
        assert caught.value.code == "run.elsewhere"

    async def test_it_is_known_who_holds_a_run_until_the_lease_is_over_or_given_back(self, journal: Journal) -> None:
        lease = await create(journal)
        assert await journal.holder("r1", now=NOW) == "host"
        assert await journal.holder("r1", now=lease.until) is None
        await journal.release("r1")
        assert await journal.holder("r1", now=NOW) is None

    @pytest.mark.parametrize("is_clean", [True, False])
    async def test_the_next_holder_learns_how_the_last_one_stopped(self, journal: Journal, is_clean: bool) -> None:
        await create(journal)
        await journal.append("r1", steps(2))
        assert await journal.release("r1", is_clean=is_clean)
        lease = await journal.acquire("r1", holder="other", now=NOW + 1, ttl_s=30)
        assert lease == Lease("r1", "other", 2, NOW + 31, was_clean=is_clean, last_n=5)
        await journal.append("r1", [started(6, "more")])
        assert len(await events_of(journal)) == 6

    async def test_a_lease_is_renewed_and_given_back_only_while_it_is_held(self, journal: Journal) -> None:
        await create(journal)
        assert await journal.renew(["r1", "nobody"], now=NOW + 5) == ["nobody"]
        assert await journal.runs(RunFilter(is_free=NOW + 19)) == []
        assert len(await journal.runs(RunFilter(is_free=NOW + 21))) == 1
        assert await journal.runs(RunFilter(is_left=NOW + 19)) == []
        assert len(await journal.runs(RunFilter(is_left=NOW + 21))) == 1
        assert await journal.release("r1")
        assert await journal.release("r1")
        assert await journal.runs(RunFilter(is_left=NOW + 99)) == []
        assert await journal.renew(["r1"], now=NOW + 6) == ["r1"]

    # --- mail ---

    async def test_letters_are_read_in_order_until_an_append_answers_them(self, journal: Journal) -> None:
        await create(journal)
        first = await journal.post("r1", "answer", {"gate": "review", "강": [1, None]}, at=NOW + 1)
        second = await journal.post("r1", "cancel", None, at=NOW + 2)
        assert [(x.id, x.run_id, x.kind, x.body, x.at) for x in await journal.mail("r1")] == [
            (first, "r1", "answer", {"gate": "review", "강": [1, None]}, NOW + 1),
            (second, "r1", "cancel", None, NOW + 2),
        ]
        await journal.append("r1", [signal(2, 1)], letters=[first])
        assert [letter.id for letter in await journal.mail("r1")] == [second]
        await journal.append("r1", [], letters=[second])
        assert await journal.mail("r1") == []
        assert len(await events_of(journal)) == 2

    async def test_a_letter_can_be_taken_back_while_nobody_has_read_it(self, journal: Journal) -> None:
        await create(journal, "r1")
        await create(journal, "r2")
        first, second = [await journal.post("r1", "signal", n, at=NOW) for n in (1, 2)]
        assert not await journal.withdraw("r2", first)
        assert await journal.withdraw("r1", first)
        assert not await journal.withdraw("r1", first)
        assert [letter.id for letter in await journal.mail("r1")] == [second]
        await journal.append("r1", [signal(2, 2)], letters=[second])
        assert not await journal.withdraw("r1", second)
        assert await refusal(journal.withdraw("nobody", second)) == "run.unknown"

    async def test_arrivals_name_each_run_with_new_mail(self, journal: Journal) -> None:
        await create(journal, "r1")
        await create(journal, "r2")
        assert await journal.arrivals() == (0, frozenset())
        first = await journal.post("r2", "signal", 1, at=NOW)
        assert await journal.arrivals() == Arrivals(first, frozenset({"r2"}))
        assert await journal.arrivals(first) == (first, frozenset())
        second = await journal.post("r1", "signal", 2, at=NOW)
        assert second > first
        assert await journal.arrivals(first) == Arrivals(second, frozenset({"r1"}))

    async def test_a_letter_keeps_the_host_from_leaving_unless_it_must(self, journal: Journal) -> None:
        await create(journal)
        await journal.post("r1", "answer", 1, at=NOW)
        assert not await journal.release("r1")
        await journal.append("r1", [signal(2, 1)])
        assert await journal.release("r1", with_mail=True)
        assert len(await journal.mail("r1")) == 1

    # --- the feed over all runs ---

    async def test_the_feed_over_all_runs_has_every_event_once(self, journal: Journal) -> None:
        assert await journal.position() == 0
        await create(journal, "r1")
        await create(journal, "r2")
        await journal.append("r2", [started(2)])
        await journal.append("r1", [started(2), completed(3)])
        everything = await journal.read_all()
        assert [(x.run_id, x.event.n) for x in everything] == [("r1", 1), ("r2", 1), ("r2", 2), ("r1", 2), ("r1", 3)]
        assert [x.position for x in everything] == sorted({x.position for x in everything})
        assert await journal.position() == everything[-1].position
        for index, recorded in enumerate(everything):
            assert await journal.read_all(after=recorded.position) == everything[index + 1 :]
        assert await journal.read_all(after=everything[1].position, limit=2) == everything[2:4]

    async def test_positions_are_never_used_again(self, journal: Journal) -> None:
        await create(journal, "r1")
        await create(journal, "r2")
        position = await journal.position()
        await journal.delete_run("r2", now=NOW + 60)
        assert await journal.position() == position
        await create(journal, "r3")
        assert [x.run_id for x in await journal.read_all(after=position)] == ["r3"]
        for run_id in ("r1", "r3"):
            await journal.delete_run(run_id, now=NOW + 60)
        assert await journal.position() > position
        assert await journal.read_all() == []

    # --- lists ---

    async def test_a_run_shows_how_it_stands_from_start_to_end(self, journal: Journal) -> None:
        await create(journal, parent={"run": "r0", "n": 4})
        await journal.append("r1", [started(2), completed(3, usage=ev.Usage(5, 0.25, 1.5, 1))])
        row = await journal.run("r1")
        assert (row.id, row.graph, row.graph_hash, row.status, row.started_at) == ("r1", "g", HASH, "running", 1000.0)
        assert (row.ended_at, row.error, row.output, row.waiting_for) == (None, None, None, ())
        assert (row.input, row.parent) == ({"topic": "rivers"}, {"run": "r0", "n": 4})
        await journal.append("r1", [ev.RunCompleted(output={"article": "text"}, n=4, at=1004.0)])
        row = await journal.run("r1")
        assert (row.status, row.ended_at, row.output) == ("completed", 1004.0, {"article": "text"})
        assert row.usage == ev.Usage(5, 0.25, 1.5, 1)

    async def test_what_was_used_counts_whatever_became_of_the_execution(self, journal: Journal) -> None:
        """Answered models and begun calls count when no fact sums them up, and once when one does."""
        await create(journal)
        steps: list[ev.Event] = [
            asked(2, "a"),
            claimed(3, "a"),
            asked(4, "b"),
            asked(5, "c", usd=None),
            asked(6, "d"),
            asked(7, "e"),
        ]
        await journal.append("r1", steps)
        assert (await journal.run("r1")).usage == ev.Usage()
        ends: list[ev.Event] = [
            ev.NodeCancelled(execution="a", node="a", why="join", n=8, at=1008.0),
            failed(9, "b"),  # by its time: nobody told what it had used
            failed(10, "d", retry_at=1060.0, usage=ev.Usage(seconds=2.0)),
            completed(11, "d", usage=ev.Usage(10, 0.5, 4.0, 0)),  # of both its attempts
            completed(12, "e", reused_from="older", usage=ev.Usage(99, 9.0, 9.0, 9)),
        ]
        await journal.append("r1", ends)
        expected = ev.Usage(10 + 10 + 10 + 10, 0.5 * 4, 1.0 + 1.0 + 2.0 + 4.0 + 1.0, 1)
        assert (await journal.run("r1")).usage == expected
        await journal.append("r1", [ev.NodeCancelled(execution="c", node="c", why="run", n=13, at=1013.0)])
        expected = ev.Usage(50, None, 10.0, 1)
        assert (await journal.run("r1")).usage == expected
        await journal.rebuild_projections()
        assert (await journal.run("r1")).usage == expected

    async def test_a_failed_run_shows_its_error_and_a_resumed_one_runs(self, journal: Journal) -> None:
        await create(journal)
        failure = Failure("tool", "tool.failed", "it broke", "work", "mend it")
        await journal.append("r1", [failed(2), ev.RunFailed(error=failure, n=3, at=1003.0)])
        row = await journal.run("r1")
        assert (row.status, row.error, row.output) == ("failed", failure, None)
        await journal.append("r1", [ev.RunResumed(n=4, at=1004.0)])
        row = await journal.run("r1")
        assert (row.status, row.error, row.ended_at) == ("running", None, None)
        await journal.append("r1", [ev.RunCancelled(n=5, at=1005.0)])
        assert (await journal.run("r1")).status == "cancelled"

    async def test_runs_are_listed_newest_first_and_narrowed(self, journal: Journal) -> None:
        for number in range(1, 6):
            await create(journal, f"r{number}", graph="odd" if number % 2 else "even", at=float(number))
        await journal.append("r2", [ev.RunCompleted(output=None, n=2, at=9.0)])

        async def listed(which: RunFilter | None = None) -> list[str]:
            return [row.id for row in await journal.runs(which)]

        assert await listed() == ["r5", "r4", "r3", "r2", "r1"]
        assert await listed(RunFilter(statuses=["completed", "failed"])) == ["r2"]
        assert await listed(RunFilter(graph="odd")) == ["r5", "r3", "r1"]
        assert await listed(RunFilter(ids=["r1", "r4", "nobody"])) == ["r4", "r1"]
        assert await listed(RunFilter(since=3.0)) == ["r5", "r4", "r3"]
        assert await listed(RunFilter(graph="odd", since=2.0, limit=1)) == ["r5"]
        assert await listed(RunFilter(is_free=NOW)) == []

    async def test_paging_through_runs_misses_none(self, journal: Journal) -> None:
        for number in range(7):
            await create(journal, f"r{number}")
        seen: list[str] = []
        before: int | None = None
        while page := await journal.runs(RunFilter(before=before, limit=3)):
            seen += [row.id for row in page]
            before = page[-1].cursor
        assert seen == [f"r{number}" for number in range(6, -1, -1)]

    async def test_runs_that_are_due_are_found(self, journal: Journal) -> None:
        for run_id, due in (("r1", 2000.0), ("r2", 3000.0), ("r3", None)):
            await create(journal, run_id)
            timer = ev.TimerSet(execution="t", node="t", due=due, signal=None if due else "go", n=2, at=1002.0)
            await journal.append(run_id, [timer])
        assert [row.id for row in await journal.runs(RunFilter(wake_before=2500.0))] == ["r1"]
        assert [row.id for row in await journal.runs(RunFilter(wake_before=2000.0))] == []
        assert await journal.inbox() == []
        assert [wait.wake for row in await journal.runs() for wait in row.waiting_for] == [None, 3000.0, 2000.0]

    # --- gates ---

    async def test_the_inbox_shows_what_is_asked_of_people_oldest_first(self, journal: Journal) -> None:
        await create(journal, "r1")
        await create(journal, "r2")
        asked = gate_opened(2, "review@2", assignees=["ann"], deadline=5000.0, default="approve", detail=[1], form={})
        await journal.append("r1", [asked])
        await journal.append("r2", [gate_opened(2, at=1001.0, prefill={"note": "x"})])
        second, first = await journal.inbox()
        assert (first.run_id, first.gate, first.node, first.execution) == ("r1", "review@2", "review", "review@2")
        assert (first.graph, first.purpose, first.prompt, first.since) == ("g", "gate", "Publish?", 1002.0)
        assert (first.assignees, first.deadline, first.default, first.detail) == (("ann",), 5000.0, "approve", [1])
        assert first.options == [{"name": "approve"}, {"name": "revise"}]
        assert (second.run_id, second.since, second.assignees, second.prefill) == ("r2", 1001.0, None, {"note": "x"})
        assert await journal.inbox(run_id="r1") == [first]
        assert await journal.gate("r1", "review@2") == first
        assert await journal.gate("r1", "review") is None

    async def test_an_answered_gate_leaves_the_inbox(self, journal: Journal) -> None:
        await create(journal)
        await journal.append("r1", [started(2, "review"), gate_opened(3)])
        assert (await journal.run("r1")).status == "waiting"
        await journal.append("r1", [gate_answered(4)])
        assert await journal.inbox() == []
        assert (await journal.run("r1")).status == "running"

    async def test_escalation_adds_people_to_a_gate(self, journal: Journal) -> None:
        await create(journal)
        await journal.append("r1", [gate_opened(2, assignees=["ann"])])
        more = ev.GateEscalated(
            gate="review", execution="review", node="review", step=0, assignees=["bob"], n=3, at=1003.0
        )
        await journal.append("r1", [more])
        assert [gate.assignees for gate in await journal.inbox()] == [("ann", "bob")]

    async def test_the_inbox_is_paged_by_age(self, journal: Journal) -> None:
        await create(journal)
        await journal.append("r1", [gate_opened(n, f"g{n % 7}_{n}", at=1000.0 + n // 3) for n in range(2, 14)])
        everything = await journal.inbox()
        assert len(everything) == 12
        for index, gate in enumerate(everything):
            assert await journal.inbox(after=(gate.since, gate.run_id, gate.gate)) == everything[index + 1 :]

    async def test_what_happened_to_gates_is_paged_both_ways_over_all_runs(self, journal: Journal) -> None:
        for run_id in ("r1", "r2"):
            await create(journal, run_id)
            await journal.append(run_id, [started(2, "review"), gate_opened(3)])
        reminded = ev.GateReminded(gate="review", execution="review", node="review", count=1, n=4, at=1004.0)
        await journal.append("r1", [reminded, gate_answered(5), completed(6, "review")])
        await journal.append("r2", [ev.GateExpired(gate="review", execution="review", node="review", n=4, at=1004.0)])

        async def told(span: Span, run_id: str | None = None) -> list[tuple[str, int]]:
            kinds = (ev.GateReminded, ev.GateAnswered, ev.GateExpired)
            return [(r.run_id, r.event.n) for r in await journal.gate_events(kinds, span, run_id=run_id)]

        everything = await journal.gate_events((ev.GateAnswered, ev.GateReminded, ev.GateExpired), Span(after=0))
        assert [(r.run_id, r.event.n) for r in everything] == [("r1", 4), ("r1", 5), ("r2", 4)]
        assert await told(Span()) == [("r2", 4), ("r1", 5), ("r1", 4)]
        assert await told(Span(limit=1)) == [("r2", 4)]
        assert await told(Span(before=everything[2].position)) == [("r1", 5), ("r1", 4)]
        assert await told(Span(after=everything[0].position)) == [("r1", 5), ("r2", 4)]
        assert await told(Span(), "r2") == [("r2", 4)]
        assert await refusal(journal.gate_events((ev.GateAnswered,), Span(), run_id="nobody")) == "run.unknown"

    async def test_the_end_of_a_run_closes_its_gates(self, journal: Journal) -> None:
        await create(journal, "r1")
        await create(journal, "r2")
        for run_id in ("r1", "r2"):
            await journal.append(run_id, [gate_opened(2)])
        await journal.append("r1", [ev.RunCancelled(n=3, at=1003.0)])
        assert [gate.run_id for gate in await journal.inbox()] == ["r2"]

    # --- effects ---

    async def test_an_effect_is_known_by_its_key(self, journal: Journal) -> None:
        await create(journal)
        claim = ev.EffectClaimed(
            execution="w", node="w", key="r1 w 1", tool="file.write", args_hash=HASH, effect="unsafe", n=2, at=1002.0
        )
        await journal.append("r1", [claim])
        claimed = await journal.effect("r1", "r1 w 1")
        assert claimed == Effect("r1 w 1", "w", "file.write", HASH, "unsafe", is_settled=False)
        settled = ev.EffectSettled(execution="w", node="w", key="r1 w 1", result={"path": "a.md"}, n=3, at=1003.0)
        await journal.append("r1", [settled])
        known = await journal.effect("r1", "r1 w 1")
        assert known == Effect("r1 w 1", "w", "file.write", HASH, "unsafe", is_settled=True, result={"path": "a.md"})
        assert await journal.effect("r1", "r1 w 2") is None

    async def test_an_effect_that_did_not_happen_has_an_error_and_a_new_claim_opens_it_again(
        self, journal: Journal
    ) -> None:
        await create(journal)
        failure = Failure("tool", "tool.failed", "refused")

        def claim(n: int, args_hash: str) -> ev.EffectClaimed:
            return ev.EffectClaimed(
                execution="w", node="w", key="k", tool="t", args_hash=args_hash, effect="unsafe", n=n, at=1002.0
            )

        refused = ev.EffectSettled(execution="w", node="w", key="k", error=failure, n=3, at=1003.0)
        await journal.append("r1", [claim(2, HASH), refused])
        assert await journal.effect("r1", "k") == Effect("k", "w", "t", HASH, "unsafe", is_settled=True, error=failure)
        await journal.append("r1", [claim(4, "other")])
        assert await journal.effect("r1", "k") == Effect("k", "w", "t", "other", "unsafe", is_settled=False)

    async def test_a_settlement_that_nobody_claimed_is_no_effect(self, journal: Journal) -> None:
        await create(journal)
        await journal.append("r1", [ev.EffectSettled(execution="w", node="w", key="k", n=2, at=1002.0)])
        assert await journal.effect("r1", "k") is None

    # --- what lies beside the journal ---

    async def test_bytes_are_kept_by_their_hash(self, journal: Journal) -> None:
        digest = await journal.put_blob(b"\x00bytes", media_type="image/png", now=NOW)
        assert digest == await journal.put_blob(b"\x00bytes", media_type="text/plain", now=NOW)
        blob = await journal.get_blob(digest)
        assert blob is not None
        assert (blob.content, blob.media_type, blob.size_bytes) == (b"\x00bytes", "image/png", 6)
        assert await journal.get_blob("00" * 32) is None

    async def test_the_first_text_of_a_document_stays(self, journal: Journal) -> None:
        await journal.put_document(HASH, "one", now=NOW)
        await journal.put_document(HASH, "two", now=NOW)
        assert await journal.get_document(HASH) == "one"
        assert await journal.get_document("00" * 32) is None
        await journal.put_document("a name of another kind", "three", now=NOW)
        assert await journal.get_document("a name of another kind") == "three"

    async def test_a_result_is_kept_until_it_expires(self, journal: Journal) -> None:
        await journal.cache_put("k", None, expires_at=NOW + 10)
        assert await journal.cache_get("k", now=NOW + 9) == (None,)
        assert await journal.cache_get("k", now=NOW + 10) is None
        await journal.cache_put("k", {"v": [1]}, expires_at=NOW + 20)
        assert await journal.cache_get("k", now=NOW + 10) == ({"v": [1]},)
        assert await journal.cache_get("other", now=NOW) is None

    # --- keeping house ---

    async def test_a_deleted_run_leaves_nothing(self, journal: Journal) -> None:
        await create(journal, "r1")
        await create(journal, "r2")
        await journal.append("r1", [gate_opened(2)])
        await journal.post("r1", "signal", 1, at=NOW)
        assert await refusal(journal.delete_run("r1", now=NOW + 1)) == "run.elsewhere"
        await journal.release("r1", with_mail=True)
        await journal.delete_run("r1", now=NOW + 1)
        assert await refusal(journal.run("r1")) == "run.unknown"
        assert (await journal.inbox(), (await journal.arrivals()).run_ids) == ([], frozenset())
        assert [x.run_id for x in await journal.read_all()] == ["r2"]
        await create(journal, "r1")
        assert await events_of(journal) == [run_started()]

    async def test_pruning_removes_what_is_over_and_old_and_spares_the_rest(self, journal: Journal) -> None:
        for number in range(1, 5):
            await create(journal, f"r{number}")
        for run_id, ended_at in (("r1", 2000.0), ("r2", 3000.0), ("r3", 2000.0)):
            await journal.append(run_id, [started(2), ev.RunCompleted(output=None, n=3, at=ended_at)])
        await journal.release("r1")
        await journal.release("r2")
        await journal.release("r4")
        pruned = await journal.prune(now=NOW + 1, before=2500.0)
        assert (pruned.runs, pruned.events) == (("r1",), 3)
        assert [row.id for row in await journal.runs()] == ["r4", "r3", "r2"]
        assert (await journal.prune(now=NOW + 60, ids=["r3", "r4"])).runs == ("r3",)
        assert (await journal.prune(now=NOW + 60, statuses=["running"], before=999.0)).runs == ()
        assert (await journal.prune(now=NOW + 60, statuses=["running"], before=1001.0)).runs == ("r4",)

    async def test_pruning_keeps_what_a_run_still_names(self, journal: Journal) -> None:
        later = NOW + UNNAMED_KEPT_S + 1
        named = await journal.put_blob(b"named", media_type="text/plain", now=NOW)
        unnamed = await journal.put_blob(b"unnamed", media_type="text/plain", now=NOW)
        fresh = await journal.put_blob(b"fresh", media_type="text/plain", now=later)
        await journal.put_document("99" * 32, "old", now=NOW)
        await journal.cache_put("k", 1, expires_at=later)
        await create(journal)
        await journal.append("r1", [completed(2, output={"$file": named, "name": "a", "media_type": "text/plain"})])
        assert await swept(journal, later) == (1, 1)
        kept = [await journal.get_blob(digest) is not None for digest in (named, unnamed, fresh)]
        assert kept == [True, False, True]
        assert await journal.get_document(HASH) == "{}"
        assert await journal.cache_get("k", now=NOW) is None
        await journal.delete_run("r1", now=later)
        assert await swept(journal, later) == (1, 1)

    async def test_a_blob_put_again_is_young_again(self, journal: Journal) -> None:
        later = NOW + UNNAMED_KEPT_S + 1
        digest = await journal.put_blob(b"bytes", media_type="text/plain", now=NOW)
        await journal.put_blob(b"bytes", media_type="text/plain", now=later - 10)
        await journal.put_document(HASH, "text", now=NOW)
        await journal.put_document(HASH, "text", now=later - 10)
        assert await swept(journal, later) == (0, 0)
        assert await journal.get_blob(digest) is not None

    async def test_rebuilt_projections_are_the_same(self, journal: Journal) -> None:
        await create(journal, "r1")
        await create(journal, "r2")
        claim = ev.EffectClaimed(
            execution="w", node="w", key="k", tool="t", args_hash=HASH, effect="unsafe", n=4, at=1004.0
        )
        await journal.append("r1", [started(2, "review"), gate_opened(3, assignees=["ann"]), claim])
        await journal.append("r2", [failed(2), ev.RunCompleted(output=1, n=3, at=1003.0)])

        async def shown() -> Any:
            return await journal.runs(), await journal.inbox(), await journal.effect("r1", "k")

        before = await shown()
        await journal.rebuild_projections()
        assert await shown() == before
        await journal.append("r1", [gate_answered(5)])
        assert await journal.inbox() == []

    async def test_a_journal_that_was_cleaned_goes_on(self, journal: Journal) -> None:
        await create(journal)
        await journal.append("r1", steps(50))
        await journal.vacuum()
        await journal.append("r1", [started(102, "more")])
        assert len(await events_of(journal)) == 102

    async def test_closing_twice_is_harmless(self, journal: Journal) -> None:
        assert journal.durability in {"full", "process", "memory"}
        await journal.close()
        await journal.close()

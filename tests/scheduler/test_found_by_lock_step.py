"""What the plain model and the scheduler once made differently, each as the smallest walk that shows it."""

from __future__ import annotations

from typing import Any

from engine.errors import Failure
from engine.scheduler import events as ev
from tests.support.lock_step import LockStep
from tests.support.plain_scope import Told
from tests.support.random_host import started
from tests.support.sketch import sketch


class Walking:
    """A walk in lock step, told what happens in short words."""

    def __init__(self, text: str, **top: Any) -> None:
        self.both = LockStep(sketch(text, **top), {})
        self.told = self.both.apply(started())

    def begin(self, *executions: str, items: int | None = None, attempt: int = 1) -> None:
        listed = None if items is None else list(range(items))
        for name in executions:
            fact = ev.NodeStarted(execution=name, node=_node(name), attempt=attempt, items=listed)
            self.told = self.both.apply(fact)

    def done(self, name: str, port: str = "ok", taken: tuple[int, ...] | None = None) -> list[Told]:
        fact = ev.NodeCompleted(execution=name, node=_node(name), port=port, taken=taken)
        self.told = self.both.apply(fact)
        return self.told

    def fail(self, name: str, *, ends_run: bool = False) -> list[Told]:
        error = Failure("tool", "tool.failed", "broken", _node(name))
        self.told = self.both.apply(ev.NodeFailed(execution=name, node=_node(name), error=error, ends_run=ends_run))
        return self.told

    def end_and_take_up(self) -> list[Told]:
        """The run fails as it must, and is taken up again."""
        assert self.both.scheduler.failure is not None
        self.both.apply(ev.RunFailed(error=self.both.scheduler.failure))
        self.told = self.both.apply(ev.RunResumed(clean=True))
        return self.told

    @property
    def wishes(self) -> set[object]:
        return {wish[1] for wish in self.both.plain.wishes()}


def _node(execution: str) -> str:
    return execution.split("@")[0].split("[")[0]


def test_a_join_that_waits_for_all_cancels_the_stragglers_of_a_join_before_it() -> None:
    walk = Walking("f{x,y}; x -> f2{a,b}; a -> j1[any]; b -> j1; j1 -> j2[cancel]; y -> j2; j2 -> z")
    walk.begin("x", "y")
    walk.done("x")
    walk.begin("a", "b")
    walk.done("a")
    assert ("node.cancelled", "b", "join") in walk.done("y")


def test_an_item_that_would_only_be_withdrawn_again_is_not_begun() -> None:
    walk = Walking("m[any,cancel,each=input.list,concurrency=1] -> z")
    walk.begin("m", items=3)
    walk.begin("m[0]")
    assert walk.done("m[0]") == []
    assert walk.wishes == {"m"}


def test_after_a_used_up_limit_no_item_begins() -> None:
    walk = Walking("m[any,accept,each=input.list,concurrency=1] -> z")
    walk.begin("m", items=3)
    walk.begin("m[0]")
    assert walk.fail("m[0]", ends_run=True) == [("node.cancelled", "m", "run")]


def test_a_run_that_is_taken_up_again_begins_all_that_failed() -> None:
    walk = Walking("f{a,b,c}; a -(?)-> j[2]; b -> j -> z", on_failure="finish")
    walk.begin("a", "b", "c")
    walk.done("b")
    walk.fail("a")
    walk.fail("c")
    assert walk.wishes == {""}
    walk.end_and_take_up()
    assert walk.wishes == {"a", "c"}


def test_a_starved_join_fails_again_at_once_and_the_other_failure_stays_where_it_is() -> None:
    walk = Walking("f{a,b,c}; a -(? input.x)-> j[2]; a -> d; b -> j -> z", on_failure="finish")
    walk.begin("a", "b", "c")
    walk.done("b")
    assert ("node.failed", "j", "join.starved", ()) in walk.done("a", taken=(1,))
    walk.fail("c")
    assert walk.end_and_take_up() == [("node.failed", "j", "join.starved", ())]
    assert walk.wishes == {""}


def test_an_unheard_item_that_ends_while_the_run_fails_is_not_run_again() -> None:
    walk = Walking("f{m,b}; m[any,each=input.list] -> z; b -> y", on_failure="finish")
    walk.begin("m", items=2)
    walk.begin("m[0]", "m[1]", "b")
    walk.done("m[0]")
    walk.done("m")
    walk.fail("b")
    walk.done("m[1]")
    walk.end_and_take_up()
    assert "m[1]" not in walk.wishes


def test_a_loop_in_a_cancelled_branch_does_not_repeat_even_if_its_turn_is_just_over() -> None:
    three_turns, one_turn = "j1 -> l1[max=3,exit] ~> j1", "j2 -> l2[max=1,exit] ~> j2"
    alone = Walking(f"f{{j1,a}}; {three_turns}; l1 -> j[any,cancel]; a -> j -> z")
    assert alone.both.plain.root.count == {"j1": 3}
    raced = Walking(f"f{{j1,j2}}; {three_turns}; {one_turn}; l1 -> j[any,cancel]; l2 -> j -> z")
    assert raced.both.plain.root.count == {"j1": 2, "j2": 1}

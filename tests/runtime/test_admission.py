"""Which runs may be at work at the same time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.admission import Admission


class House:
    """Places, and who came in, in order."""

    def __init__(self, most: int | None = None, per_graph: int | None = None) -> None:
        self.admission = Admission(most, per_graph)
        self.came: list[str] = []

    def ask(self, *runs: str) -> None:
        """Runs ask for a place; a run's graph is its first letter."""
        for run in runs:
            self.admission.ask(run, run[0], lambda run=run: self.came.append(run))  # type: ignore[misc]


def test_without_a_bound_everybody_comes_in_at_once() -> None:
    house = House()
    house.ask("a1", "a2", "b1")
    assert (house.came, house.admission.waiting) == (["a1", "a2", "b1"], 0)


def test_one_comes_in_for_each_that_leaves() -> None:
    house = House(most=2)
    house.ask("a1", "a2", "a3", "a4")
    house.admission.leave("a1")
    assert (house.came, house.admission.waiting) == (["a1", "a2", "a3"], 1)


def test_a_full_graph_does_not_keep_the_others_out() -> None:
    house = House(most=3, per_graph=1)
    house.ask("a1", "a2", "a3", "b1", "c1")
    assert house.came == ["a1", "b1", "c1"]
    house.admission.leave("b1")
    assert house.came == ["a1", "b1", "c1"]
    house.admission.leave("a1")
    assert house.came == ["a1", "b1", "c1", "a2"]


def test_whoever_is_inside_already_goes_on() -> None:
    house = House(most=1)
    house.ask("a1", "a1")
    assert house.came == ["a1", "a1"]


def test_one_that_is_withdrawn_loses_its_place_in_the_line_or_inside() -> None:
    house = House(most=1)
    house.ask("a1", "a2", "b1", "b2")
    house.admission.forget("a2")
    house.admission.forget("b1")
    assert house.admission.waiting == 1
    house.admission.forget("a1")
    assert house.came == ["a1", "b2"]


def test_leaving_twice_gives_no_second_place() -> None:
    house = House(most=1)
    house.ask("a1", "a2", "a3")
    house.admission.leave("a1")
    house.admission.leave("a1")
    house.admission.leave("nobody")
    assert house.came == ["a1", "a2"]


def test_nobody_overtakes_within_a_graph() -> None:
    house = House(per_graph=1)
    house.ask("a1", "a2", "a3")
    for run in ("a1", "a2"):
        house.admission.leave(run)
    assert house.came == ["a1", "a2", "a3"]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=40),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_the_bounds_always_hold_and_no_place_stays_empty(
    steps: list[tuple[str, bool]], most: int, per_graph: int
) -> None:
    house, inside, asked = House(most, per_graph), list[str](), 0
    for graph, leaves in steps:
        before = len(house.came)
        if leaves and inside:
            house.admission.leave(inside.pop(0))
        else:
            asked += 1
            house.ask(f"{graph}{asked}")
        inside += house.came[before:]
        of_graph = [sum(run[0] == name for run in inside) for name in "abc"]
        assert len(inside) <= most
        assert max(of_graph) <= per_graph
        assert len(house.came) + house.admission.waiting == asked
    while inside:
        before = len(house.came)
        house.admission.leave(inside.pop(0))
        inside += house.came[before:]
    assert (len(house.came), house.admission.waiting) == (asked, 0)

"""The ladder: Graphviz if it answers in time, else plainer means; never nothing, and never twice for the same."""

from __future__ import annotations

import struct
from itertools import pairwise

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.render import Picture, layout, render
from engine.render.columns import MOST_BENDS, columns_of
from engine.render.ladder import heights_of
from engine.render.raster import LONGEST_SIDE_PX
from engine.render.stacking import settle, spread, stack
from tests.render.builders import agent, fan_out_gather, fork_of, graph, tangle, way

pytestmark = pytest.mark.anyio


async def test_an_ordinary_graph_is_laid_out_by_dot() -> None:
    assert (await layout(fan_out_gather())).rung == "dot"


async def test_with_no_time_at_all_our_own_sweeps_answer() -> None:
    picture = graph("g", {"a": agent("only here", way("b")), "b": agent("and here")})
    assert (await layout(picture, deadline_s=0)).rung == "sweeps"


async def test_a_plainer_answer_is_improved_once_there_is_more_time() -> None:
    picture = graph("g", {"a": agent("A", way("b"), way("c", on="error")), "b": agent("B"), "c": agent("C")})
    assert (await layout(picture, deadline_s=0)).rung == "sweeps"
    assert (await layout(picture, deadline_s=10)).rung == "dot"
    assert (await layout(picture, deadline_s=0)).rung == "dot"


async def test_a_tangle_that_takes_minutes_is_answered_within_the_deadline() -> None:
    start = anyio.current_time()
    found = await layout(tangle(500, 1500), deadline_s=2)
    assert found.rung != "dot"
    assert len(found.spots) == 500
    assert anyio.current_time() - start < 20  # 2 s of Graphviz, and ours on a busy machine


async def test_a_fork_of_ten_thousand_is_drawn_at_once() -> None:
    drawn = await render(fork_of(10_000), to="png", deadline_s=40)
    wide, high = struct.unpack_from(">II", drawn, 16)
    assert 0 < wide < high <= LONGEST_SIDE_PX


async def test_more_passing_wires_than_there_is_room_for_share_a_way_around() -> None:
    count = 60
    nodes = {f"n{i}": agent(f"N{i}", *(way(f"n{j}") for j in range(i + 1, count))) for i in range(count)}
    picture = graph("everything-to-everything", nodes)
    grid = columns_of(picture)
    assert len(grid.items) - count <= MOST_BENDS + 1
    assert len(grid.around) > 200
    assert len((await layout(picture, deadline_s=0)).wires) == len(picture.edges) + 1


async def test_the_same_geometry_is_not_laid_out_twice() -> None:
    first = columns_of(graph("g", {"a": agent("One", way("b")), "b": agent("Two")}))
    second = columns_of(graph("h", {"c": agent("Three", way("d")), "d": agent("Four")}))
    heights, rung = await heights_of(first, 10)
    assert rung == "dot"
    assert (await heights_of(second, 0)) == (heights, "dot")


@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=20), st.floats(0, 100))
async def test_spreading_keeps_order_and_gaps_and_moves_nothing_without_need(wishes: list[float], gap: float) -> None:
    found = spread(wishes, [gap] * (len(wishes) - 1))
    assert all(after - before >= gap - 1e-6 for before, after in pairwise(found))
    roomy = [place * (gap + 1) for place in range(len(wishes))]
    assert spread(roomy, [gap] * (len(wishes) - 1)) == pytest.approx(roomy)


async def test_settling_leaves_no_two_things_of_a_column_touching() -> None:
    grid = columns_of(fork_of(30))
    for heights in (stack(grid), [0.0] * len(grid.items)):
        settled = settle(grid, heights)
        for members in grid.members:
            column = sorted((settled[number], grid.items[number].height) for number in members)
            tops = [middle - height / 2 for middle, height in column]
            bottoms = [middle + height / 2 for middle, height in column]
            assert all(bottom < top for bottom, top in zip(bottoms, tops[1:], strict=False))


async def test_an_empty_picture_is_a_picture_too() -> None:
    nothing = Picture("nothing yet", "", (), ())
    for to in ("svg", "png", "pdf", "dot", "mermaid"):
        assert await render(nothing, to=to)

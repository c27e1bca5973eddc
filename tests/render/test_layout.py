"""Geometry: nothing lies on anything else, wires keep to the space between, main ways run straight."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import given

from engine.render import Layout, Picture, Spot, Wire, layout
from engine.render.lettering import width_px
from tests.render.builders import (
    PATTERNS,
    draft_and_review,
    fan_out_gather,
    fork_of,
    iterative_refinement,
    pictures,
    sequential_pipeline,
    tangle,
)

Box = tuple[float, float, float, float]
BY_OUR_OWN_MEANS = 0.0
"""A deadline that only the last rung of the ladder keeps."""

everywhere = pytest.mark.parametrize("name", PATTERNS)
by_all_means = pytest.mark.parametrize("deadline_s", [10.0, BY_OUR_OWN_MEANS])


def laid_out(picture: Picture, deadline_s: float = 10.0) -> Layout:
    async def work() -> Layout:
        return await layout(picture, deadline_s=deadline_s)

    return anyio.run(work)


def cell(spot: Spot) -> Box:
    wide, high = spot.form.width / 2, spot.form.height / 2
    return spot.x - wide, spot.y - high, spot.x + wide, spot.y + high


def body(spot: Spot) -> Box:
    x, y = spot.corner
    return x, y, x + spot.form.body_width, y + spot.form.body_height


def words_box(wire: Wire) -> Box | None:
    if wire.words_at is None:
        return None
    reach = width_px(wire.words, 12, 400) / 2
    x, y = wire.words_at
    return x - reach, y - 8, x + reach, y + 8


def meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def pieces(wire: Wire) -> list[Box]:
    ends = zip(wire.points, wire.points[1:], strict=False)
    return [(min(a, c), min(b, d), max(a, c), max(b, d)) for (a, b), (c, d) in ends]


def check(picture: Picture, found: Layout) -> None:
    nothing_overlaps(found)
    wires_keep_off_nodes(picture, found)
    everything_is_inside(found)


def nothing_overlaps(found: Layout) -> None:
    boxes = [cell(spot) for spot in found.spots.values()]
    spoken = [box for box in map(words_box, found.wires.values()) if box is not None]
    for place, box in enumerate(boxes):
        assert not any(meet(box, other) for other in boxes[place + 1 :])
        assert not any(meet(box, other) for other in spoken)


def wires_keep_off_nodes(picture: Picture, found: Layout) -> None:
    """No wire enters a body but where it ends; the two ends touch their bodies."""
    targets = {(edge.source, edge.index): edge.target for edge in picture.edges}
    bodies = {node_id: body(spot) for node_id, spot in found.spots.items()}
    for key, wire in found.wires.items():
        for node_id, box in bodies.items():
            inner = (box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1)
            own = node_id in (key[0], targets.get(key))
            entered = [piece for piece in pieces(wire) if meet(piece, inner)]
            assert not entered or (own and found.spots[node_id].form.shape == "hexagon")
        assert all(x1 == x2 or y1 == y2 for (x1, y1), (x2, y2) in zip(wire.points, wire.points[1:], strict=False))


def everything_is_inside(found: Layout) -> None:
    boxes = [cell(spot) for spot in found.spots.values()]
    boxes += [piece for wire in found.wires.values() for piece in pieces(wire)]
    assert min(box[0] for box in boxes) >= 0
    assert min(box[1] for box in boxes) >= 0
    assert max(box[2] for box in boxes) <= found.width
    assert max(box[3] for box in boxes) <= found.height


@everywhere
@by_all_means
def test_every_pattern_keeps_things_apart(name: str, deadline_s: float) -> None:
    found = laid_out(PATTERNS[name], deadline_s)
    check(PATTERNS[name], found)
    for key, wire in found.wires.items():
        spoken = words_box(wire)
        others = (piece for other, its in found.wires.items() if other != key for piece in pieces(its))
        assert spoken is None or not any(meet(spoken, piece) for piece in others)


@given(pictures())
def test_any_picture_keeps_things_apart(picture: Picture) -> None:
    check(picture, laid_out(picture, BY_OUR_OWN_MEANS))


@pytest.mark.parametrize("picture", [tangle(40, 70), fork_of(5), fork_of(40)], ids=["tangle", "fork", "wide fork"])
def test_larger_pictures_keep_things_apart(picture: Picture) -> None:
    check(picture, laid_out(picture))


@pytest.mark.parametrize("name", sorted(set(PATTERNS) - {"unfinished"}))  # its circle has to be led back
def test_wires_run_forward_but_for_repeats(name: str) -> None:
    found, picture = laid_out(PATTERNS[name]), PATTERNS[name]
    for edge in picture.edges:
        source, target = found.spots[edge.source], found.spots[edge.target]
        assert (source.x < target.x) == (edge.manner != "repeat")


def test_every_node_and_wire_has_its_place_and_the_start_its_dot() -> None:
    picture = draft_and_review()
    found = laid_out(picture)
    assert set(found.spots) == {"", "write", "review", "again", "publish"}
    assert set(found.wires) == {("", 0)} | {(edge.source, edge.index) for edge in picture.edges}
    assert found.rung == "dot"


@by_all_means
def test_a_pipeline_is_one_straight_line(deadline_s: float) -> None:
    found = laid_out(sequential_pipeline(), deadline_s)
    assert len({spot.y for spot in found.spots.values()}) == 1
    assert all(len(wire.points) == 2 for wire in found.wires.values())


@by_all_means
@pytest.mark.parametrize("name", ["draft_and_review", "human_in_the_loop"])
def test_the_first_option_of_a_gate_leads_on_in_a_straight_line(name: str, deadline_s: float) -> None:
    found = laid_out(PATTERNS[name], deadline_s)
    assert len(found.wires["review", 0].points) == 2
    assert len(found.wires["write", 0].points) == 2


@by_all_means
def test_branches_stand_in_the_files_order_in_one_column(deadline_s: float) -> None:
    found = laid_out(fan_out_gather(), deadline_s)
    readers = [found.spots[name] for name in ("style", "security", "speed", "docs")]
    assert len({spot.x for spot in readers}) == 1
    assert [spot.y for spot in readers] == sorted(spot.y for spot in readers)


def test_wires_touch_a_bar_at_heights_of_their_own_and_never_cross_there() -> None:
    found = laid_out(fork_of(6))
    ends = sorted((found.wires[f"b{n}", 0].points[-1][1], found.spots[f"b{n}"].y) for n in range(6))
    assert len({height for height, _ in ends}) == 6
    assert [source for _, source in ends] == sorted(source for _, source in ends)


def test_a_repeat_goes_around_everything_in_its_columns() -> None:
    found = laid_out(iterative_refinement())
    inner, outer = found.wires["inner", 0].points, found.wires["outer", 0].points
    lowest = max(cell(found.spots[name])[3] for name in ("facts", "tone", "inner", "both"))
    assert max(y for _, y in inner) >= max(cell(found.spots[name])[3] for name in ("tone", "inner"))
    assert max(y for _, y in outer) >= lowest
    assert max(y for _, y in outer) > max(y for _, y in inner)  # the inner loop has the inner lane


def test_a_canvas_position_is_the_upper_left_of_the_body() -> None:
    spot = laid_out(draft_and_review()).spots["write"]
    assert spot.corner == (spot.x - 100, spot.y - 32)


@everywhere
def test_positions_stand_on_half_the_grid(name: str) -> None:
    found = laid_out(PATTERNS[name])
    heights = [spot.y for spot in found.spots.values()]
    assert all((height - heights[0]) % 4 == 0 for height in heights)

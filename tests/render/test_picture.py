"""What of a document is seen, and what never is."""

from __future__ import annotations

from engine.render import Picture, PictureEdge, PictureNode
from tests.render.builders import (
    agent,
    coordinator,
    draft_and_review,
    fan_out_gather,
    generator_critic,
    graph,
    hierarchical,
    iterative_refinement,
    tool,
    unfinished,
    way,
)


def words_of(picture: Picture) -> dict[str, str]:
    return {f"{edge.source} {edge.target}": edge.words for edge in picture.edges}


def node_of(picture: Picture, node_id: str) -> PictureNode:
    return next(node for node in picture.nodes if node.id == node_id)


def test_the_sample_shows_names_questions_options_and_bounds() -> None:
    picture = draft_and_review()
    assert [(node.id, node.label, node.detail, node.mark) for node in picture.nodes] == [
        ("write", "Writer", "scripted:someone", ""),
        ("review", "review", "Publish this draft?", ""),
        ("again", "again", "", "≤ 5"),
        ("publish", "Publish", "file.write", ""),
    ]
    assert words_of(picture) == {
        "write review": "", "review publish": "approve", "review again": "revise", "again write": "",
    }  # fmt: skip


def test_conditions_stand_on_their_wires_and_the_last_says_else() -> None:
    assert words_of(generator_critic()) == {
        "write judge": "", "judge publish": "output.score >= 8", "judge again": "else",
        "again write": "state.score < 8", "again give_up": "",
    }  # fmt: skip


def test_ports_other_than_the_default_are_named() -> None:
    words = words_of(coordinator())
    assert words["desk billing"] == "transfer"
    assert words["desk ticket"] == "error"
    assert node_of(coordinator(), "desk").ports == ("transfer", "error")


def test_a_label_on_an_edge_replaces_port_and_condition() -> None:
    picture = graph(
        "g", {"a": tool("x", way("b", on="error", when="error.code == 'x'", label="sorry")), "b": tool("x")}
    )
    assert words_of(picture) == {"a b": "sorry"}


def test_port_and_condition_stand_together() -> None:
    picture = graph("g", {"a": tool("x", way("b", on="error", when="error.code == 'x'")), "b": tool("x")})
    assert words_of(picture) == {"a b": "error · error.code == 'x'"}


def test_joins_show_their_rule_unless_there_is_nothing_to_wait_for() -> None:
    assert node_of(fan_out_gather(), "gather").mark == "2 of 4"
    assert node_of(hierarchical(), "both").mark == "all"
    assert node_of(iterative_refinement(), "head").mark == ""


def test_sub_flows_waits_and_lists_say_what_they_hold() -> None:
    details = {node.id: node.detail for node in hierarchical().nodes}
    assert details["research"] == "research-team"
    assert details["build"] == "2 nodes inside"
    assert details["cool"] == "30 s"
    listed = graph("g", {"a": agent("A", each="input.topics")})
    assert node_of(listed, "a").detail == "each of input.topics"


def test_an_agent_shows_its_models_and_how_many_it_can_call_upon() -> None:
    helper = {"model": "scripted:helper"}
    picture = graph("g", {"a": agent("A", agents={"b": helper, "c": helper}), "d": agent("D", agents={"e": helper})})
    details = [node.detail for node in picture.nodes]
    assert details == ["2 sub-agents · scripted:someone", "1 sub-agent · scripted:someone"]


def test_waits_for_signals_and_moments_say_so() -> None:
    picture = graph(
        "g",
        {
            "a": {"kind": "wait", "signal": "paid", "to": [way("b")]},
            "b": {"kind": "wait", "until": "{input.when}", "to": [way("c")]},
            "c": {"kind": "wait", "seconds": "{input.n}"},
        },
    )
    assert [node.detail for node in picture.nodes] == ["for signal paid", "until {input.when}", "{input.n} s"]


def test_a_target_that_does_not_exist_is_shown_as_such() -> None:
    missing = node_of(unfinished(), "nowhere")
    assert (missing.kind, missing.detail) == ("missing", "no such node")


def test_arguments_settings_and_instructions_are_not_in_the_picture() -> None:
    canary = "sk-canary-8c1f"
    picture = graph(
        "g",
        {
            "a": agent("A", way("b"), instructions=canary, settings={"reasoning": canary}),
            "b": tool("http.get", args={"header": canary, "key": {"$secret": "CANARY"}}, save={"x": canary}),
        },
        state={"x": {}},
    )
    assert canary not in repr(picture)
    assert "CANARY" not in repr(picture)


def test_edges_keep_their_places_in_their_node() -> None:
    places = [(edge.source, edge.index, edge.target) for edge in unfinished().edges]
    assert places[1:4] == [("b", 0, "a"), ("b", 1, "nowhere"), ("b", 2, "c")]
    assert PictureEdge("c", 0, "c", "repeat", "", "repeat") in unfinished().edges

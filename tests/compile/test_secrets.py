"""What looks like a secret, and what only seems to. Nothing here is written so that this file looks like one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compile.cases import agent, graph, one, tool
from tests.compile.worlds import findings

LONG = "a1B2c3D4e5F6g7H8i9J0"
SECRETS = {
    "an API key": "sk" + "-" + LONG * 2,
    "an AWS access key": "AKIA" + "ABCDEFGH12345678",
    "a GitHub token": "gh" + "p_" + LONG * 2,
    "a GitLab token": "glpat" + "-" + LONG,
    "a Slack token": "xox" + "b-" + LONG,
    "a Google API key": "AI" + "za" + (LONG * 2)[:35],
    "a Hugging Face token": "h" + "f_" + LONG * 2,
    "a signed token": ".".join(["ey" + "J" + LONG, "ey" + "J" + LONG, LONG]),
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a password in a link": "https" + "://ann:hunter2@example.test/x",
    "a bearer token": "Bearer " + LONG * 2,
}


def told(document: dict[str, Any]) -> list[str]:
    return [found.message for found in findings(document) if found.code == "secret.literal"]


@pytest.mark.parametrize(("what", "secret"), SECRETS.items(), ids=SECRETS)
def test_well_known_forms_are_seen_anywhere_and_never_repeated(what: str, secret: str) -> None:
    for document in (one(**tool(args={"x": [secret]})), one(**agent(prompt=f"Use {secret} for it.")),
                     graph({"a": tool()}, title=f"x {secret}")):  # fmt: skip
        assert told(document) == [f"this looks like {what}; a graph is shared and must not hold one"]
        assert secret not in str(findings(document)[0].as_json())


@pytest.mark.parametrize("name", ["api_key", "apiKey", "token", "client-secret", "PASSWORD", "Authorization", "key"])
def test_random_texts_under_a_telling_name_are_seen(name: str) -> None:
    assert len(told(one(**tool(args={name: LONG})))) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("token", "{input.token}"),
        ("token", "short"),
        ("key", "the-key-of-all-mythologies-and-more"),
        ("key", "2026-01-31T12:00:00.000Z-2026"),
        ("password", "please enter your password here, at least 20 characters"),
        ("cache_key", "user-articles-by-topic"),
        ("name", LONG * 3),
        ("text", "see https://example.test/a/b/c?x=1#y for more about sk-learn and task-runners-of-all-kinds"),
        ("sha", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ],
)
def test_words_links_references_and_hashes_are_no_secrets(name: str, text: str) -> None:
    assert told(one(**tool(args={name: text}))) == []


def test_a_named_secret_is_the_way() -> None:
    assert told(one(**tool(args={"api_key": {"$secret": "A1B2C3D4E5F6G7H8I9J0K"}}))) == []


def test_the_fix_names_the_secret_after_its_field() -> None:
    (found,) = [f for f in findings(one(**tool(args={"headers": {"apiKey": LONG}}))) if f.fix is not None]
    assert found.fix is not None
    assert found.fix.patch[0]["value"] == {"$secret": "API_KEY"}


def test_where_no_secret_may_stand_or_more_than_one_stands_there_is_no_fix() -> None:
    key = SECRETS["an API key"]
    for document in (one(**agent(prompt=key)), one(**tool(args={"x": f"{key} {key}"}))):
        assert [f.fix for f in findings(document)] == [None]

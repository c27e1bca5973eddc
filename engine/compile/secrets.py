"""Findings about literals that look like secrets.

Rule (SECURITY.md 21): a graph holds ``{"$secret": NAME}`` only. Told are the well-known forms of keys wherever they
stand, and long random-looking texts under a name that says key, token, secret or password; nothing is told of texts
with references, of words and of links, so that a finding means something. The finding never repeats the secret.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from pydantic import JsonValue

from engine.compile.catalogue import finding
from engine.compile.fixes import replace
from engine.compile.uses import Parts
from engine.model.findings import Finding, Fix, pointer
from engine.model.graph import Graph
from engine.model.nodes import Node

_FORMS: tuple[tuple[str, str], ...] = (
    ("a private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    ("an API key", r"\b(?:sk|rk|pk)[-_](?:live[-_]|proj-|ant-|or-)?[A-Za-z0-9_-]*[A-Za-z0-9]{20,}\b"),
    ("an AWS access key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})\b"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}\b"),
    ("a signed token", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
    ("a password in a link", r"\b[a-z][a-z0-9+.-]*://[^\s/:@{}]+:[^\s/:@{}]{3,}@"),
    ("a bearer token", r"\b[Bb]earer [A-Za-z0-9._~+/-]{24,}=*"),
)
_SHORTEST = 12
_ANY = re.compile("|".join(f"({form})" for _, form in _FORMS))
_NAMED = re.compile(r"(?:^|[_\-.])(?:api_?key|key|token|secret|password|passwd|pwd|credentials?|authorization)$", re.I)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_RANDOM = re.compile(r"[A-Za-z0-9+/_=.~-]{20,200}")
_LEAST_BITS = 3.5
"""Bits of entropy per character: English words have about 3, random hexadecimal digits nearly 4, base 64 above 4."""


_MARKS = (
    "PRIVATE KEY", "sk-", "sk_", "rk-", "rk_", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_",
    "glpat-", "xox", "AIza", "hf_", "eyJ", "://", "earer ",
)  # fmt: skip
_QUOTED = re.compile(rf'":"{_RANDOM.pattern}"')


def secret_findings(graph: Graph) -> Iterator[Finding]:
    """Every text of a document that looks like a secret. O(size); about 3 µs per node where nothing looks so."""
    around = graph.model_dump_json(by_alias=True, exclude_unset=True, exclude={"nodes"})
    if _is_plain(around) and all(memo.get(_is_plain_node) for memo in graph.memos.values()):
        return
    document = graph.model_dump(by_alias=True, exclude_unset=True)
    for place, value in _texts(document):
        what = _likely(place, value)
        if what is not None:
            node = str(place[1]) if place[0] == "nodes" and len(place) > 1 else None
            message = f"this looks like {what}; a graph is shared and must not hold one"
            hint = 'name it in weft.toml under [secrets] and write {"$secret": NAME}'
            yield finding("secret.literal", message, pointer(*place), node, hint, _fix(place, value))


def _is_plain_node(node: Node) -> bool:
    return _is_plain(node.model_dump_json(by_alias=True, exclude_unset=True))


def _is_plain(text: str) -> bool:
    """Whether nothing in a JSON text can look like a secret; the common case, without looking closely."""
    return not _QUOTED.search(text) and not any(mark in text for mark in _MARKS)


def _texts(document: JsonValue) -> Iterator[tuple[Parts, str]]:
    """Texts that are long enough, in file order."""
    stack: list[tuple[Parts, JsonValue]] = [((), document)]
    while stack:
        place, value = stack.pop()
        if type(value) is str:
            if len(value) >= _SHORTEST:
                yield place, value
        elif type(value) is dict:
            stack += [((*place, key), item) for key, item in reversed(value.items())]
        elif type(value) is list:
            stack += [((*place, index), item) for index, item in reversed(list(enumerate(value)))]


def _likely(place: Parts, value: str) -> str | None:
    """What the text looks like, or None."""
    found = _ANY.search(value)
    if found is not None and found.lastindex is not None:
        return _FORMS[found.lastindex - 1][0]
    key = str(place[-1])
    if not _NAMED.search(_CAMEL.sub("_", key)) or key in {"output_key", "$secret"}:
        return None
    return "a secret" if _RANDOM.fullmatch(value) and _is_random(value) else None


def _is_random(text: str) -> bool:
    """Whether letters and digits are mixed as in a random text, rather than as in words, names and dates."""
    kinds = (any(c.isdigit() for c in text), any(c.isalpha() for c in text))
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
    changes = sum(one.isdigit() != other.isdigit() for one, other in pairwise(text))
    return all(kinds) and bits >= _LEAST_BITS and changes >= 4


def _fix(place: Parts, value: str) -> Fix | None:
    """Name the secret instead, where a secret may stand and the text is nothing else."""
    *path, key = place
    in_args = path[:1] == ["nodes"] and path[2:3] in (["args"], ["settings"])
    found = _ANY.fullmatch(value) or _RANDOM.fullmatch(value)
    if not in_args or found is None:
        return None
    name = re.sub(r"[^A-Z0-9]+", "_", _CAMEL.sub("_", str(key)).upper()).strip("_") or "SECRET"
    return Fix(f"Use the secret {name}", (replace({"$secret": name}, *place),))

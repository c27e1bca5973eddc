"""Findings about names in templates and expressions, and about expressions themselves.

Rule: a name is wrong if nothing can ever be there: by the words of GRAPH.md §2, the schemas of the document, and the
ways of the graph. What may be there and may not is no finding; that is what ``?`` and ``has`` are for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.compile.catalogue import finding
from engine.compile.fixes import replace
from engine.compile.uses import Spot, Use, Uses
from engine.model.cel_words import ExpressionProblem
from engine.model.findings import Finding, Fix, pointer
from engine.model.graph import Graph
from engine.model.names import ROOTS, nearest
from engine.model.nodes import JoinNode
from engine.model.values import ABSENT

_WORD = re.compile(r"[^\W\d]\w*|\d+")
_EXPLAINED = {
    "item": "`item` is known under `each` only, in the node's own fields",
    "index": "`index` is known under `each` only, in the node's own fields",
    "iteration": "`iteration` is known inside a loop only",
    "output": "`output` is known in `save`, `when` and `while` only",
    "error": "`error` is known on edges of the error port only",
}
_SORTS = {"limit": "expression.limit", "syntax": "expression.syntax", "type": "expression.type"}


def name_findings(graph: Graph, uses: Uses) -> Iterator[Finding]:
    """Names of templates and expressions that lead to nothing, whatever the graph does; expressions with errors."""
    for use in uses.names:
        if use.in_template and _is_absent(graph, use):
            yield _missing(graph, use)
    for formula in uses.formulas:
        starts = {use.start: use for use in formula.uses}
        for problem in formula.expression.check(formula.expects):
            if problem.sort == "unknown":
                yield _missing(graph, starts[problem.column - 1])
            else:
                yield _wrong(formula.spot, problem)


def _is_absent(graph: Graph, use: Use) -> bool:
    """Whether nothing can be there; the common cases without a walk over schemas."""
    match use.path:
        case ("state", str(key)):
            return key not in graph.state
        case ("nodes", str(node), "output") if node in graph.nodes:
            return False
        case _:
            return use.spot.types.at(use.path) is ABSENT


def _missing(graph: Graph, use: Use) -> Finding:
    length = next(n for n in range(1, len(use.path) + 1) if use.spot.types.at(use.path[:n]) is ABSENT)
    known = use.spot.types.names_at(use.path[: length - 1])
    wrong = str(use.path[length - 1])
    code, message = _told(graph, use, length)
    candidates = [*known, *graph.state] if use.is_short and length == 2 else known
    meant = nearest(wrong, candidates)
    if wrong in ROOTS and length == 1:
        return finding(code, message, pointer(*use.spot.place), use.spot.node)
    hint = f"did you mean `{meant}`?" if meant else f"there are {', '.join(known[:10])}" if known else None
    if use.is_short:
        hint = f"{hint or 'add the key to `state`'}; to write braces as text, double them"
    fix = _respelt(use, length, meant) if meant else None
    return finding(code, message, pointer(*use.spot.place), use.spot.node, hint, fix)


def _told(graph: Graph, use: Use, length: int) -> tuple[str, str]:
    """Code and sentence of a name whose part number ``length`` is nowhere."""
    wrong = str(use.path[length - 1])
    where = ".".join(map(str, use.path[: length - 1]))
    if length == 1:
        if wrong in ROOTS:
            return "reference.scope", _EXPLAINED.get(wrong, f"`{wrong}` is not known here")
        return "reference.unknown", f"there is no name `{wrong}`"
    if use.is_short and length == 2:
        return "reference.unknown", f"{use.text} is neither a key of the state nor another name"
    if use.path[0] == "state" and length == 2:
        return "reference.state", f"the state has no key `{wrong}`"
    if use.path[0] == "nodes" and length == 2:
        return "reference.node", f"there is no node `{wrong}`"
    node = graph.nodes.get(str(use.path[1])) if use.path[0] == "nodes" and length > 2 else None
    if isinstance(node, JoinNode) and use.path[2] == "output" and length == 4:
        return "reference.join_key", f"`{wrong}` does not lead to the join `{use.path[1]}`, so it has no such output"
    return "reference.absent", f"there is no `{wrong}` in `{where}`"


def _respelt(use: Use, length: int, meant: str) -> Fix:
    """The text with the wrong part of the name replaced."""
    words = list(_WORD.finditer(use.text))
    word = words[length - 2 if use.is_short else length - 1]
    start = use.start + word.start()
    text = use.source[:start] + meant + use.source[start + len(word[0]) :]
    return Fix(f"Write {meant}", (replace(text, *use.spot.place),))


def _wrong(spot: Spot, problem: ExpressionProblem) -> Finding:
    at = f"column {problem.column}: " if problem.column > 1 else ""
    return finding(_SORTS[problem.sort], f"{at}{problem.message}", pointer(*spot.place), spot.node, problem.hint)

"""Findings about names in templates and expressions, and about expressions themselves.

Rule: a name is wrong if nothing can ever be there: by the words of GRAPH.md §2, the schemas of the document, and the
ways of the graph. What may be there and may not is no finding; that is what ``?`` and ``has`` are for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from engine.compile.catalogue import finding
from engine.compile.fixes import replace
from engine.compile.uses import Parts, Spot, Use, Uses
from engine.model.cel_words import ExpressionProblem
from engine.model.findings import Finding, Fix, pointer
from engine.model.graph import Graph
from engine.model.names import ROOTS, nearest
from engine.model.nodes import JoinNode
from engine.model.paths import Path
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


MOST_UNITS = 16_000_000
"""So much is spent on what the wrong names of a document may have meant (about a second); then they are only told."""
_UNITS_OF_NAME = 16
MOST_TOLD = 5_000
"""So many wrong names of a document are told; the others show when these are mended."""


class Missing:
    """A name that leads to nothing; what was meant by it is looked for once, since that takes long among many names."""

    __slots__ = ("_close", "use")

    def __init__(self, use: Use) -> None:
        self.use = use
        self._close: Finding | None = None

    def units(self, graph: Graph) -> int:
        """What a close look costs: every name there is, and a copy of the text for its fix."""
        return _UNITS_OF_NAME * (len(graph.nodes) + len(graph.state)) + len(self.use.source)

    def closely(self, graph: Graph) -> Finding:
        """What is wrong, with what was meant."""
        if self._close is None:
            self._close = _missing(graph, self.use)
        return self._close

    def plainly(self, graph: Graph) -> Finding:
        """What is wrong."""
        use = self.use
        code, message = _told(graph, use, _first_missing(use))
        return finding(code, message, pointer(*use.spot.place), use.spot.node)


def name_problems(graph: Graph, uses: Uses) -> tuple[Missing | Finding, ...]:
    """Names of templates and expressions that lead to nothing, whatever the graph does; expressions with errors."""
    return (*_missing_in_templates(graph, uses), *_in_formulas(uses))


def _missing_in_templates(graph: Graph, uses: Uses) -> Iterable[Missing]:
    """Of the same name in the same text the last one stands for all."""
    found: dict[tuple[Parts, str], Missing] = {}
    present: set[tuple[Parts, Path]] = set()
    for use in uses.names:
        key = use.spot.place, use.path
        if not use.in_template or key in present:
            continue
        if _is_absent(graph, use):
            found[use.spot.place, use.text] = Missing(use)
        else:
            present.add(key)
    return found.values()


def _in_formulas(uses: Uses) -> Iterator[Missing | Finding]:
    for formula in uses.formulas:
        starts = {use.start: use for use in formula.uses}
        for problem in formula.expression.check(formula.expects):
            if problem.sort == "unknown":
                yield Missing(starts[problem.column - 1])
            else:
                yield _wrong(formula.spot, problem)


def name_findings(graph: Graph, problems: Iterable[Missing | Finding]) -> Iterator[Finding]:
    """The problems of a whole document as findings: each with a hint and a fix as long as that does not take long."""
    left = MOST_UNITS
    for problem in islice(problems, MOST_TOLD):
        if isinstance(problem, Finding):
            yield problem
            continue
        left -= problem.units(graph)
        yield problem.closely(graph) if left > 0 else problem.plainly(graph)


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
    length = _first_missing(use)
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


def _first_missing(use: Use) -> int:
    """How many of the parts of its path lead to nothing first."""
    return next(n for n in range(1, len(use.path) + 1) if use.spot.types.at(use.path[:n]) is ABSENT)


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

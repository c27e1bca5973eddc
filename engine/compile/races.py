"""Findings about values that depend on timing, and about what is read before anything can have written it.

Rule: two nodes of which neither surely comes before the other are asked about, no others (see ``together``). An
``end`` cancels what runs beside it and its own writes are the last, so it races with nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.compile.analysis import Analysis, works
from engine.compile.catalogue import finding
from engine.compile.together import Together
from engine.compile.uses import Parts, Use
from engine.model.findings import Finding, pointer
from engine.model.nodes import EndNode, Node
from engine.model.state import initial_value
from engine.model.values import ABSENT


@dataclass(slots=True)
class Flow:
    """Who reads and writes what, by node numbers.

    Attributes:
        writers: state key to the nodes that write it, and the field, in walking order.
        readers: state key to the uses of it, by node.
        reads: fields that use other nodes' values, each once: reader, the other, the field's place.
    """

    writers: dict[str, dict[int, Parts]] = field(default_factory=dict[str, dict[int, Parts]])
    readers: dict[str, dict[int, Use]] = field(default_factory=dict[str, dict[int, Use]])
    reads: dict[tuple[int, int, Parts], None] = field(default_factory=dict[tuple[int, int, Parts], None])

    def asked(self) -> Iterator[int]:
        """The nodes of which it matters what they can run beside."""
        for key, writers in self.writers.items():
            readers = self.readers.get(key, {})
            if len(writers.keys() | readers.keys()) > 1:
                yield from writers
                yield from readers
        for reader, other, _ in self.reads:
            yield from (reader, other)


def flow_of(analysis: Analysis, uses: Iterable[Use]) -> Flow:
    """Who reads and writes what. O(uses + writes)."""
    flow = Flow()
    number_of = analysis.shape.number_of
    for number, node in enumerate(analysis.shape.nodes):
        for key in node.save or ():
            flow.writers.setdefault(key, {}).setdefault(number, ("save", key))
        if node.output_key is not None:
            flow.writers.setdefault(node.output_key, {}).setdefault(number, ("output_key",))
    for use in uses:
        reader = number_of.get(use.spot.node) if use.spot.node is not None else None
        if reader is None or len(use.path) < 2:
            continue
        if use.path[0] == "state":
            flow.readers.setdefault(str(use.path[1]), {}).setdefault(reader, use)
        elif use.path[0] == "nodes" and use.path[1] in number_of:
            flow.reads[reader, number_of[str(use.path[1])], use.spot.place] = None
    return flow


def race_findings(analysis: Analysis, together: Together, flow: Flow) -> Iterator[Finding]:
    """Every finding about values and time."""
    for key, declared in analysis.graph.state.items():
        writers = flow.writers.get(key, {})
        if declared.merge in {"replace", "merge"} and len(writers) > 1:
            yield from _write_races(analysis, together, key, writers)
        if writers and len(writers.keys() | flow.readers.get(key, {}).keys()) > 1:
            yield from _read_races(analysis, together, key, flow)
    for reader, other, parts in flow.reads:
        yield from _read(analysis, together, reader, other, parts)
    yield from _unwritten(analysis, together, flow)


# --- two writers ---


def _write_races(analysis: Analysis, together: Together, key: str, writers: dict[int, Parts]) -> Iterator[Finding]:
    shape = analysis.shape
    racing = {number: field for number, field in writers.items() if not isinstance(shape.nodes[number], EndNode)}
    everybody = together.mask(racing)
    replaces = analysis.graph.state[key].merge == "replace"
    names = {} if replaces else {number: _names_of(shape.nodes[number], key) for number in racing}
    of_name = _by_name(together, names)
    for number in sorted(racing):
        written = names.get(number)
        others = everybody
        if written is not None:
            others = of_name.get(None, 0)
            for each in written:
                others |= of_name[each]
        other = together.first_beside(number, others)
        if other is None:
            continue
        name, rival = shape.ids[number], shape.ids[other]
        place = pointer("nodes", name, *racing[number])
        if replaces:
            message = f"`{rival}` and `{name}` can run at the same time and both replace `{key}`: the last one wins"
            hint = 'give each a key of its own, or the key a `merge` such as "append"'
            yield finding("state.race", message, place, name, hint)
        else:
            message = f"`{rival}` and `{name}` can run at the same time and both merge into `{key}`: "
            message += "of a name that both write the last one stays"
            yield finding("state.merge", message, place, name, "let them write different names")


def _names_of(node: Node, key: str) -> frozenset[str] | None:
    """The names that a node merges into an object of the state; None: any, for the document does not say."""
    match (node.save or {}).get(key):
        case dict() as value if node.output_key != key and not value.keys() & {"$cel", "$secret", "$file"}:
            return frozenset(value)
        case _:
            return None


def _by_name(together: Together, names: Mapping[int, frozenset[str] | None]) -> dict[str | None, int]:
    """Name -> the nodes that write it, as bits; None -> those that may write any. O(names)."""
    found: dict[str | None, int] = {}
    for number, written in names.items():
        for name in (None,) if written is None else written:
            found[name] = found.get(name, 0) | together.mask((number,))
    return found


# --- a reader beside a writer ---


def _read_races(analysis: Analysis, together: Together, key: str, flow: Flow) -> Iterator[Finding]:
    shape = analysis.shape
    writers, readers = flow.writers[key], flow.readers.get(key, {})
    racing = [number for number in writers if not isinstance(shape.nodes[number], EndNode)]
    writing = together.mask(racing)
    found: dict[int, int] = {}
    for reader in readers:
        other = together.first_beside(reader, writing)
        if other is not None:
            found[reader] = other
    left = together.mask(readers.keys() - found.keys())
    for writer in sorted(racing):
        for reader in together.beside(writer, left, most=len(readers)):
            found[reader] = writer
            left &= ~together.mask((reader,))
    for reader, writer in found.items():
        use = readers[reader]
        message = f"`{shape.ids[reader]}` reads the state's `{key}` while `{shape.ids[writer]}` may write it"
        hint = "join the branches first"
        yield finding("read.race", message, pointer(*use.spot.place), use.spot.node, hint)


def _read(analysis: Analysis, together: Together, reader: int, other: int, parts: Parts) -> Iterator[Finding]:
    """A value of another node: whether that can have run, and surely has."""
    shape = analysis.shape
    name, there = shape.ids[reader], shape.ids[other]
    if reader == other:
        if not analysis.loops.around[reader]:
            message = f"`{name}` reads its own value of an earlier time, but it runs only once"
            place = pointer(*parts)
            yield finding("reference.never", message, place, name, "its own output is `output` in `save` and `when`")
    elif together.is_beside(reader, other):
        message = f"`{name}` reads the value of `{there}`, which may run at the same time"
        yield finding("read.race", message, pointer(*parts), name, "join the branches first")
    elif not together.can_precede(other, reader):
        message = f"`{name}` reads the value of `{there}`, which cannot have run before it"
        yield finding("reference.never", message, pointer(*parts), name, f"read it in a node after `{there}`")


# --- a reader before all writers ---


def _unwritten(analysis: Analysis, together: Together, flow: Flow) -> Iterator[Finding]:
    """Keys without a first value that are read where nothing can have been written yet.

    A tool may write any key while it runs, so that only what runs before all tools, agents and subgraphs is told.
    """
    for key, readers in flow.readers.items():
        declared = analysis.graph.state.get(key)
        if declared is None or initial_value(declared) is not ABSENT:
            continue
        writers = flow.writers.get(key, {})
        for reader, use in readers.items():
            if use.is_optional or reader not in analysis.early or _sees_own_writes(analysis, use, reader in writers):
                continue
            if not any(_may_precede(together, writer, reader) for writer in writers if writer != reader):
                name = analysis.shape.ids[reader]
                message = f"`{name}` reads the state's `{key}`, which nothing can have written before"
                hint = f"give `{key}` a `default`, or write {{{key}?}} if it may be absent"
                yield finding("reference.unwritten", message, pointer(*use.spot.place), name, hint)


def _may_precede(together: Together, writer: int, reader: int) -> bool:
    return together.can_precede(writer, reader) or together.is_beside(writer, reader)


def _sees_own_writes(analysis: Analysis, use: Use, writes: bool) -> bool:
    """Whether the node itself may have written before this field is read (a tool may write any key)."""
    if use.spot.moment not in {"end", "edge"}:
        return False
    return (writes and use.spot.moment == "edge") or works(analysis.graph.nodes[str(use.spot.node)])

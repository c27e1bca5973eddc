"""One heavy job in a process of its own: a layout by Graphviz, a PNG by resvg, or a PDF by fpdf2.

Rule: this file is started as a program and imports nothing of weft, so that it starts fast; each of the libraries is
loaded only for its own job. One JSON job on stdin, the answer on stdout. Graphviz is not thread-safe, aborts the whole
process when it trips, and it and resvg hold the interpreter's lock as long as they work: hence a process, with limits
on memory and processor time, which the other side (``workers.py``) kills at its deadline.

Graphviz sees numbers only: no id, no word and no attribute of a graph reaches it.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

Job = dict[str, Any]

_LEAST_GAP_PT = 1
"""``dot`` keeps at least so much between things, however small ``nodesep`` is; rooms are made smaller by it."""
_QUICK = "nslimit=0.2;nslimit1=0.2;mclimit=0.1;searchsize=5;"


def limit(memory_bytes: int, processor_s: int) -> None:
    """Bound what this process may take; on Windows the deadline alone holds."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 (not there on Windows)

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (processor_s, processor_s))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def place(job: Job) -> bytes:
    """Heights at which Graphviz's ``dot`` puts things, as a JSON list in px, downwards.

    The job: ``items``, for each the height of its room; ``order``, their numbers as they are told; ``links``, for each
    [tail, head, px below the tail's middle at which it leaves, weight]; ``quick``, whether a worse picture will do.
    """
    import pygraphviz  # noqa: PLC0415 (one job, one library)  # pyright: ignore[reportMissingTypeStubs]

    graph: Any = pygraphviz.AGraph(string=dot_source(job))
    drawn = graph.draw(format="json0", prog="dot")
    found = {thing["name"]: -float(thing["pos"].split(",")[1]) for thing in json.loads(drawn)["objects"]}
    return json.dumps([found[f"n{number}"] for number in range(len(job["items"]))]).encode()


def dot_source(job: Job) -> str:
    """The job as DOT: boxes named n0, n1, … of fixed size, those with several ways out as tables with a cell each."""
    exits: dict[int, set[float]] = {}
    for tail, _, below, _ in job["links"]:
        if below:
            exits.setdefault(tail, {0}).add(below)
    lines = [
        'digraph{rankdir=LR;splines="";nodesep=0.02;ranksep=0.5;',
        _QUICK if job["quick"] else "",
        'node[shape=box,fixedsize=true,label="",width=0.2];',
    ]
    for number in job["order"]:
        height = job["items"][number] - _LEAST_GAP_PT
        if number in exits:
            table = _table(height, sorted(exits[number]))
            lines.append(f"n{number}[shape=none,fixedsize=false,margin=0,label={table}];")
        else:
            lines.append(f"n{number}[height={height / 72:.4f}];")
    for tail, head, below, weight in job["links"]:
        port = f":{_port(below)}:e" if tail in exits else ""
        lines.append(f"n{tail}{port}->n{head}[weight={weight}];")
    return "\n".join([*lines, "}"])


def _table(height: float, exits: list[float]) -> str:
    """A table as high as the room, with a cell of 4 px around each exit."""
    rows, reached = list[str](), -height / 2
    for below in exits:
        rows += [_row(below - 2 - reached), _row(4, _port(below))]
        reached = below + 2
    rows.append(_row(height / 2 - reached))
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{"".join(rows)}</TABLE>>'


def _row(height: float, port: str = "") -> str:
    name = f' PORT="{port}"' if port else ""
    return f'<TR><TD{name} FIXEDSIZE="TRUE" WIDTH="14" HEIGHT="{max(height, 0):.0f}"></TD></TR>'


def _port(below: float) -> str:
    return f"p{below:.0f}".replace("-", "m")


def png(job: Job) -> bytes:
    """The bytes of a PNG of ``svg``, ``width`` px wide and as high as that makes it, with ``fonts`` (paths)."""
    import resvg_py  # noqa: PLC0415 (one job, one library)

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=job["svg"],
            skip_system_fonts=True,
            font_files=job["fonts"],
            width=job["width"],
        )
    )


def pdf(job: Job) -> bytes:
    """The bytes of a PDF of one page: drawing steps ``steps`` at ``scale``, with the fonts of ``fonts`` embedded.

    A step is ["path", commands, fill, stroke, width, dash, opacity] or ["text", x, y, words, size, weight, colour,
    anchor, opacity]; colours are #rrggbb or null.
    """
    import fpdf  # noqa: PLC0415 (one job, one library)

    scale: float = job["scale"]
    page = fpdf.FPDF(unit="pt", format=(job["width"] * scale, job["height"] * scale))
    page.set_auto_page_break(False)
    page.set_title(job["title"])
    page.set_creator("weft")
    for weight, path in job["fonts"].items():
        page.add_font("Pretendard", "B" if weight == "600" else "", path)
    page.add_page()
    for step in job["steps"]:
        if step[0] == "path":
            _draw_path(page, step, scale)
        else:
            _draw_text(page, step, scale)
    target = io.BytesIO()
    page.output(target)
    return target.getvalue()


def _draw_path(page: Any, step: list[Any], scale: float) -> None:
    from fpdf.drawing import PaintedPath  # noqa: PLC0415 (one job, one library)

    _, commands, fill, stroke, width, dash, opacity = step
    path = PaintedPath()
    for letter, values in commands:
        points = [value * scale for value in values]
        match letter:
            case "M":
                path.move_to(*points)
            case "L":
                path.line_to(*points)
            case "C":
                path.curve_to(*points)
            case _:
                path.close()
    style = path.style
    style.auto_close = False
    style.fill_color, style.stroke_color = fill, stroke
    style.fill_opacity = style.stroke_opacity = opacity
    style.stroke_width = width * scale
    style.stroke_cap_style = style.stroke_join_style = "round"
    style.stroke_dash_pattern = [length * scale for length in dash] or None
    with page.drawing_context() as canvas:
        canvas.add_item(path)


def _draw_text(page: Any, step: list[Any], scale: float) -> None:
    _, x, y, words, size, weight, colour, anchor, opacity = step
    page.set_font("Pretendard", "B" if weight == 600 else "", size * scale)
    page.set_text_color(*(int(colour[place : place + 2], 16) for place in (1, 3, 5)))
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * page.get_string_width(words)
    with page.local_context(fill_opacity=opacity):
        page.text(x * scale - shift, y * scale, words)


JOBS: dict[str, Callable[[Job], bytes]] = {"place": place, "png": png, "pdf": pdf}


def main() -> None:
    """Do the one job that stands on stdin."""
    job: Job = json.load(sys.stdin.buffer)
    limit(job["memory_bytes"], job["processor_s"])
    sys.stdout.buffer.write(JOBS[job["do"]](job))


if __name__ == "__main__":
    main()

"""Pictures cost nothing until one is drawn."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pygraphviz", "resvg_py", "fpdf", "fontTools", "PIL", "networkx", "cel_expr_python")


def test_importing_render_loads_no_drawing_library() -> None:
    code = f"import sys, engine.render; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

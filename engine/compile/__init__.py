"""From a document to findings and a plan. ``check.check`` and ``compile.compile_graph`` are the two doors."""

"""Graphs of these tests' own, for what the sample graphs do not show."""

from __future__ import annotations

from typing import Any

TEAM: dict[str, Any] = {
    "format": "weft/1",
    "name": "team",
    "title": "Team with a sub-flow",
    "description": "Chapters are written side by side, then a sub-flow polishes them until a person is content.",
    "input": {
        "type": "object",
        "properties": {
            "chapters": {
                "type": "array", "title": "Chapters", "items": {"type": "string"},
                "default": ["source", "delta", "sea"],
            },
            "style": {
                "type": "object",
                "title": "Style",
                "properties": {
                    "tone": {"type": "string", "enum": ["plain", "warm"], "default": "plain"},
                    "words": {"type": "integer", "minimum": 10, "maximum": 500, "default": 80},
                },
                "required": ["tone"],
            },
            "hurry": {"type": "boolean", "title": "In a hurry"},
        },
        "required": ["chapters"],
    },
    "state": {"log": {"schema": {"type": "array"}, "merge": "append"}, "text": {"schema": {"type": "string"}}},
    "output": {"text": "{state.text?}"},
    "nodes": {
        "write": {
            "kind": "agent", "label": "Write chapters", "model": "scripted:writer",
            "instructions": "Write about {item}.", "each": "input.chapters",
            "save": {"log": "{output[0]}"}, "to": [{"node": "polish"}],
        },
        "polish": {
            "kind": "subgraph",
            "label": "Polish",
            "inline": {
                "format": "weft/1",
                "name": "polish",
                "state": {"text": {"schema": {"type": "string"}}},
                "output": {"text": "{state.text}"},
                "nodes": {
                    "edit": {
                        "kind": "tool", "label": "Edit", "tool": "json.dump", "args": {"value": "{input.text}"},
                        "output_key": "text", "to": [{"node": "ok"}],
                    },
                    "ok": {
                        "kind": "human-gate",
                        "label": "Good enough?",
                        "prompt": "Is this good?\n\n{state.text}",
                        "options": [
                            "yes",
                            {
                                "name": "no",
                                "label": "Not yet",
                                "form": {
                                    "type": "object",
                                    "properties": {
                                        "reason": {"type": "string", "title": "What is missing?", "minLength": 3}
                                    },
                                    "required": ["reason"],
                                },
                            },
                        ],
                        "to": [{"on": "yes", "node": "out"}, {"on": "no", "node": "again"}],
                    },
                    "again": {"kind": "loop-back", "label": "Again", "max_iterations": 3,
                              "to": [{"on": "repeat", "node": "edit"}]},
                    "out": {"kind": "end", "label": "Out"},
                },
            },
            "args": {"text": "{nodes.write.output}"},
            "to": [{"node": "keep"}],
        },
        "keep": {
            "kind": "tool", "label": "Keep", "tool": "value.set", "args": {"value": "{nodes.polish.output.text}"},
            "output_key": "text",
        },
    },
}  # fmt: skip
TEAM_ANSWERS: dict[str, Any] = {"writer": [{"steps": [{"text": "A chapter."}]}]}

APPROVAL: dict[str, Any] = {
    "format": "weft/1",
    "name": "approval",
    "title": "Publish with approval",
    "nodes": {
        "publish": {
            "kind": "agent", "label": "Publisher", "model": "scripted:publisher", "instructions": "Publish a note.",
            "tools": [{"tool": "file.write", "requires_confirmation": True}, "human.ask"], "to": [{"node": "done"}],
        },
        "done": {"kind": "end", "label": "Done"},
    },
}  # fmt: skip
APPROVAL_ANSWERS: dict[str, Any] = {
    "publisher": [
        {
            "steps": [
                {"tool": "human.ask", "args": {"question": "Which <b>tone</b>?", "options": ["plain", "warm"]}},
                {"tool": "file.write", "args": {"name": "note.md", "text": "Rivers are <i>roads</i> that move."}},
                {"text": "Published."},
            ]
        }
    ]
}

BROKEN: dict[str, Any] = {
    "format": "weft/1",
    "name": "broken",
    "title": "A run that fails",
    "nodes": {
        "ask": {
            "kind": "agent", "label": "Asker", "model": "scripted:asker", "instructions": "Say something.",
            "retry": {"attempts": 3, "initial_s": 0.1}, "to": [{"node": "parse"}],
        },
        "parse": {"kind": "tool", "label": "Parse", "tool": "json.parse", "args": {"text": "{nodes.ask.output}"}},
    },
}  # fmt: skip
BROKEN_ANSWERS: dict[str, Any] = {
    "asker": [
        {
            "when": {"attempt": 1},
            "steps": [{"error": {"class": "transient", "code": "model.busy", "message": "the model is busy"}}],
        },
        {"steps": [{"text": "This is not JSON."}]},
    ]
}

KEYED: dict[str, Any] = {
    "format": "weft/1",
    "name": "keyed",
    "title": "Needs a key",
    "nodes": {"ask": {"kind": "agent", "label": "Asker", "model": "openai:gpt-x", "instructions": "Say hello."}},
}

ASKS: dict[str, Any] = {
    "format": "weft/1",
    "name": "asks",
    "description": "Counts until a person is content.",
    "state": {"seen": {"schema": {"type": "array"}, "merge": "append"}},
    "output": {"seen": "{state.seen}"},
    "nodes": {
        "note": {"kind": "tool", "tool": "value.set", "args": {"value": 1}, "save": {"seen": "{output}"},
                 "to": [{"node": "ask"}]},
        "ask": {"kind": "human-gate", "prompt": "Enough?", "options": ["yes", "no"],
                "to": [{"on": "yes", "node": "end"}, {"on": "no", "node": "again"}]},
        "again": {"kind": "loop-back", "max_iterations": 3, "to": [{"on": "repeat", "node": "note"}]},
        "end": {"kind": "end"},
    },
}  # fmt: skip
CALLER: dict[str, Any] = {
    "format": "weft/1",
    "name": "caller",
    "nodes": {
        "lead": {
            "kind": "agent", "model": "scripted:lead", "instructions": "Go.",
            "tools": ["graph:asks", "json.length"],
        },
    },
}  # fmt: skip
"""An agent that calls a graph as a tool, in which a person is asked in a loop."""
CALLER_ANSWERS: dict[str, Any] = {
    "lead": [
        {
            "steps": [
                {"tools": [{"tool": "graph:asks", "args": {}}, {"tool": "json.length", "args": {"value": [1]}}]},
                {"text": "done"},
            ]
        }
    ]
}

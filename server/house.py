"""What every route works with: one record, made when the server starts.

Rule: no route has a state of its own; whatever outlives a request stands here or in the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from engine.app import Engine
from engine.model.memo import KnownNodes
from server.answers import AT_ONCE
from server.folder import Folder
from server.links import Links
from server.metrics import Metrics
from server.people import People
from server.pictures import Pictures
from server.sessions import Sessions
from server.settings import Settings
from server.versions import Versions


@dataclass(slots=True)
class House:
    """Everything that is shared by the requests of one server.

    Attributes:
        settings: what the operator said.
        engine: the one facade behind all of it.
        folder: the directory of graphs, as it is on disk.
        people: who may log in, by token.
        documents: bounds how many documents are worked on at the same time.
        known: nodes of documents that were read before: an edit brings all but a few of them again.
        closing: set when the server is about to stop; streams end then.
        ready: set once unfinished runs have been taken up.
    """

    settings: Settings
    engine: Engine
    folder: Folder
    versions: Versions
    people: People
    sessions: Sessions
    links: Links
    pictures: Pictures
    metrics: Metrics
    documents: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(AT_ONCE))
    known: KnownNodes = field(default_factory=KnownNodes)
    closing: anyio.Event = field(default_factory=anyio.Event)
    ready: anyio.Event = field(default_factory=anyio.Event)

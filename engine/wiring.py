"""What one engine puts together: tools, models, secrets, and who does the work of each kind.

Rule: the operator's configuration becomes objects here and nowhere else; graphs have no say in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.agents.models.scripted import Script, ScriptedModels
from engine.agents.registry import ToolRegistry
from engine.agents.secrets import Secret
from engine.agents.services import Services
from engine.config import Config
from engine.errors import InputError, ModelError
from engine.library import Library
from engine.messenger import Messenger, messengers_of
from engine.model.graph import Graph
from engine.model.nodes import Limits
from engine.nodes.registry import executors, waiters
from engine.runtime.clock import Clock
from engine.runtime.context import Executor, Waiter
from engine.tools.loading import built_in_tools, load_tools

FILES_DIRECTORY = Path("files")
"""Where ``file.*`` read and write when the operator names no directory."""


@dataclass(frozen=True, slots=True)
class ConfiguredSecrets:
    """The operator's secrets, read when they are used."""

    config: Config

    def secret(self, name: str) -> Secret | None:
        """The secret of that name, or None when the operator has named none.

        Raises:
            ConfigError: ``config.secret``; it is named and cannot be read.
        """
        source = self.config.secrets.get(name)
        if source is None:
            return None
        return Secret(source.read(name), None if source.hosts is None else frozenset(source.hosts))


@dataclass(slots=True)
class Wiring:
    """The parts of one engine.

    Attributes:
        services: what agents and tools share.
        executors, waiters: kind -> who does its work.
        own_ports: where weft itself listens on this machine; its tools never reach it there, whatever is listed.
    """

    config: Config
    services: Services
    executors: dict[str, Executor]
    waiters: dict[str, Waiter]
    own_ports: set[int]

    @classmethod
    def of(cls, config: Config, *, tools: Iterable[Any], clock: Clock) -> Wiring:
        """Put an engine's parts together.

        Raises:
            ConfigError: a tool cannot be loaded or used, or two have one name.
        """
        # The server may be another process, so its usual port is refused before anybody has said that it listens.
        own_ports = {config.serve.port}
        files = config.files or FILES_DIRECTORY
        registry = ToolRegistry(built_in_tools(files=files, http=config.http, clock=clock, own_ports=own_ports))
        for thing in (*tools, *load_tools(config.tools)):
            registry.add(thing)
        services = Services(tools=registry, secrets=ConfiguredSecrets(config))
        services.models.add("scripted", ScriptedModels(), is_free=True)
        return cls(config, services, executors(services), waiters(), own_ports)

    def knows_model(self, name: str) -> bool:
        """Whether some provider answers for this model name."""
        try:
            self.services.models.find(name)
        except ModelError:
            return False
        return True

    def check_model(self, name: str | None) -> None:
        """Refuse a model that is to be used instead of a graph's own and that nobody answers for.

        Raises:
            InputError: ``model.unknown``.
        """
        if name is not None and not self.knows_model(name):
            known = ", ".join(f"{provider}:…" for provider in self.services.models.providers)
            raise InputError(
                f"no provider answers for the model {name!r}",
                code="model.unknown",
                where="model",
                hint=f"known: {known}",
            )

    def scripts_for(
        self, graphs: Iterable[str], directory: Path | None, answers: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """The scripted answers of a run's graphs: name -> checked script as JSON.

        Args:
            graphs: the names of the graphs, the run's own first.
            directory: where ``NAME.scripted.json`` lies beside its graph, or None.
            answers: given for the run's own graph instead of its file.

        Raises:
            ConfigError: ``script.invalid``.
        """
        found: dict[str, Any] = {}
        for place, name in enumerate(graphs):
            if place == 0 and answers is not None:
                found[name] = dict(answers)
            elif directory is not None and (file := Library(directory).answers(name)) is not None:
                Script.load(file)
                found[name] = json.loads(file.read_text(encoding="utf-8"))
        for name, script in found.items():
            Script.from_json(script, where=f"scripted answers of {name}")
        return found

    def messengers(self, clock: Clock) -> list[Messenger]:
        """The ways on which the operator wants to be told when a person is asked."""
        notify = self.config.notify
        if notify is None:
            return []
        secrets = self.config.secrets
        return messengers_of(notify, lambda name: secrets[name].read(name), own_ports=self.own_ports, clock=clock)

    def limits_of(self, graph: Graph) -> Limits | None:
        """A run's limits: its graph's, tightened by the operator's."""
        return tightened(graph.limits, self.config.limits)


def tightened(own: Limits | None, outer: Limits | None) -> Limits | None:
    """The smaller of two bounds, field by field; an absent one does not bound."""
    return own or outer if own is None or outer is None else own.tightened(outer)


def text_and_hash(value: Any) -> tuple[str, str]:
    """A JSON value in one canonical text, and that text's SHA-256 in hex."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text, hashlib.sha256(text.encode()).hexdigest()

"""Model names and who answers for them.

Rule: a name is ``PROVIDER:MODEL``; providers are registered by the operator's program, never by a graph. An unknown
provider is an error when the model is first asked, with what to do about it.
"""

from __future__ import annotations

from engine.agents.models.base import ModelRunner
from engine.agents.models.python import Answering, PythonModels
from engine.errors import ModelError
from engine.model.names import nearest


class ModelRegistry:
    """Provider -> runner."""

    def __init__(self) -> None:
        self._providers: dict[str, ModelRunner] = {}
        self._free: set[str] = set()

    def add(self, provider: str, runner: ModelRunner, *, is_free: bool = False) -> None:
        """Let ``runner`` answer for every model of ``provider``; a later one replaces an earlier.

        ``is_free``: its models cost nothing, so that they may be asked however little money is left.
        """
        self._providers[provider] = runner
        self._note_free(f"{provider}:", is_free=is_free)

    def add_function(self, name: str, function: Answering, *, is_free: bool = False) -> None:
        """Let a Python function answer for the model ``python:NAME``; see ``engine.agents.models.python``.

        ``is_free``: what it does costs nothing, so that it may be asked however little money is left.
        """
        models = self._providers.setdefault("python", PythonModels())
        if isinstance(models, PythonModels):
            models.add(name, function)
            self._note_free(f"python:{name}", is_free=is_free)

    def is_free(self, name: str) -> bool:
        """Whether the model ``name`` is known to cost nothing."""
        provider, colon, _ = name.partition(":")
        return name in self._free or provider + colon in self._free

    def _note_free(self, name: str, *, is_free: bool) -> None:
        if is_free:
            self._free.add(name)
        else:
            self._free.discard(name)

    @property
    def providers(self) -> list[str]:
        """The known providers, sorted."""
        return sorted(self._providers)

    def find(self, name: str) -> tuple[ModelRunner, str]:
        """Who answers for the model ``name``, and its name without the provider.

        Raises:
            ModelError: ``model.unknown``, class ``fatal``.
        """
        provider, colon, model = name.partition(":")
        runner = self._providers.get(provider)
        if runner is not None and colon and model and (not isinstance(runner, PythonModels) or model in runner):
            return runner, model
        known = ", ".join(f"{p}:" for p in self.providers)
        if isinstance(runner, PythonModels):
            message = f"no Python function is registered for the model {name}"
            hint = f"registered: {', '.join(f'python:{known}' for known in runner)}"
        elif not colon:
            message, hint = f"{name!r} names no provider", f"write PROVIDER:MODEL; known: {known}"
        else:
            close = nearest(provider, self._providers)
            message = f"there is no provider {provider!r} for the model {name}"
            hint = f"did you mean {close}:{model}?" if close else f"known: {known}"
        raise ModelError(message, code="model.unknown", error_class="fatal", hint=hint)

"""The version of weft, as it stands in pyproject.toml and in every run's first event."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"

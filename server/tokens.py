"""Tokens that are drawn here: 256 random bits, told once, kept as their SHA-256.

Rule: the only user of randomness in the server.
"""

from __future__ import annotations

import secrets


def new_token() -> str:
    """43 characters that fit into an address."""
    return secrets.token_urlsafe(32)

"""The web door: HTTP and live events over the facade.

Rule: it reaches the engine through ``engine.app``, ``engine.model``, ``engine.errors`` and ``engine.render`` only.
"""

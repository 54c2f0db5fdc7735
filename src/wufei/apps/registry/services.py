"""Writes of the registry."""

from wufei.apps.registry.reference import load_reference

__all__ = ["load_reference"]

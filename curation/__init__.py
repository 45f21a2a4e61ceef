"""Manifest to corpus: filter, deduplicate and select text into an exact word budget."""

__version__ = "0.1.0"

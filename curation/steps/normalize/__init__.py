"""Normalisers rewrite text without changing what it says."""

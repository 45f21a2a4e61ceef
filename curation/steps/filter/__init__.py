"""Filters keep or drop documents (or lines) by a published rule, and the presets that bundle them."""

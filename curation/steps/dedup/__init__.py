"""Deduplicators drop what the corpus already holds."""

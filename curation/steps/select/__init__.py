"""Selectors choose how many words of which documents, and in what order."""

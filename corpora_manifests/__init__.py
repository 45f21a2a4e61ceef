"""Manifests that ship with curate, and the sample text of the quick start. Data only."""

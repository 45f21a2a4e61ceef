"""How texts get their numbers: one scorer a file, all with the interface of ``scorer.py``."""

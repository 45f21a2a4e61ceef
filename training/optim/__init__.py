"""How weights change: optimisers, schedules, moving average; ``settings`` and ``schedule`` need no torch."""

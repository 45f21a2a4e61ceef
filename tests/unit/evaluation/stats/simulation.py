"""How often an interval holds the truth, over seeded repetitions."""

import numpy as np

#: 95% ± 1.5, in which 4,000 repetitions land with a margin of four of their own standard errors.
REPEATS = 4000
NEAR_95 = (0.935, 0.965)


def coverage(estimate, truth, *, repeats=REPEATS, seed=0):
    """Return the share of repetitions of ``estimate(rng)`` whose interval holds ``truth``."""
    rng = np.random.default_rng(seed)
    held = 0
    for _ in range(repeats):
        found = estimate(rng)
        held += found.low <= truth <= found.high
    return held / repeats


def within(share, bounds=NEAR_95):
    """Tell whether a share is inside the bounds."""
    return bounds[0] <= share <= bounds[1]

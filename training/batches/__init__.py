"""From token shards to batches: each a pure function of (shards, settings, seed, step), without state to restore."""

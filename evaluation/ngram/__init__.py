"""N-gram language models: counted, smoothed, written and read as ARPA. A floor under every network's score."""

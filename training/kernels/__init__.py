"""Compiled loops for training on a CPU, each beside the torch expression that it equals."""

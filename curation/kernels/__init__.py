"""The hot loops: numba over raw UTF-8 buffers, each with the uncompiled source as its own slow oracle."""

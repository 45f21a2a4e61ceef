"""One training program a file, each run in a process of its own by ``bench_train.py``; ``common.py`` is their port."""

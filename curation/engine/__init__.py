"""Where and when stages run. Stage functions are pure; only this package knows about threads, files and slices."""

"""The same workload, written as a good user of other tools would write it."""

"""`make torture`: faults are injected into copies of a small run, and the same command has to mend each."""

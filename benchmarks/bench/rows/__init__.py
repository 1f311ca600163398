"""Rows of `make bench`, a module each. One has:

    WORK      what is done, in the words of the table
    PEER      the released package that does the same, and how; "" where there is none
    PACKAGES  distributions whose versions the table names
    FIRST     the ratio or figure that was measured before anything was made faster, as text
    REACH     the aim: {"time": 0.6} (CPU seconds, product / peer, at most), {"memory": 0.5} (peaks, too),
              {"speed": 1.5} (peer / product, at least), {"seconds": 2} or {"megabytes": 1500} (of the
              product, at most), {"growth": 1} (of seconds by times the size, at most; 1 is linear); several
              may stand together
    SIZES     sizes, smallest first, where the row shows how cost grows; each is measured, as `inputs.size`.
              REACH holds for the last one
    product(inputs), peer(inputs)
              prepare a side (loading, not measured) and return a function without arguments, which is
              measured: the work, its result returned. A row without a released package has no `peer`. Heavy
              imports belong into these functions: each side has a process of its own. Raise `Missing` where
              an input is not there, with the flag that gives it
    check(ours, theirs)
              raises AssertionError unless both results are the same
    units(result)
              optional: what the seconds are divided by, where equal work cannot be had (tokens of samples)

A module whose name opens with `_` is no row: what several rows share. `inputs` is `measuring.Inputs`.
"""

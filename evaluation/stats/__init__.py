"""The statistics of an ablation, on plain numpy arrays: the training run is the unit, and every interval says of what.

::

    scores          arrays, checked              estimate        a value with its t interval
    seed_error      Welch on seed means; paired  item_error      items nested in paradigms
    total_error     both together, both shown    minimal_pairs   one model: clipped log-odds, accuracy
    pairing         do shared seeds correlate?   permutation     exact test of seed means
    equivalence     TOST: "no difference" found  bayes           JZS Bayes factor
    compare         one arm against the baseline multiple        Holm, Benjamini-Hochberg
    verdict         one finding an arm           racing          which arms stop early
    measured        seed spread measured before  power, plan     what n seeds can detect
    design          log10 FLOPs, dummy coding    regress, mixed  OLS and MixedLM on it
    learning_curve  area, ribbons
"""

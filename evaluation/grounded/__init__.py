"""Minimal pairs made from templates, with words of the corpus under test: a suite that needs no download.

::

    found = frequencies.of_corpus(Corpus.open(folder))
    made = generate(found.counts, items=100, seed=0, style=found.style)
    made.pairs, made.missing

    lexicon.yaml      common words by class, with their inflections       lexicon.py
    phenomena.yaml    the phenomena: family and frames                    phenomena.py, frame.py
    frequencies.py    counts of a corpus' words, and its style            style.py
    generate.py       frames x words that the corpus has = pairs

Three things are never the reason why a model prefers a sentence. *Vocabulary*: every word, those of the frames
included, occurs in the corpus (three times at least). *Spelling*: capitals and marks are those of the corpus.
*Frequency and length*: a critical form is good in one pair and bad in its mirror, and both sentences of a pair have as
many words, so a scorer that sums or averages scores of single words is at 50% in each phenomenon, by design.

What it does not do: the sentences make little sense, they are written English (dialects accept some of the bad ones,
such as "them lamp"), and pairs a and b of one number share their words, so count them as one draw in a standard error.
"""

"""Fine-tuning on classification tasks: pairs of sentences in, a label each out, with the seeds' spread beside it.

::

    settings    each year's hyper-parameters, as data      examples    rows to tokens, as the official code joins them
    batches     rows of like length together               encoder     the model; encoder_decoder: of two parts
    classifier  encoder, pooled token, head                adapters    LoRA through peft
    train       the steps of one seed                      state       what a killed run goes on from
    job         one seed from encoder to result            seed_run    that result and its file
    tune        several seeds: mean, errors, flags         devices     several at once; progress: theirs as one
    metrics     accuracy, F1, MCC, and their floors        bootstrap   the items' error; degenerate: what says nothing
"""

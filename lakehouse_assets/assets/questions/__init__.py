"""Questions in Dagster: tables of answers and verdicts, batches from the queue, questions asked by the clock.

Does not belong here: answering (``nlq``).
"""

"""Commands that ask: a question, a plan put together from options, and what questions that failed suggest.

Belongs here: turning what was typed into a question or plan, and showing the answer.
Does not belong here: planning and answering (nlq), or SQL of people (lake.lookups).
"""

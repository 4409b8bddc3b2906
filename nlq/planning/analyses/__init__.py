"""Questions that ask for more than figures: why one moved, what is unusual, what comes next.

Belongs here: their words, and the plans of the figures that they are about. Does not belong here: reading the words of
those figures (``reading``), finding anything out (lakehouse_assets.insight).
"""

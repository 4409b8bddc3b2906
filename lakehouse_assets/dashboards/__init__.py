"""Dashboards: pages of figures that people come back to, each a plan of the one language of figures.

Belongs here: what a dashboard is (model), reading those of the project (files), keeping those that people make (kept,
pinning), whether one fits the semantic layer (fitting), what a tile asks when filters and a period are chosen (asking),
how it is drawn (drawing). Does not belong here: answering plans (nlq), HTTP (service).
"""

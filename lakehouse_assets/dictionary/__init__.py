"""The data dictionary: everything that is declared of every table and figure, for people to read.

Belongs here: putting it together from contracts and manifests (document), and writing it as one file (page).
Does not belong here: how it looks (lakehouse_assets/service/web), or serving it (lakehouse_assets.service).
"""

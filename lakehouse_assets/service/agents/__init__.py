"""Agents: the tools that a program with a language model asks with, over the Model Context Protocol.

Belongs here: which tools there are (tools), how the protocol reaches them (server). Does not belong here: answering
(questions), admitting callers (admission).
"""

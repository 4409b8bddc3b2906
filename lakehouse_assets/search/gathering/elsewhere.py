"""Texts of everyday life that no lakehouse is about: what is searched for has to be nearer than they are.

Belongs here: the texts. Does not belong here: how nearness is judged by them (``index``). They are indexed as all texts
are, in a namespace that no caller searches.
"""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse_assets.search.model import ELSEWHERE, Kind, Passage

TEXTS = (
    "How long do I boil an egg?", "What is the tallest mountain in the world?", "Play some quiet piano music.",
    "Remind me to call my grandmother on Sunday.", "Who painted the ceiling of that chapel?",
    "My cat sleeps on the radiator all winter.", "Translate good morning into Italian.",
    "What is the weather going to be like tomorrow?", "How do airplanes stay in the air?",
    "Which team won the football match last night?", "I would like to learn to play the guitar.",
    "How many planets are there?", "Tell me a joke about a penguin.",
    "The recipe needs two cups of flour and some salt.",
    "When did the war of independence begin?", "How can I get rid of a headache?", "Set an alarm for half past six.",
    "What does this word mean in German?", "The novel is about two brothers who move to the sea.",
    "How do I change a flat tyre?", "Is it safe to swim in that lake?", "What is the square root of two?",
    "Find me a cheap flight to Lisbon in May.", "Do you like living in a large city?",
    "Turn the lights off in the kitchen.",
    "How old is the universe?", "Which exercises are good for the back?", "Write a poem about autumn leaves.",
    "Where did I put my glasses?", "The actor was born in a small village.", "How do I install a printer driver?",
    "What should I wear to a wedding?", "Bees dance to show each other the way.", "Can dogs eat chocolate?",
    "What is the meaning of life?", "How do I prove that a function is continuous?", "Please send my boss a message.",
    "Which side of the road do they drive on over there?", "How much protein is in a bowl of lentils?",
    "The king was followed by his eldest daughter.", "What time does the pharmacy close?",
    "How do I grow tomatoes on a balcony?", "Are there ghosts?", "Plan a weekend in the mountains for us.",
    "Which phone takes the best pictures?", "How does a nuclear reactor work?", "abcd efgh", "Hello, who are you?",
)  # fmt: skip


def of_elsewhere() -> Iterator[Passage]:
    """A passage for each."""
    for text in TEXTS:
        yield Passage(ELSEWHERE, Kind.DOCUMENT, "", text, text)

"""The general English of analytics: words that mean the same in questions about any subject.

Belongs here: lists of words, by what they do in a question. Does not belong here: a word of any one domain (those come
from the semantic layer), nor grammar.
"""

from __future__ import annotations

from nlq.english.forms import OCCURRENCE, stem
from nlq.english.tokens import set_of

POSSESSIVES = set_of("their its his her our")
GLUE = set_of("a an the of is are was were be been being has have had that") | POSSESSIVES
"""Words without meaning of their own, also inside a phrase."""

COUNTING = set_of("total totals count counts number numbers many much sum amount amounts")
"""Words that ask for a plain amount."""

NUMBERING = set_of("count counts number numbers many")
"""Words that ask how many there are."""

GENERIC = frozenset(
    stem(word)
    for word in set_of(
        "rate average median count number total amount value day hour minute second month week quarter year time per "
        "over by share maximum minimum percentile growth change quantity p running rolling"
    )
)
"""Words that name no subject: a metric is never recognised by these alone."""

UNITS: dict[str, float] = {"minute": 1 / 60, "hour": 1.0, "day": 24.0, "week": 168.0}
"""Units of duration, in hours."""

SUBJECTS = set_of("i we you they he she")
"""Pronouns that are subjects: "may" before one is the verb, not the month."""

FILLER = (
    set_of("""
    show me give tell display get find fetch please can could would should will you i we us they them it he
    she want wants need like know see let lets look looking at what whats how in on for to from with within
    by as there here this these those do does did done and hello hi hey thanks thank ok okay so far
    data report chart table graph figure figures result results breakdown distribution overview summary
    view plot draw print return calculate compute all any only just also then now current currently
    right still about regarding concerning via through using overall during up my your have had having got exist
    exists happen say get gets got getting take takes took taken bring brings brought goes went altogether ever our
    ours yet but together use used develop developed evolve evolved one ones broken break down split divided
    distributed grouped group sorted sort ordered order rank ranked ranking where whose among into out terms term
    everything pay pays paid different distinct unique generate generates generated produce produces produced contribute
    contributes contributed located situated based belong belongs belonging corresponding respective respectively
    combined entire whole database dataset happening held hold holds exist existing occurred occurring
    contain contains containing involve involves involved participate participated participates according respectively
    individual particular specific certain given following listed name names
    indicate identify mention specify provide name describe determine compute estimate consider select retrieve obtain
    showing along if such present presented inclusive include included output enumerate pls plz stats statistics
    doing performing sent both furnish granted issued incurred accrued earned achieved realised realized awarded
    """)
    | GLUE
    | OCCURRENCE
)
"""Words that may stand in a question without changing what it asks."""

RATES = set_of("rate rates ratio ratios share shares percentage proportion fraction")
"""Words for a figure over another, which have no kin: a ratio is no rating."""
BY_WORDS = set_of("by per each every across wise")
NOT_WORDS = set_of("not excluding exclude except without no non excludes ignoring neither nor outside")
NOT_BEHIND = set_of("excluded omitted aside")
"""Words behind what they leave out: "by channel, web excluded"."""
PER_WORDS = set_of("per each every a")
"""Words after which an average is over what follows: "complaints per ward on average"."""
OR_WORDS = frozenset({"or"})
AND_WORDS = frozenset({"and", "&", "+", ","})
VERSUS_WORDS = set_of("vs versus compare compares compared comparing comparison against")
MORE_WORDS = set_of("more less fewer higher lower better worse larger smaller")
"""Comparatives: with a "than" that no number follows they ask for a comparison."""
FEWER = set_of("less fewer lower smaller worse")
SHARE_WORDS = set_of(
    "share shares percentage percentages percent pct % proportion proportions fraction portion contribution "
    "contributions"
)
AVERAGE_WORDS = set_of("average averages averaged avg mean typical typically usual usually")
GROWTH_WORDS = set_of("growth change changes increase decrease decline grow grew grown growing development")
PREDICATES = set_of(
    "whose is are was were be been being has have had came come comes go goes went made make makes use used using "
    "arrive arrived got get gets paid"
)
"""Verbs between a whole and a part of it: "what share of orders are online"."""
IRREGULAR_PARTICIPLES = set_of(
    "sold bought sent paid lost built left kept held begun done given shown written born taken drawn chosen"
)
PREPOSITIONS = set_of("from of in for to with on at among within")
RELATIVES = set_of("whose with having have has had where which who that")
"""Words between a thing and what is told of it: "continents whose average life expectancy is over 70"."""
EVENT_WORDS = set_of("event events")
"""Words that only say that something is counted when it happens."""
WHICH_WORDS = frozenset({"which", "what", "whats"})
FREQUENT = set_of("common commonly frequent frequently popular often")
"""Words that only say again what "most" and "least" say."""
DIFFERENT = set_of("different distinct unique")
SORTING = set_of("type kind category class sort")
"""Nouns that only say that things are of several."""
PIECES = set_of("pcs pc pieces piece nos")
"""What things are counted in, right behind a number: they name no figure of their own."""
PENDING = set_of("open pending outstanding unresolved unsettled unsolved unfinished backlog")
"""Words for what is not done yet."""
MULTIPLES = {"twice": 2.0, "double": 2.0, "thrice": 3.0, "half": 0.5}
CUMULATIVE = set_of("cumulative cumulatively cumulated")
ROLLING = set_of("running rolling moving")
TOTALLING = set_of("total totals sum")
TOGETHER = set_of("together combined altogether jointly overall")
"""Words that ask for one figure of all that is listed."""
LISTING = set_of("list records rows details enumerate individual")
"""Words that ask for the things themselves, not for a figure of them."""
SHOWING = set_of("return show list give include display present provide report output add state indicate")
"""Verbs by which a further sentence asks for columns."""
NAMING = set_of("name names id ids code codes number numbers")
"""Words that end the names of what tells things apart."""
MISSING = set_of("unknown missing blank empty null unspecified unassigned undefined")
"""Words for the lack of a value."""
TREND_WORDS = set_of("trend trends trending timeline developing evolving")
ORDINALS = {
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}
GROWTH_SHORT = {"yoy": "year", "mom": "month", "wow": "week", "qoq": "quarter"}

PRICED = set_of("cheapest dearest priciest costliest")
"""These are said of money alone."""
HIGHEST = set_of(
    "most highest greatest largest biggest maximum max top more busiest leading commonest popular strongest "
    "dearest priciest costliest"
)
LOWEST = set_of("least lowest fewest smallest minimum min bottom weakest quietest calmest cheapest")
EXTREMES = set_of("maximum minimum max min")
LONGEST = set_of("longest slowest")
SHORTEST = set_of("shortest fastest quickest")
WITHOUT = frozenset({"without", "no"})
"""Before things these say that there are none."""
BEST = frozenset({"best"})
WORST = frozenset({"worst", "poorest"})
GAINS = set_of("""
    sale revenue turnover income profit margin earning order booking purchase customer buyer member subscriber visitor
    user retention satisfaction
""")
LOSSES = set_of("""
    complaint return refund cancellation breach violation error failure churn attrition delay loss defect claim accident
    crime death overdue late backlog bounce
""")
"""Things of which more is better, and worse."""
SORTED = set_of("sort sorted order ordered rank ranked ranking")
"""Words by which rows are sorted by their figures, not in an order of their own."""
DESCENDING = set_of("descending desc")
ASCENDING = set_of("ascending asc")

GRAIN_ADJECTIVES = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annual": "year",
    "annually": "year",
}
GRAIN_UNITS = {
    "day": "day",
    "date": "day",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
    "year": "year",
    "wk": "week",
    "mth": "month",
    "qtr": "quarter",
    "yr": "year",
}

CALENDAR_WORDS = set_of(
    "monday tuesday wednesday thursday friday saturday sunday weekday weekend workday working business calendar "
    "seasonality seasonal pattern"
)
"""Words for parts of the calendar that recur."""

COMPARATORS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("more", "than"), "gt"),
    (("greater", "than"), "gt"),
    (("higher", "than"), "gt"),
    (("larger", "than"), "gt"),
    (("bigger", "than"), "gt"),
    (("longer", "than"), "gt"),
    (("less", "than"), "lt"),
    (("fewer", "than"), "lt"),
    (("lower", "than"), "lt"),
    (("smaller", "than"), "lt"),
    (("shorter", "than"), "lt"),
    (("at", "least"), "ge"),
    (("at", "most"), "le"),
    (("no", "more", "than"), "le"),
    (("no", "less", "than"), "ge"),
    (("no", "fewer", "than"), "ge"),
    (("up", "to"), "le"),
    (("equal", "to"), "eq"),
    (("equals",), "eq"),
    (("exactly",), "eq"),
    (("not", "more", "than"), "le"),
    (("not", "less", "than"), "ge"),
    (("bigger", "or", "equal", "to"), "ge"),
    (("greater", "than", "or", "equal", "to"), "ge"),
    (("less", "than", "or", "equal", "to"), "le"),
    (("older", "than"), "gt"),
    (("younger", "than"), "lt"),
    (("heavier", "than"), "gt"),
    (("lighter", "than"), "lt"),
    (("taller", "than"), "gt"),
    (("a", "minimum", "of"), "ge"),
    (("a", "maximum", "of"), "le"),
    (("over",), "gt"),
    (("above",), "gt"),
    (("exceeding",), "gt"),
    (("exceeds",), "gt"),
    (("exceed",), "gt"),
    (("exceeded",), "gt"),
    (("topped",), "gt"),
    (("surpassed",), "gt"),
    (("reached",), "ge"),
    (("under",), "lt"),
    (("below",), "lt"),
    ((">",), "gt"),
    (("<",), "lt"),
    ((">=",), "ge"),
    (("<=",), "le"),
    (("≥",), "ge"),
    (("≤",), "le"),
)

OR_SIDES = {
    **dict.fromkeys(
        ("more", "above", "over", "longer", "higher", "greater", "larger", "bigger", "up", "older", "heavier"), "ge"
    ),
    **dict.fromkeys(("less", "fewer", "below", "under", "shorter", "lower", "smaller", "younger", "lighter"), "le"),
}
"""Which side of a number "or" adds: 20 or more, 2 hours or longer."""

DIMENSIONAL = {
    "older": set_of("age"),
    "younger": set_of("age"),
    "heavier": set_of("weight"),
    "lighter": set_of("weight"),
    "taller": set_of("height"),
    "shorter": set_of("height length duration"),
    "longer": set_of("length duration"),
    "bigger": set_of("size area"),
    "larger": set_of("size area"),
    "smaller": set_of("size area"),
}
"""What comparatives of size compare: who is older has a higher age."""
MEASURES = frozenset[str]().union(*DIMENSIONAL.values())

OPERATORS = (
    BY_WORDS | NOT_WORDS | OR_WORDS | AND_WORDS | VERSUS_WORDS | WHICH_WORDS | TREND_WORDS | HIGHEST | LOWEST
) | (
    SHARE_WORDS
    | AVERAGE_WORDS
    | GROWTH_WORDS
    | MORE_WORDS
    | LONGEST
    | SHORTEST
    | BEST
    | WORST
    | DESCENDING
    | ASCENDING
    | COUNTING
    | frozenset(GRAIN_ADJECTIVES)
)
"""Every single word the grammar reads as an operator."""

ENGLISH = (
    FILLER
    | OPERATORS
    | LISTING
    | CUMULATIVE
    | ROLLING
    | frozenset(MULTIPLES)
    | frozenset(GRAIN_UNITS)
    | {word for phrase, _ in COMPARATORS for word in phrase}
)
"""Every general word the planner knows, for telling a slip from a word."""

"""What a caller may ask: the only way from a plan to something that is run.

Belongs here: callers, roles, the allowlist, typed and canonical filter values, the tenant filter, the limits.
Does not belong here: understanding questions (``planning``), running them (``answering``).

The tenant of an answer comes from the caller alone. What a question says about tenants can only narrow it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any

from cachetools import FIFOCache, cachedmethod

from nlq.core.outcome import ErrorCode
from nlq.core.plan import MAX_ROWS, Comparison, DimensionFilter, Grain, Operator, Plan, Reference, Scalar
from nlq.core.records import with_columns
from nlq.core.spelling import alike_form, nearest_values, same_form, spellings
from nlq.core.vocabulary import Dimension, Values, Vocabulary

TIMEOUT_S = 60.0
"""The longest a question may run in the engine, seconds."""

TENANT_COLUMN = "tenant_id"
_ORDERED = {Operator.GT, Operator.GE, Operator.LT, Operator.LE}
_UNARY = {Operator.IS_NULL, Operator.IS_NOT_NULL}
MAX_TEXT = 200
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_REMEMBERED = 256


@dataclass(frozen=True)
class Caller:
    """Who asks: the tenant whose rows may be seen (None: no single tenant) and the role."""

    tenant: str | None = None
    role: str = "analyst"


@dataclass(frozen=True)
class Role:
    """What a role may do; metrics and dimensions are name patterns such as ``pgr_*``.

    ``personal``: read, and choose by, the dimensions that tell of a person.
    """

    metrics: tuple[str, ...] = ("*",)
    hidden_dimensions: tuple[str, ...] = ()
    every_tenant: bool = False
    personal: bool = False
    max_rows: int = MAX_ROWS


ROLES: Mapping[str, Role] = {
    "admin": Role(every_tenant=True, personal=True),
    "analyst": Role(every_tenant=True),
    "viewer": Role(),
    "writer": Role(metrics=(), every_tenant=True),
}
"""``viewer`` needs a tenant; the others are for all tenants unless the caller belongs to one. ``writer`` sends events,
and is shown nothing."""


def may_see(caller: Caller, asker: Caller) -> bool:
    """Whether a caller may see what another asked and was answered: of the own tenant, in the own role."""
    own_tenant = caller.tenant is None or caller.tenant == asker.tenant
    return own_tenant and (caller.role in (asker.role, "admin"))


class GuardError(Exception):
    """A plan that may not run: ``code`` for programs, the message for people, the nearest that may."""

    def __init__(self, code: ErrorCode, message: str, nearest: Iterable[str] = ()) -> None:
        """Keep all three."""
        super().__init__(message)
        self.code, self.nearest = code, tuple(nearest)


class AmbiguousValueError(GuardError):
    """A value of a filter that may be several stored ones: ``options``, each with all its spellings."""

    def __init__(self, item: DimensionFilter, value: Scalar, label: str, options: Sequence[Sequence[Scalar]]) -> None:
        """Keep the filter, its value and what that may be."""
        shown = [str(spellings[0]) for spellings in options]
        message = f"Several values of {label} are written like “{value}”. Which do you mean?"
        super().__init__(ErrorCode.AMBIGUOUS_VALUE, message, shown)
        self.item, self.value, self.options = item, value, tuple(map(tuple, options))

    def chosen(self, plan: Plan, values: Iterable[Scalar]) -> Plan:
        """The plan with some of the values in place of the one in doubt."""

        def instead(item: DimensionFilter) -> DimensionFilter:
            if item.dimension != self.item.dimension or self.value not in item.values:
                return item
            others = [value for value in item.values if value != self.value]
            return item.model_copy(update={"values": tuple(dict.fromkeys([*others, *values]))})

        share = plan.share and plan.share.model_copy(update={"part": tuple(map(instead, plan.share.part))})
        return plan.model_copy(update={"filters": tuple(map(instead, plan.filters)), "share": share})


class Guard:
    """Checks plans against one vocabulary and a set of roles. Thread-safe."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        roles: Mapping[str, Role] = ROLES,
        *,
        tenant_column: str = TENANT_COLUMN,
    ) -> None:
        """Nothing is computed until a caller comes."""
        self._vocabulary, self._roles, self._tenant_column = vocabulary, roles, tenant_column
        # FIFO; roles and vocabulary never change, so nothing invalidates it.
        self._visible: FIFOCache[Any, Vocabulary] = FIFOCache(_REMEMBERED)
        self._lock = Lock()

    @cachedmethod(lambda self: self._visible, lock=lambda self: self._lock)
    def visible(self, caller: Caller) -> Vocabulary:
        """The part of the vocabulary the caller may know of: what the caller's metrics have; of tenants only the own.

        Raises:
            GuardError: the role is unknown, or it needs a tenant and the caller has none.
        """
        role = self._role(caller)
        dimensions = {
            name: self._shown(dimension, caller)
            for name, dimension in self._vocabulary.dimensions.items()
            if not _matches(name, role.hidden_dimensions)
        }
        metrics = {
            name: replace(metric, dimensions=frozenset(metric.dimensions & dimensions.keys()))
            for name, metric in self._vocabulary.metrics.items()
            if _matches(name, role.metrics) and (caller.tenant is None or self._tenant_dimension((name,)))
        }
        reached = frozenset[str]().union(*(metric.dimensions for metric in metrics.values()))
        return Vocabulary(metrics, {name: item for name, item in dimensions.items() if name in reached})

    def check(self, plan: Plan, caller: Caller) -> Plan:
        """The plan that may run: values as they are stored, the caller's tenant added, the limit bounded.

        Raises:
            GuardError: anything in the plan that the layer or the caller's role and tenant do not allow.
        """
        visible = self.visible(caller)
        self._check_names(plan, visible)
        if plan.records:
            plan = self._with_columns(plan, visible, caller)
        if not self._role(caller).personal:
            _check_personal(plan, visible)
        if plan.grain is Grain.WEEK and plan.comparison is Comparison.PREVIOUS_YEAR:
            message = "Weeks of two years do not begin on the same days: compare by day, month, quarter or year."
            raise GuardError(ErrorCode.BAD_COMPARISON, message)
        _check_sums(plan, visible)
        _check_time(plan, visible)
        filters = tuple(_canonical(item, visible.dimensions[item.dimension]) for item in plan.filters)
        share = plan.share
        if share is not None:
            part = tuple(_canonical(item, visible.dimensions[item.dimension]) for item in share.part)
            share = share.model_copy(update={"part": part})
        if caller.tenant is not None:
            self._check_own(share.part if share else (), caller.tenant)
            filters = self._with_tenant(plan, filters, caller.tenant)
        limit = min(plan.limit, self._role(caller).max_rows)
        return Plan.model_validate({**dict(plan), "filters": filters, "share": share, "limit": limit})

    def masked(self, plan: Plan, caller: Caller) -> frozenset[str]:
        """Those groups of a plan of which the caller may only see whether there is a value."""
        return frozenset(name for name in plan.group_by if self.hides(name, caller))

    def hides(self, dimension: str, caller: Caller) -> bool:
        """Whether a dimension tells of a person, and the caller may not see of whom."""
        return self._vocabulary.dimensions[dimension].personal and not self._role(caller).personal

    def still_known(self, plan: Plan, caller: Caller) -> Plan | None:
        """The plan of an earlier question, if all it names is there for this caller; the client keeps it, not we."""
        visible = self.visible(caller)
        try:
            self._check_names(plan, visible)
        except GuardError:
            return None
        filters = tuple(_read(item, visible.dimensions[item.dimension]) for item in plan.filters)
        part = plan.share and tuple(_read(item, visible.dimensions[item.dimension]) for item in plan.share.part)
        share = plan.share and plan.share.model_copy(update={"part": part})
        return plan.model_copy(update={"filters": filters, "share": share})

    # --- names

    def _role(self, caller: Caller) -> Role:
        role = self._roles.get(caller.role)
        if role is None:
            raise GuardError(ErrorCode.UNKNOWN_ROLE, f"There is no role “{caller.role}”.", sorted(self._roles))
        if caller.tenant is None and not role.every_tenant:
            raise GuardError(ErrorCode.TENANT_MISSING, f"The role {caller.role} asks for one tenant; none was given.")
        return role

    def _with_columns(self, plan: Plan, visible: Vocabulary, caller: Caller) -> Plan:
        metric = visible.metrics[plan.metrics[0]]
        if metric.rows is None:
            message = f"{metric.label} has no rows of its own: list those of a figure that it is computed from."
            raise GuardError(ErrorCode.NOT_ANSWERABLE, message)
        for key in plan.order_by:
            if key.field not in (metric.name, *metric.dimensions):
                message = f"{metric.label} cannot be ordered by “{key.field}”."
                raise GuardError(
                    ErrorCode.UNKNOWN_DIMENSION, message, _nearest_dimensions(key.field, metric.dimensions)
                )
        tenant = self._tenant_dimension(plan.metrics) if caller.tenant is None else None
        return with_columns(plan, metric, metric.rows, visible.dimensions, tenant)

    def _check_names(self, plan: Plan, visible: Vocabulary) -> None:
        for name in plan.metrics:
            if name not in visible.metrics:
                raise GuardError(
                    ErrorCode.UNKNOWN_METRIC,
                    f"There is no metric “{name}” for you.",
                    nearest_values(name, sorted(visible.metrics)),
                )
        shared = visible.shared_dimensions(plan.metrics)
        time_of = (plan.time_of,) if plan.time_of else ()
        for name in (*plan.group_by, *time_of, *(item.dimension for item in _filters(plan))):
            if name not in shared or name not in visible.dimensions:
                metrics = ", ".join(plan.metrics)
                raise GuardError(
                    ErrorCode.UNKNOWN_DIMENSION,
                    f"{metrics} cannot be asked by “{name}”.",
                    _nearest_dimensions(name, shared),
                )

    # --- tenants

    def _shown(self, dimension: Dimension, caller: Caller) -> Dimension:
        """A dimension with the values that the caller may know of."""
        if dimension.personal and not self._role(caller).personal:
            return replace(dimension, values=Values(complete=False))
        if caller.tenant is None or dimension.column != self._tenant_column:
            return dimension
        return replace(dimension, values=Values((caller.tenant,)))

    def _tenant_dimension(self, metrics: Iterable[str]) -> str | None:
        shared = self._vocabulary.shared_dimensions(metrics)
        own = [n for n in shared if n in self._vocabulary.dimensions and self._is_tenant(n)]
        return min(own, key=lambda name: (name.count("__"), name), default=None)

    def _is_tenant(self, name: str) -> bool:
        return self._vocabulary.dimensions[name].column == self._tenant_column

    def _with_tenant(
        self, plan: Plan, filters: tuple[DimensionFilter, ...], tenant: str
    ) -> tuple[DimensionFilter, ...]:
        name = self._tenant_dimension(plan.metrics)
        self._check_own(filters, tenant)
        if plan.analysis and name is None and all(self._tenant_dimension((one,)) for one in plan.metrics):
            return filters  # each of its metrics is read by a plan of its own, which has the tenant
        if name is None:
            raise GuardError(
                ErrorCode.TENANT_UNSUPPORTED, f"{', '.join(plan.metrics)} cannot be limited to one tenant."
            )
        kept = tuple(item for item in filters if not (self._is_tenant(item.dimension) and item.operator is Operator.IN))
        return (*kept, DimensionFilter(dimension=name, values=(tenant,)))

    def _check_own(self, filters: Iterable[DimensionFilter], tenant: str) -> None:
        for item in filters:
            if self._is_tenant(item.dimension) and not _is_own(item, tenant):
                raise GuardError(ErrorCode.OTHER_TENANT, "You may ask about your own tenant only.")


def _check_personal(plan: Plan, visible: Vocabulary) -> None:
    """Refuse to choose or sort rows by what tells of a person: the answer would tell it, too."""
    chosen = [item.dimension for item in _filters(plan) if item.operator not in _UNARY]
    told = plan.group_by if plan.analysis else ()
    for name in (*chosen, *told, *([plan.time_of] if plan.time_of else ()), *(key.field for key in plan.order_by)):
        if name in visible.dimensions and visible.dimensions[name].personal:
            message = f"{visible.dimensions[name].label} tells of a person: your role may not choose or sort by it."
            raise GuardError(ErrorCode.PERSONAL, message)


def _filters(plan: Plan) -> tuple[DimensionFilter, ...]:
    return (*plan.filters, *(plan.share.part if plan.share else ()))


def _check_sums(plan: Plan, visible: Vocabulary) -> None:
    """Refuse to add up what does not add up, and to compare parts with the sum that they add up to."""
    total = plan.metrics if plan.running and plan.running.of == "total" else ()
    for metric in (visible.metrics[name] for name in total):
        if not metric.additive:
            message = (
                f"{metric.label} does not add up over time: ask for its average along time, or for it by {plan.grain}."
            )
            raise GuardError(ErrorCode.NOT_ANSWERABLE, message)
    for bound in plan.having:
        if bound.of is Reference.OVERALL and (metric := visible.metrics[bound.metric]).additive:
            message = f"Every group is a part of the overall {metric.label}: compare it with the mean of the groups."
            raise GuardError(ErrorCode.BAD_COMPARISON, message)


def _check_time(plan: Plan, visible: Vocabulary) -> None:
    """Refuse to go by what is no time, and by another time where a figure exists along its own alone."""
    if plan.time_of is None:
        return
    label = visible.dimensions[plan.time_of].label
    if not visible.dimensions[plan.time_of].is_time:
        raise GuardError(ErrorCode.UNKNOWN_DIMENSION, f"{label} is no time: nothing goes by it.")
    for metric in (visible.metrics[name] for name in plan.metrics):
        if metric.needs_time or metric.cumulative:
            message = f"{metric.label} goes by its own time alone, not by {label}."
            raise GuardError(ErrorCode.NOT_ANSWERABLE, message)


def _nearest_dimensions(name: str, known: Iterable[str]) -> list[str]:
    """The dimensions nearest to a name, by their short names if it is one."""
    names = sorted(known)
    return nearest_values(name, names if "__" in name else [full.rpartition("__")[2] for full in names])


def _is_own(item: DimensionFilter, tenant: str) -> bool:
    """Whether a tenant filter asks for no other tenant: the own one by name, or any known one (a rank's guard)."""
    if item.operator is Operator.IS_NOT_NULL:
        return True
    return item.operator is Operator.IN and {alike_form(v) for v in item.values} == {alike_form(tenant)}


def _read(item: DimensionFilter, dimension: Dimension) -> DimensionFilter:
    """The filter of a document: in JSON a text that looks like a day is one, whatever the dimension has."""
    if dimension.is_time:
        return item
    return item.model_copy(update={"values": tuple(v.isoformat() if isinstance(v, date) else v for v in item.values)})


def _canonical(item: DimensionFilter, dimension: Dimension) -> DimensionFilter:
    """The filter with values of the dimension's type, spelled as they are stored."""
    if item.operator in _UNARY:
        return item
    item = _read(item, dimension)
    if item.operator is Operator.CONTAINS:
        return item.model_copy(update={"values": (_piece(item.values[0], dimension),)})
    if item.operator in _ORDERED and dimension.is_numeric:
        return item.model_copy(update={"values": (_as_number(item.values[0], dimension),)})
    if item.operator in _ORDERED and not dimension.is_time:
        raise GuardError(ErrorCode.BAD_OPERATOR, f"{dimension.label} cannot be compared by {item.operator}.")
    values = [stored for value in item.values for stored in _stored(value, item, dimension)]
    return DimensionFilter(dimension=item.dimension, operator=item.operator, values=tuple(dict.fromkeys(values)))


def _stored(value: Scalar, item: DimensionFilter, dimension: Dimension) -> tuple[Scalar, ...]:
    """A value in all spellings in which it is stored.

    Raises:
        GuardError: there is none such, or there are several that differ by case or blanks.
    """
    if dimension.is_time:
        return (_as_date(value, dimension),)
    if isinstance(value, str):
        _short_enough(value, dimension)
    if dimension.is_numeric:
        value = _as_number(value, dimension)
    values = dimension.values
    found = spellings(value, values.items)
    listed = bool(found) and same_form(found[0][0]) == same_form(value) and str(value).isascii()
    if not values.complete and not listed:
        # The value itself, or another spelling of it, may be among those that are not listed.
        others = values.look_up(str(value)) if values.look_up else None
        if others is None and not found:
            return (value,)
        found = spellings(value, (*values.items, *(others or ())))
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousValueError(item, value, dimension.label, found)
    nearest = nearest_values(value, values.items)
    raise GuardError(ErrorCode.UNKNOWN_VALUE, f"There is no {dimension.label} called “{value}”.", nearest)


def _piece(value: Scalar, dimension: Dimension) -> str:
    """The text to look for in the values of a dimension, which must be texts."""
    if dimension.is_time or dimension.is_calendar or dimension.is_numeric or dimension.is_boolean:
        raise GuardError(ErrorCode.BAD_OPERATOR, f"{dimension.label} is no text: nothing can be looked for in it.")
    return _short_enough(str(value), dimension)


def _short_enough(value: str, dimension: Dimension) -> str:
    if len(value) > MAX_TEXT:
        raise GuardError(ErrorCode.BAD_VALUE, f"A value of {dimension.label} has at most {MAX_TEXT} characters.")
    return value


def _as_number(value: Scalar, dimension: Dimension) -> int | float:
    """A value as a number, whether it is written as one or as a text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = str(value).strip()
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise GuardError(ErrorCode.BAD_VALUE, f"{dimension.label} takes a number such as 3 or 2.5.")
    return number


def _as_date(value: Scalar, dimension: Dimension) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise GuardError(ErrorCode.BAD_VALUE, f"{dimension.label} takes a date such as 2025-03-31.") from None


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)

// What a dashboard is looked at by: page, time and filters, as the address has them.

const OWN = ["page", "period", "from", "to", "none", "version"];

/** What a dimension is called in an address: a name of the address's own has another meaning there. */
const named = ({ dimension }) => (OWN.includes(dimension) ? `by_${dimension}` : dimension);

/** The choice in an address: `?page=&period=&from=&to=&ward_id=A&ward_id=B`. What it does not say is null. */
export function read(search, filters) {
  const asked = new URLSearchParams(search);
  const said = filters.filter((one) => asked.has(named(one)));
  return {
    page: asked.get("page"),
    period: asked.get("period"),
    from: asked.get("from"),
    to: asked.get("to"),
    version: asked.get("version"),
    values: Object.fromEntries(filters.map((one) => [one.dimension, said.length || asked.has("none") ? asked.getAll(named(one)) : one.default.map(String)])),
  };
}

/** The address of a choice. */
export function address(choice, filters) {
  const asked = new URLSearchParams();
  for (const name of ["page", "period", "from", "to", "version"]) if (choice[name]) asked.set(name, choice[name]);
  for (const one of filters) for (const value of choice.values[one.dimension]) asked.append(named(one), value);
  // Without this the defaults would come back where all were taken away.
  if (filters.some((one) => one.default.length) && !filters.some((one) => choice.values[one.dimension].length)) asked.set("none", "");
  return `${location.pathname}${asked.size ? `?${asked}` : ""}`;
}

/** The choice as the service takes it. */
export function wanted(choice, filters) {
  const days = choice.from || choice.to;
  return {
    ...(choice.page ? { page: choice.page } : {}),
    ...(Number(choice.version) ? { version: Number(choice.version) } : {}),
    ...(days ? { time_range: { ...(choice.from ? { start: choice.from } : {}), ...(choice.to ? { end: choice.to } : {}) } } : {}),
    ...(!days && choice.period ? { period: choice.period } : {}),
    filters: filters.filter((one) => choice.values[one.dimension].length)
      .map((one) => ({ dimension: one.dimension, operator: "in", values: choice.values[one.dimension].map((text) => valueOf(one, text)) })),
  };
}

/** A value of the address as the value it stands for: texts, numbers and booleans look alike there. */
function valueOf({ choices }, text) {
  return choices.find((one) => String(one) === text) ?? text;
}

/** The first and the last day of a step of time: of a month all its days. */
export function daysOf(first, grain) {
  const [year, month, date] = first.slice(0, 10).split("-").map(Number);
  const at = (y, m, d) => new Date(Date.UTC(y, m, d)).toISOString().slice(0, 10);
  const last = { day: [year, month - 1, date], week: [year, month - 1, date + 6], month: [year, month, 0],
    quarter: [year, month + 2, 0], year: [year, 12, 0] }[grain];
  return last && { from: first.slice(0, 10), to: at(...last) };
}

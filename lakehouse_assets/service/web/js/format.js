// Values as people read them, by the column's own format.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const money = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Whether a text is a whole number of a figure, too long for a number here: JSON has it as text. */
export const isLong = (value, column) => column?.kind === "metric" && typeof value === "string" && /^-?\d{16,}$/.test(value);

/** A cell of an answer. */
export function cell(value, column) {
  if (value === null || value === undefined) return "—";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return named(value, column) ?? number(value, column);
  if (isLong(value, column)) return BigInt(value).toLocaleString("en");
  if (column?.kind === "time") return period(value, column.name);
  return named(value, column) ?? String(value);
}

/** What a code is called, where the column says it. */
export function named(value, column) {
  const names = column?.names;
  return names && Object.hasOwn(names, String(value)) ? names[String(value)] : null;
}

export function number(value, column) {
  switch (column?.format) {
    case "percent": return percent.format(value);
    case "currency": return money.format(value);
    case "integer": return whole.format(value);
    case "points": return tenth.format(value);
    case "hours": return `${decimal.format(value)} h`;
    default: return Number.isInteger(value) ? whole.format(value) : decimal.format(value);
  }
}

/** A number where it stands large and there is little room: no cents of thousands, and millions as such. */
export function brief(value, column) {
  if (typeof value !== "number" || column?.format === "percent" || Math.abs(value) < 1000) return cell(value, column);
  return Math.abs(value) < 1e6 ? whole.format(value) : short.format(value);
}

/** A day that begins a period, as the period: Jun 2026, Q2 2026, 2026, or the day. */
export function period(text, column = "") {
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(text);
  if (!match) return String(text);
  const [year, month] = [match[1], Number(match[2])];
  if (column.endsWith("__year")) return year;
  if (column.endsWith("__quarter")) return `Q${Math.ceil(month / 3)} ${year}`;
  if (column.endsWith("__month")) return `${months[month - 1]} ${year}`;
  return day(text);
}

export function day(text) {
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(text ?? "");
  return match ? `${Number(match[3])} ${months[Number(match[2]) - 1]} ${match[1]}` : String(text ?? "—");
}

/** A text with its dates as people write them. */
export const dated = (text) => text.replace(/\d{4}-\d\d-\d\d/g, (date) => day(date));

/** The same of a text whose dates are from one to another. */
export const withDays = (text) => dated(text).replace(" to ", " – ");

/** A moment in UTC, as the reader's clock shows it. */
export function moment(text) {
  if (!text) return "—";
  const at = new Date(/Z|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(at.getTime()) ? text : at.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

export function plural(count, one, many = `${one}s`) {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}

export function milliseconds(ms) {
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

// Vega, loaded where the first chart is drawn, and its colours by the page's theme.

const FILES = ["vega-6.4.0.min.js", "vega-lite-6.5.0.min.js"];
const INTERPRETER = "/web/vendor/vega-interpreter-2.3.2.js";
const RAMP = { light: ["#e4f1f2", "#7cc0c8", "#0b7a91", "#073f4c"], dark: ["#14323a", "#1f6a78", "#4fbcd1", "#c9f1f6"] };
let loading = null;

/** Vega, Vega-Lite and what reads their expressions without `eval`, which the page's policy forbids. */
export function vega() {
  loading ??= FILES.reduce((before, name) => before.then(() => script(`/web/vendor/${name}`)), Promise.resolve())
    .then(() => import(INTERPRETER))
    .then(({ expressionInterpreter }) => ({ vega: globalThis.vega, vegaLite: globalThis.vegaLite, expressionInterpreter }));
  loading.catch(() => { loading = null; });
  return loading;
}

function script(address) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    Object.assign(element, { src: address, onload: resolve, onerror: () => reject(new Error(`${address} cannot be loaded`)) });
    document.head.append(element);
  });
}

export const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

/** Fonts and colours as the page has them. */
export function config() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  const category = Array.from({ length: 8 }, (_, i) => of(`c${i}`));
  const font = of("sans");
  return {
    background: "transparent", font, padding: 2,
    view: { stroke: null },
    axis: { labelColor: of("soft"), titleColor: of("soft"), labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal",
      gridColor: of("line"), domainColor: of("line-strong"), tickColor: of("line-strong"), labelFont: font, titleFont: font },
    axisY: { domain: false, ticks: false, labelPadding: 7 }, axisX: { labelPadding: 6 },
    legend: { labelColor: of("ink"), titleColor: of("soft"), labelFontSize: 12 },
    title: { color: of("ink"), font, fontSize: 15, anchor: "start", offset: 12 },
    bar: { fill: category[0] }, point: { color: category[0] }, arc: { stroke: of("card"), strokeWidth: 1 },
    rule: { color: of("line-strong") }, text: { color: of("ink"), font, fontSize: 12 },
    range: { category, heatmap: RAMP[isDark() ? "dark" : "light"] },
  };
}

/** The colours that a drawing leaves to where it is shown. */
export function parameters() {
  const of = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const dark = isDark();
  return { paper: of("card"), light: dark ? of("paper") : "#ffffff", dark: dark ? of("ink") : "#17211f" };
}

// The chosen theme, before anything is painted. A classic script, for modules run after the first paint.
try {
  const chosen = localStorage.getItem("asklake.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch { /* storage is off: the system's theme it is */ }

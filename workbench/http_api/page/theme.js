// Light or dark. Not a module: it runs before the page is drawn, so that nothing flashes.
(() => {
  const root = document.documentElement;
  const stored = localStorage.getItem("theme");
  if (stored === "light" || stored === "dark") root.dataset.theme = stored;

  window.toggleTheme = () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  };
  addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", window.toggleTheme);
  });
})();

// Runs before the first paint, so that a remembered light theme or language does not flash.
(function () {
  var root = document.documentElement;
  try {
    var stored = JSON.parse(localStorage.getItem("gridwatch.preferences") || "{}");
    if (stored.theme === "light" || stored.theme === "dark") root.dataset.theme = stored.theme;
    if (stored.language === "en") root.lang = "en";
  } catch (_) {
    // No storage, or somebody else's content in it: the defaults stand.
  }
})();

// What scrolls sideways can be reached by keyboard, and captions of the menu have the level that their role promises.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("pre, .formula, .table-wrapper").forEach((box) => { box.tabIndex = 0; });
  document.querySelectorAll(".caption[role=heading]").forEach((caption) => { caption.setAttribute("aria-level", "2"); });
});

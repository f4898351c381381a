// What scrolls sideways can be reached by keyboard, captions of the menu have the level that their role promises, and what is
// folded is called by the words that are seen.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("pre, .formula, .table-wrapper").forEach((box) => { box.tabIndex = 0; });
  document.querySelectorAll("details.hide > summary").forEach((summary) => { summary.removeAttribute("aria-label"); });
  document.querySelectorAll(".caption[role=heading]").forEach((caption) => { caption.setAttribute("aria-level", "2"); });
});

// The arrow keys and the space bar go from slide to slide.
const steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };
document.addEventListener("keydown", (event) => {
  if (!(event.key in steps) || event.target.closest("a")) return;
  event.preventDefault();
  const now = Math.round(scrollY / innerHeight);
  document.querySelectorAll("section")[now + steps[event.key]]?.scrollIntoView();
});

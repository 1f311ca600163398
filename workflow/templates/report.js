"use strict";
// Tables sort by a button in each heading; without this script they read as they are.
function sortBy(table, place, heading) {
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const numeric = !heading.classList.contains("text");
  const key = (row) => {
    const text = row.cells[place].textContent;
    if (!numeric) return text;
    const number = parseFloat(text.replaceAll(",", "").replace("−", "-"));
    return Number.isNaN(number) ? null : number;
  };
  const compare = (a, b) => (numeric ? a - b : a.localeCompare(b, "en", { numeric: true }));
  const body = table.tBodies[0];
  const keyed = Array.from(body.rows, (row) => [key(row), row]);
  // What was not measured stays last in both directions.
  keyed.sort(([a], [b]) => (a === null) - (b === null) || (a === null ? 0 : down ? compare(b, a) : compare(a, b)));
  body.append(...keyed.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  Array.from(table.tHead.rows[0].cells, (heading, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sortBy(table, place, heading));
    heading.append(button);
  });
}

// Values of a figure's points: the drawing's own titles, shown at once and where a finger taps too.
const tip = document.createElement("div");
tip.id = "tip";
tip.hidden = true;
tip.setAttribute("role", "tooltip");
document.body.append(tip);
for (const title of document.querySelectorAll(".drawing svg g > title")) {
  title.parentNode.dataset.tip = title.textContent;
  title.parentNode.setAttribute("aria-label", title.textContent);
  title.remove();
}
function showTip(event) {
  const marked = event.target.closest ? event.target.closest("[data-tip]") : null;
  tip.hidden = marked === null;
  if (marked === null) return;
  tip.textContent = marked.dataset.tip;
  const wide = document.documentElement.clientWidth;
  const left = Math.min(event.clientX + 12, wide - tip.offsetWidth - 8);
  tip.style.left = `${Math.max(8, left) + window.scrollX}px`;
  tip.style.top = `${event.clientY + 16 + window.scrollY}px`;
}
document.addEventListener("mousemove", showTip);
document.addEventListener("click", showTip);

// A link into something folded unfolds it.
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target === null) return;
  for (let place = target; place !== null; place = place.parentElement) {
    if (place.tagName === "DETAILS") place.open = true;
  }
  target.scrollIntoView();
}
window.addEventListener("hashchange", unfold);
unfold();

// What opens beside a figure moves below it.
document.addEventListener("toggle", ({ target }) => {
  if (target.open && target.matches(".beside > details")) target.scrollIntoView({ block: "nearest" });
}, true);

// A table that is wider than its place says so.
const wide = new ResizeObserver((changes) => {
  for (const { target } of changes) target.classList.toggle("cut", target.scrollWidth > target.clientWidth + 1);
});
for (const frame of document.querySelectorAll(".scroll")) wide.observe(frame);

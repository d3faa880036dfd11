const sections = [...document.querySelectorAll("main > section")];

function step(by) {
    const line = 8; // a section counts as reached when its top is this near the top of the window
    const tops = sections.map((section) => section.getBoundingClientRect().top);
    const next = by > 0 ? tops.findIndex((top) => top > line) : tops.findLastIndex((top) => top < -line);
    if (next < 0) return;
    sections[next].scrollIntoView();
    sections[next].querySelector("h2").focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    step(event.key === "ArrowRight" ? 1 : -1);
});
document.querySelector(".hint").hidden = sections.length < 2;

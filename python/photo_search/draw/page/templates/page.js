// Conveniences. Every page works without this script.
const file = document.querySelector("input[type=file]");
document.documentElement.classList.add("with-script");
file.addEventListener("change", () => file.files.length && file.form.submit());

const body = document.body;
addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    body.classList.add("dropping");
});
addEventListener("dragleave", (event) => event.relatedTarget || body.classList.remove("dropping"));
addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    file.files = event.dataTransfer.files;
    file.form.submit();
});

for (const image of document.querySelectorAll("img[data-colour]")) {
    if (!image.complete) image.style.backgroundColor = image.dataset.colour;
    image.addEventListener("load", () => image.style.removeProperty("background-color"));
}

for (const button of document.querySelectorAll("[data-copies]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
        button.textContent = "Copied";
    });
}

// An address has only settings that differ from the defaults.
document.querySelector(".controls")?.addEventListener("submit", (event) => {
    for (const control of event.target.elements) {
        if (control.name && (!control.value || (control.id === "top_k" && !control.selectedIndex))) control.disabled = true;
    }
});
addEventListener("pageshow", () => {
    for (const control of document.querySelector(".controls")?.elements ?? []) control.disabled = false;
});

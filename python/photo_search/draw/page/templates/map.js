// The map: a canvas with a point for every photo, the names of clusters, and photos if there is
// room.
const map = document.querySelector(".with-points");
const canvas = map.querySelector("canvas");
const prints = map.querySelector("ul");
const told = document.querySelector("[role=status]");
const pen = canvas.getContext("2d");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const DEEPEST = 256, REACH = 12, ROOM = 44, MARGIN = 28, AROUND = 24;

const photos = [];  // {id, x, y, cluster}, in the order of clusters
// {id, name, label, colour, x, y, from, to}, the largest first; its name is drawn above x, y
const clusters = [];
const facts = new Map();  // by photo id: {picture, size, description}
const shown = new Map(); // by photo: its list item
let whole; // {left, top, width, height} of all points
// the center of the view, and how much larger it is than the whole map
let view = { x: 0, y: 0, zoom: 1 };
let width, height, marked, pointed, lit, settling, moving;

// ---------- from the map to the screen and back
const scale = () => view.zoom * Math.min((width - 2 * MARGIN) / whole.width, (height - 2 * MARGIN) / whole.height);
const across = (x) => (x - view.x) * scale() + width / 2;
const down = (y) => (y - view.y) * scale() + height / 2;
const isSeen = ({ x, y }) => Math.abs(across(x) - width / 2) < width / 2 && Math.abs(down(y) - height / 2) < height / 2;

function boxOf(some) {
    const [xs, ys] = [some.map(({ x }) => x), some.map(({ y }) => y)];
    const least = (values) => values.reduce((a, b) => Math.min(a, b));
    const most = (values) => values.reduce((a, b) => Math.max(a, b));
    const [left, top] = [least(xs), least(ys)];
    return { left, top, width: Math.max(1, most(xs) - left), height: Math.max(1, most(ys) - top) };
}

function around(some) {
    const box = boxOf(some);
    const zoom = Math.min(whole.width / box.width, whole.height / box.height);
    return { x: box.left + box.width / 2, y: box.top + box.height / 2, zoom: Math.min(zoom, DEEPEST) };
}

function nearest(x, y, many) {
    const far = (photo) => (photo.x - x) ** 2 + (photo.y - y) ** 2;
    return photos.map((photo) => [far(photo), photo]).sort(([a], [b]) => a - b).slice(0, many).map(([, photo]) => photo);
}

function photoAt({ x, y }) {
    let best, least = REACH ** 2;
    for (const photo of photos) {
        const far = (across(photo.x) - x) ** 2 + (down(photo.y) - y) ** 2;
        if (far < least) [best, least] = [photo, far];
    }
    return best;
}

// ---------- drawing
const drawSoon = (() => {
    let waits = false;
    return () => {
        if (waits) return;
        waits = true;
        requestAnimationFrame(() => { waits = false; draw(); });
    };
})();

function draw() {
    pen.clearRect(0, 0, width, height);
    const roomy = 0.15 * Math.sqrt((width * height) / photos.length);
    const radius = Math.min(6, Math.min(4, Math.max(1.25, roomy)) * view.zoom ** 0.3);
    for (const cluster of clusters) {
        pen.globalAlpha = lit === undefined || lit === cluster.id ? 0.9 : 0.12;
        pen.fillStyle = cluster.colour;
        drawPoints(cluster, radius);
    }
    pen.globalAlpha = 1;
    drawNames();
    for (const [photo, item] of shown) item.style.transform = `translate(${across(photo.x)}px, ${down(photo.y)}px)`;
}

function drawPoints({ from, to }, radius) {
    const size = scale(), left = width / 2 - view.x * size, top = height / 2 - view.y * size;
    if (radius > 2) pen.beginPath();
    for (let n = from; n < to; n++) {
        const x = photos[n].x * size + left, y = photos[n].y * size + top;
        if (x < -radius || y < -radius || x > width + radius || y > height + radius) continue;
        if (radius > 2) {
            pen.moveTo(x + radius, y);
            pen.arc(x, y, radius, 0, 7);
        } else pen.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    }
    if (radius > 2) pen.fill();
}

function drawNames() {
    const { color, backgroundColor } = getComputedStyle(document.body);
    pen.font = "600 13px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 4;
    const taken = [...shown.keys()].map((photo) => ({ x: across(photo.x), y: down(photo.y), half: 44, tall: 40 }));
    for (const cluster of clusters) {
        if (!isSeen(cluster) || (lit !== undefined && lit !== cluster.id)) continue;
        const half = pen.measureText(cluster.label).width / 2 + 4;
        const x = Math.max(half, Math.min(width - half, across(cluster.x))), y = Math.max(10, down(cluster.y) - 14);
        if (taken.some((other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < other.tall + 9)) continue;
        taken.push({ x, y, half, tall: 9 });
        pen.strokeStyle = backgroundColor;
        pen.strokeText(cluster.label, x, y);
        pen.fillStyle = color;
        pen.fillText(cluster.label, x, y);
    }
}

// ---------- photos, when the map is not moving
function changed() {
    unsettle();
    drawSoon();
    settling = setTimeout(settle, 150);
}

function unsettle() {
    clearTimeout(settling);
    settling = null;
    told.ariaBusy = "true";
}

async function settle() {
    const turn = settling, where = `#${Math.round(view.x)},${Math.round(view.y)},${view.zoom.toPrecision(4)}`;
    if (location.hash !== where) history.replaceState(null, "", where);
    const seen = photos.filter(isSeen);
    const wanted = new Set([marked, pointed].filter(Boolean));
    if (seen.length <= map.dataset.most) withRoom(seen, wanted);
    try {
        await learn([...wanted].filter((photo) => !facts.has(photo.id)));
    } catch {
        return tell("The photos could not be fetched. Load this page again.");
    }
    if (turn !== settling) return;
    show(wanted);
    const pictures = shown.size ? `, ${shown.size.toLocaleString("en")} of them shown` : "";
    tell(`${seen.length.toLocaleString("en")} of ${photos.length.toLocaleString("en")} photos in view${pictures}`);
}

function withRoom(seen, wanted) {
    const far = (a, b) => Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y)) * scale();
    for (const photo of seen) if (![...wanted].some((other) => far(photo, other) < ROOM)) wanted.add(photo);
}

async function learn(unknown) {
    if (!unknown.length) return;
    const response = await fetch(`/map/photos.json?${new URLSearchParams(unknown.map(({ id }) => ["photo", id]))}`);
    if (!response.ok) throw new Error(response.statusText);
    for (const [id, fact] of Object.entries(await response.json())) facts.set(id, fact);
}

function show(wanted) {
    for (const [photo, item] of shown) {
        if (wanted.has(photo) || item.contains(document.activeElement)) continue;
        item.remove();
        shown.delete(photo);
    }
    for (const photo of wanted) {
        if (shown.has(photo) || !facts.get(photo.id)?.picture) continue;
        shown.set(photo, prints.appendChild(print(photo)));
    }
    draw();
}

function print(photo) {
    const { picture, size, description } = facts.get(photo.id);
    const [item, link, image] = ["li", "a", "img"].map((name) => document.createElement(name));
    link.style.borderColor = photo.cluster.colour;
    link.href = `/photo/${photo.id}`;
    link.title = photo.cluster.name;
    link.draggable = image.draggable = false;
    [image.width, image.height] = size;
    image.alt = description || "Photo without a description";
    image.src = picture;
    item.classList.toggle("marked", photo === marked);
    link.append(image);
    item.append(link);
    return item;
}

function tell(text) {
    if (told.textContent !== text) told.textContent = text;
    told.ariaBusy = "false";
}

// ---------- moving
function look({ x, y, zoom }) {
    const inside = (value, from, length) => Math.min(from + length, Math.max(from, value));
    view = { x: inside(x, whole.left, whole.width), y: inside(y, whole.top, whole.height), zoom: inside(zoom, 1, DEEPEST - 1) };
    changed();
}

function glide(to) {
    unsettle();
    cancelAnimationFrame(moving);
    if (calm.matches) return look(to);
    const from = view, start = performance.now();
    const step = (now) => {
        const part = Math.min(1, Math.max(0, (now - start) / 250));
        const between = (name) => from[name] + (to[name] - from[name]) * part;
        look({ x: between("x"), y: between("y"), zoom: from.zoom * (to.zoom / from.zoom) ** part });
        if (part < 1) moving = requestAnimationFrame(step);
    };
    moving = requestAnimationFrame(step);
}

const everything = () => ({ x: whole.left + whole.width / 2, y: whole.top + whole.height / 2, zoom: 1 });

function zoomed(factor, at = { x: width / 2, y: height / 2 }) {
    const zoom = Math.min(DEEPEST, Math.max(1, view.zoom * factor));
    const kept = (1 - view.zoom / zoom) / scale();
    return { x: view.x + (at.x - width / 2) * kept, y: view.y + (at.y - height / 2) * kept, zoom };
}

const shifted = (x, y) => ({ ...view, x: view.x - x / scale(), y: view.y - y / scale() });

// ---------- pointers
const fingers = new Map();
let travelled = 0;
const place = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
};

map.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest("button")) return;
    fingers.set(event.pointerId, place(event));
    travelled = 0;
});
map.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId), now = place(event);
    if (!before) return event.target.closest("li") || point(now);
    const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    fingers.set(event.pointerId, now);
    travelled += Math.hypot(now.x - before.x, now.y - before.y);
    if (travelled < 4) return;
    map.setPointerCapture(event.pointerId);
    map.classList.add("dragging");
    if (!other) return look(shifted(now.x - before.x, now.y - before.y));
    const apart = (at) => Math.hypot(at.x - other.x, at.y - other.y);
    look(zoomed(apart(now) / apart(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }));
});
for (const name of ["pointerup", "pointercancel"]) {
    addEventListener(name, (event) => {
        fingers.delete(event.pointerId);
        map.classList.toggle("dragging", fingers.size > 0 && travelled >= 4);
    });
}
map.addEventListener("click", (event) => {
    if (event.detail && travelled >= 4) return event.preventDefault(); // the end of a drag
    const photo = event.target === canvas && photoAt(place(event));
    if (photo) location.assign(`/photo/${photo.id}`);
}, { capture: true });
map.addEventListener("wheel", (event) => {
    if (view.zoom === 1 && event.deltaY > 0 && !event.ctrlKey) return;  // let the page scroll
    event.preventDefault();
    const pixels = event.deltaY * [1, 30, 300][event.deltaMode];
    look(zoomed(Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.002)), place(event)));
}, { passive: false });

function point(at) {
    const photo = photoAt(at);
    if (photo === pointed) return;
    pointed = photo;
    map.classList.toggle("pointing", Boolean(photo));
    changed();
}

// ---------- keys and buttons
const KEYS = {
    ArrowLeft: () => shifted(width / 5, 0),
    ArrowRight: () => shifted(-width / 5, 0),
    ArrowUp: () => shifted(0, height / 5),
    ArrowDown: () => shifted(0, -height / 5),
    "+": () => zoomed(2),
    "=": () => zoomed(2),
    "-": () => zoomed(0.5),
    0: everything,
};
map.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in KEYS)) return;
    event.preventDefault();
    glide(KEYS[event.key]());
});
for (const button of map.querySelectorAll("[data-zoom]")) {
    const factor = Number(button.dataset.zoom);
    button.addEventListener("click", () => glide(factor ? zoomed(factor) : everything()));
}
for (const link of document.querySelectorAll(".legend a")) {
    const light = (id) => () => { lit = id; drawSoon(); };
    for (const name of ["pointerenter", "focus"]) link.addEventListener(name, light(Number(link.dataset.cluster)));
    for (const name of ["pointerleave", "blur"]) link.addEventListener(name, light());
}

// ---------- beginning
function fill(received) {
    for (const { id, name, colour, photos: ids, x, y } of received) {
        const cluster = { id, name, colour, from: photos.length, label: name.length > 40 ? `${name.slice(0, 39)}…` : name };
        ids.forEach((photo, n) => photos.push({ id: photo, x: x[n], y: y[n], cluster }));
        const most = Math.ceil(0.8 * ids.length);  // without the points farthest from its center
        const middle = x.slice(0, most).reduce((a, b) => a + b) / most;
        clusters.push(Object.assign(cluster, { to: photos.length, x: middle, y: Math.min(...y.slice(0, most)) }));
    }
    whole = boxOf(photos);
}

function firstLook() {
    const kept = location.hash.match(/^#(\d+),(\d+),([\d.]+)$/);
    marked = photos.find(({ id }) => id === map.dataset.photo);
    if (kept) return { x: Number(kept[1]), y: Number(kept[2]), zoom: Number(kept[3]) };
    if (marked) return { ...around(nearest(marked.x, marked.y, AROUND)), x: marked.x, y: marked.y };
    const cluster = clusters.find(({ id }) => String(id) === map.dataset.cluster);
    return cluster ? around(photos.slice(cluster.from, cluster.to)) : everything();
}

function measure() {
    const sharp = devicePixelRatio;
    [width, height] = [canvas.clientWidth, canvas.clientHeight];
    [canvas.width, canvas.height] = [width * sharp, height * sharp];
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    draw();
}

map.hidden = document.querySelector("#map-help").hidden = false;
map.inert = true;  // it cannot be moved yet
tell("The points are being fetched…");
try {
    const response = await fetch("/map/points.json");
    if (!response.ok) throw new Error(response.statusText);
    fill(await response.json());
    map.inert = false;
    [width, height] = [canvas.clientWidth, canvas.clientHeight];
    look(firstLook());
    new ResizeObserver(() => { measure(); changed(); }).observe(canvas);
    for (const media of ["print", "(prefers-color-scheme: dark)"]) matchMedia(media).addEventListener("change", draw);
} catch {
    tell("The points could not be fetched. Load this page again.");
}

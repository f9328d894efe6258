// Check-in by camera or typing. What was scanned is kept on the device until the server has it;
// a scan has its own id, so it may be sent any number of times.

const root = document.querySelector("[data-check-in]");
const { api, decode, slug, day, session } = root.dataset;
const part = (name) => root.querySelector(`[data-${name}]`);
const word = (name) => root.getAttribute(`data-word-${name}`) ?? "";
const figures = new Intl.NumberFormat(document.documentElement.lang);
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short", timeZone: root.dataset.zone });
const wait = (ms) => new Promise((wake) => setTimeout(wake, ms));

const KEPT = `check-in:${slug}:`;
const PART = 100; // scans in one request
const REFUSED = [400, 413, 422]; // a scan, for good; others mean the line, the account or all
const PATIENCE = 6000; // ms for one answer
const AGAIN = 4000; // ms out of sight, and the same ticket is a new scan
const TONES = { checked_in: "good", kept: "good", already: "waits", undone: "waits", unchecked: "waits" };
const SIGNS = { good: "✓", waits: "!", bad: "✕" };

let people = new Map(); // code -> name and library; only in memory, so they leave with the page

function read(text) {
  const ticket = /\/t\/([^/?#\s]+)/.exec(text);
  const plain = (ticket ? ticket[1] : text).toUpperCase().replace(/[^0-9A-Z]/g, "");
  return plain.length === 10 || plain.length === 11 ? `${plain.slice(0, 5)}-${plain.slice(5)}` : "";
}

async function ask(path, options = {}) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  const answer = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...options });
  part("signed-out").hidden = answer.status !== 401;
  if (!answer.ok) throw answer.status;
  return answer.status === 204 ? null : answer.json();
}

// --- what is not sent yet: an entry for each scan, so that two tabs do not overwrite each other

function kept() {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(KEPT))
    .map((key) => JSON.parse(localStorage.getItem(key)))
    .sort((a, b) => (a.at < b.at ? -1 : 1));
}

function tellKept() {
  const number = kept().length;
  part("kept").hidden = number === 0;
  part("kept").textContent = word("waiting").replace("{n}", figures.format(number));
}

async function send() {
  const results = new Map();
  for (let size = PART, scans = kept(); scans.length; scans = kept()) {
    const sent = scans.slice(0, size);
    const items = await post(sent).catch((error) => {
      if (!REFUSED.includes(error)) throw error;
      size = sent.length > 1 ? 1 : PART; // which of them it is, they tell one by one
      return sent.length > 1 ? [] : [{ id: sent[0].id, status: "unknown" }];
    });
    for (const item of items) {
      const { late, code } = sent.find(({ id }) => id === item.id);
      localStorage.removeItem(KEPT + item.id);
      results.set(item.id, item);
      // Nobody stands there any more, so it is written down.
      if (late && !["checked_in", "already"].includes(item.status)) tellRefused(code, item.status);
    }
    tellKept();
  }
  return results;
}

async function post(scans) {
  return (await ask(`${api}/check-ins`, { method: "POST", body: JSON.stringify({ scans }) })).items;
}

let sending = Promise.resolve();
function flush() {
  sending = sending.catch(() => {}).then(send);
  return sending;
}

function tellRefused(code, status) {
  const line = document.createElement("li");
  line.textContent = `${code}: ${word(status)}`;
  part("refused").append(line);
  part("refused").hidden = false;
}

async function scan(text) {
  const code = read(text);
  if (!code) return show("unknown", {});
  const before = kept().find((one) => one.code === code && one.day === day && (one.session_id ?? "") === session);
  if (before && !navigator.onLine) return show("already", { ...people.get(code), at: before.at, check_in_id: before.id });
  const id = newId();
  const entry = { id, code, day, session_id: session || null, at: new Date().toISOString(), device: root.dataset.device };
  localStorage.setItem(KEPT + id, JSON.stringify(entry));
  tellKept();
  try {
    const result = (await flush()).get(id);
    if (result) show(result.status, result);
    count();
  } catch {
    if (localStorage.getItem(KEPT + id)) localStorage.setItem(KEPT + id, JSON.stringify({ ...entry, late: true }));
    show(people.has(code) ? "kept" : "unchecked", { ...people.get(code), check_in_id: id });
  }
}

function newId() {
  // randomUUID is only there where the page is safe, and a hall's own network may not be.
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
}

// --- the result, large

function show(status, { name, library, at, by, check_in_id: id }) {
  const tone = TONES[status] ?? "bad";
  const box = document.createElement("section");
  box.className = `notice ${tone}`;
  line(box, "h1", `${SIGNS[tone]} ${word(status)}`);
  if (name) line(line(box, "p", ""), "strong", name);
  if (library) line(box, "p", library);
  if (status === "already" && at) line(box, "p", [clock.format(new Date(at)), by].filter(Boolean).join(" · "));
  if (id && ["checked_in", "already", "kept"].includes(status)) {
    const button = line(box, "button", word("undo"));
    button.className = "quiet";
    button.addEventListener("click", () => undo(id, name));
  }
  part("result").replaceChildren(box);
  part("candidates").replaceChildren();
  navigator.vibrate?.(tone === "good" ? 80 : [80, 60, 80]);
}

function line(box, kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  box.append(made);
  return made;
}

async function undo(id, name) {
  try {
    await sending.catch(() => {});
    if (localStorage.getItem(KEPT + id)) localStorage.removeItem(KEPT + id);
    else await ask(`${api}/check-ins/${id}`, { method: "DELETE" });
    show("undone", { name });
  } catch {
    show("no-line", { name });
  }
  tellKept();
  count();
}

// --- typing

const form = part("typed");
form.addEventListener("submit", (event) => {
  const input = form.querySelector("input[name=q]");
  const code = read(input.value);
  const found = people.has(code) ? [] : named(input.value.trim().toLowerCase());
  if (!people.size || (!code && !found.length && navigator.onLine)) return; // the server looks
  event.preventDefault();
  if (found.length) choose(found);
  else scan(input.value);
  input.value = "";
  input.focus();
});

function named(words) {
  return [...people].filter(([, { name }]) => words && name.toLowerCase().includes(words)).slice(0, 20);
}

function choose(found) {
  part("result").replaceChildren();
  part("candidates").replaceChildren(
    ...found.map(([code, { name, library }]) => {
      const paragraph = document.createElement("p");
      const button = line(paragraph, "button", `${name} (${library})`);
      button.type = "button";
      button.className = "quiet";
      button.addEventListener("click", () => scan(code));
      return paragraph;
    }),
  );
}

// --- camera

const video = part("video");
let stream = null;

async function readsAlone() {
  return "BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
}

async function reader() {
  if (await readsAlone()) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return [150, async () => (await detector.detect(video))[0]?.rawValue];
  }
  const canvas = document.createElement("canvas");
  let blind = false;
  return [500, async () => {
    const scale = Math.min(1, 800 / video.videoWidth);
    canvas.width = video.videoWidth * scale;
    canvas.height = video.videoHeight * scale;
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    const body = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.7));
    try {
      const { text } = await ask(decode, { method: "POST", body, headers: { "Content-Type": "image/jpeg" } });
      blind = false;
      return text;
    } catch (error) {
      // A number is the server's no; anything else means that it was not reached.
      if (stream && !blind && typeof error !== "number") typeInstead();
      blind = typeof error !== "number";
      return null;
    }
  }];
}

function typeInstead() {
  show("camera-blind", {});
  form.querySelector("input[name=q]").focus();
}

async function look() {
  const [pause, see] = await reader();
  let last = "";
  let seen = 0;
  while (stream) {
    const text = document.hidden ? null : await see().catch(() => null);
    if (text && (text !== last || Date.now() - seen > AGAIN)) await scan(text);
    if (text) [last, seen] = [text, Date.now()];
    await wait(pause);
  }
}

part("camera-button").addEventListener("click", async () => {
  if (stream) {
    stream.getTracks().forEach((track) => track.stop());
    stream = null;
  } else {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
      video.srcObject = stream;
      await video.play();
      look();
    } catch {
      show("no-camera", {});
    }
  }
  video.hidden = !stream;
  part("camera-button").textContent = word(stream ? "camera-off" : "camera-on");
});

// --- how many are there, and who may come

async function count() {
  const query = new URLSearchParams(session ? { day, session_id: session } : { day });
  try {
    const { present, approved } = await ask(`${api}/attendance?${query}`);
    part("present").textContent = figures.format(present);
    part("approved").textContent = figures.format(approved);
  } catch {
    // The figure stays as it was; the next one comes in five seconds.
  }
}

async function load() {
  try {
    const { items } = await ask(`${api}/attendees`);
    people = new Map(items.map(({ code, ...person }) => [code, person]));
  } catch {
    // The list of before serves on.
  }
}

async function merge() {
  tellKept();
  if (kept().length) await flush().then(count, () => {});
}

video.style.maxWidth = "100%";
part("camera").hidden = !navigator.mediaDevices;
readsAlone().then((alone) => (part("camera-hint").hidden = alone));
part("stay").hidden = false;
addEventListener("online", () => load().then(merge));
setInterval(() => document.hidden || count(), 5000);
setInterval(merge, 10000);
setInterval(load, 300000);
load().then(merge);
root.dataset.ready = "yes";

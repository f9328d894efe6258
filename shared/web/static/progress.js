// Keeps `progress` alive: asks once a second, stops when the job has ended, and then offers the file.

const EVERY = 1000; // ms
const SLOWEST = 30000; // ms, when the line or the server is down
const ENDED = new Set(["done", "failed", "cancelled"]);
const figures = new Intl.NumberFormat(document.documentElement.lang);

function show(root, job) {
  const part = (selector) => root.querySelector(selector);
  const state = part(".tag");
  root.dataset.state = job.status;
  state.className = `tag ${job.status}`;
  const word = root.getAttribute(`data-word-${job.status}`) ?? job.status;
  // A live region speaks whenever it is written to, so write only news.
  if (state.textContent !== word) state.textContent = word;
  const bar = part("progress");
  bar.max = job.total || 1;
  bar.value = job.done;
  part("[data-done]").textContent = figures.format(job.done);
  part("[data-total]").textContent = figures.format(job.total);
  part(".left").textContent = job.status === "running" ? left(root, job.seconds_left) : "";
  if (job.download) {
    part(".file a").href = job.download;
    part(".file").hidden = false;
  }
}

function left(root, seconds) {
  if (seconds === null || seconds === undefined) return "";
  const [text, n] = seconds < 60 ? [root.dataset.seconds, Math.round(seconds)] : [root.dataset.minutes, Math.ceil(seconds / 60)];
  return text.replace("{n}", figures.format(n));
}

async function follow(root) {
  let wait = EVERY;
  root.querySelector(".again").hidden = true;
  while (!ENDED.has(root.dataset.state)) {
    await new Promise((wake) => setTimeout(wake, wait));
    try {
      const answer = await fetch(root.dataset.source, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      show(root, await answer.json());
      wait = EVERY;
      // What one can do now (download, order again) and why it failed are on the page anew.
      if (ENDED.has(root.dataset.state)) location.reload();
    } catch {
      wait = Math.min(wait * 2, SLOWEST);
    }
  }
}

for (const root of document.querySelectorAll("[data-progress]")) follow(root);

// Makes chosen photos small before they are sent: a village line takes minutes for what a phone's
// camera makes. What a browser cannot read is sent as it is, and the server judges it. What is too
// much for one form is said beside its field, as the server would refuse all that was typed with it.

const LONGEST = 1600; // pixels, as the server keeps them
const SMALL = 400 * 1024; // bytes, not worth the work

async function shrunk(file) {
  if (!file.type.startsWith("image/") || file.size < SMALL) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff"; // where a picture is transparent
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg" });
  } catch {
    return file;
  }
}

const inputs = [...document.querySelectorAll("input[type=file]")];
const weight = (input) => [...input.files].reduce((bytes, file) => bytes + file.size, 0);

function say(input, text) {
  const id = `${input.id}-error`;
  const others = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  document.getElementById(id)?.remove();
  input.closest(".field").classList.toggle("wrong", Boolean(text));
  input.toggleAttribute("data-told", Boolean(text));
  if (text) {
    const note = document.createElement("p");
    Object.assign(note, { id, className: "error", role: "alert", textContent: text });
    input.before(note);
    others.push(id);
    input.setAttribute("aria-invalid", "true");
    for (let part = input.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  } else {
    input.removeAttribute("aria-invalid");
  }
  input.setAttribute("aria-describedby", others.join(" "));
}

// The field with too much in it, which then says so; nothing when all may be sent.
function tooMuch(form) {
  const sent = inputs.filter((input) => input.form === form && !input.disabled);
  const bytes = sent.reduce((sum, input) => sum + weight(input), 0);
  for (const input of sent) if ("told" in input.dataset) say(input, "");
  const heaviest = sent.sort((a, b) => weight(b) - weight(a))[0];
  if (!heaviest || bytes <= Number(heaviest.dataset.most)) return null;
  const megabytes = (Math.ceil((bytes / 2 ** 20) * 10) / 10).toLocaleString(document.documentElement.lang);
  say(heaviest, heaviest.dataset.tooMuch.replace("{n}", megabytes));
  return heaviest;
}

async function shrink(input) {
  const chosen = [...input.files];
  const small = await Promise.all(chosen.map(shrunk));
  // Somebody chose others meanwhile, or nothing became smaller.
  if (chosen.some((file, at) => file !== input.files[at])) return;
  if (small.every((file, at) => file === chosen[at])) return;
  const files = new DataTransfer();
  for (const file of small) files.items.add(file);
  input.files = files.files;
}

for (const input of inputs) {
  input.addEventListener("change", async () => {
    await shrink(input);
    tooMuch(input.form);
  });
}

for (const form of new Set(inputs.map((input) => input.form))) {
  form.addEventListener("submit", (event) => {
    const field = tooMuch(form);
    if (!field) return;
    event.preventDefault();
    field.focus();
  });
}

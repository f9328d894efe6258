// Makes chosen photos small before they are sent: a village line takes minutes for what a phone's
// camera makes. What a browser cannot read is sent as it is, and the server judges it.

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

for (const input of document.querySelectorAll("input[type=file][accept*='image/']")) {
  input.addEventListener("change", async () => {
    const chosen = [...input.files];
    const small = await Promise.all(chosen.map(shrunk));
    // Somebody chose others meanwhile, or nothing became smaller.
    if (chosen.some((file, at) => file !== input.files[at])) return;
    if (small.every((file, at) => file === chosen[at])) return;
    const files = new DataTransfer();
    for (const file of small) files.items.add(file);
    input.files = files.files;
  });
}

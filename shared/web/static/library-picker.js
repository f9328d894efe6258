// Suggests libraries of the directory while somebody types a name (WAI-ARIA combobox with a list).
// The id of a chosen one goes along hidden; any other name is as good, and without an answer from
// the directory the field stays a plain one.

const WAIT = 180; // ms of silence before we ask
const FEWEST = 2; // letters

class LibraryPicker {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector("[name=library_name]");
    this.id = root.querySelector("[name=library_id]");
    this.items = [];
    this.active = -1;
    this.build();
    const on = (name, act) => this.input.addEventListener(name, act);
    on("input", () => this.typing());
    on("keydown", (event) => this.key(event));
    on("blur", () => this.close());
    this.box.addEventListener("mousedown", (event) => event.preventDefault());
    this.box.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.index));
    });
  }

  build() {
    this.box = document.createElement("ul");
    this.box.id = `${this.input.id}-options`;
    this.box.setAttribute("role", "listbox");
    this.box.setAttribute("aria-label", this.input.labels[0].textContent.trim());
    this.box.hidden = true;
    this.status = document.createElement("p");
    this.status.className = "visually-hidden";
    this.status.setAttribute("role", "status");
    // The same dress as the region picker's.
    const dress = document.createElement("div");
    dress.className = "region";
    dress.dataset.ready = "typing";
    const typed = document.createElement("div");
    typed.className = "region-typed";
    this.input.replaceWith(dress);
    dress.append(typed);
    typed.append(this.input, this.box, this.status);
    const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false" };
    for (const [name, value] of Object.entries(attributes)) this.input.setAttribute(name, value);
    this.input.setAttribute("aria-controls", this.box.id);
    this.input.autocomplete = "off";
  }

  typing() {
    this.id.value = "";
    clearTimeout(this.timer);
    if (this.input.value.trim().length < FEWEST) this.close();
    else this.timer = setTimeout(() => this.ask(), WAIT);
  }

  async ask() {
    this.asked?.abort();
    this.asked = new AbortController();
    const region = this.region() || this.root.dataset.within;
    const query = new URLSearchParams({ q: this.input.value.trim(), region });
    try {
      const answer = await fetch(`${this.root.dataset.source}?${query}`, { signal: this.asked.signal });
      if (answer.ok) this.show((await answer.json()).items);
    } catch {
      this.close();
    }
  }

  // The kab/kota of what was chosen above, if anything was.
  region() {
    const chosen = [...this.input.form.querySelectorAll("[name=region_code]")];
    const code = chosen.filter((one) => one.value && !one.disabled).at(-1)?.value ?? "";
    return code.split(".").slice(0, 2).join(".");
  }

  show(items) {
    if (document.activeElement !== this.input) return;
    this.items = items;
    this.box.replaceChildren(...items.map((item, index) => {
      const option = document.createElement("li");
      option.id = `${this.box.id}-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.index = index;
      const where = document.createElement("small");
      where.textContent = item.label;
      option.append(item.name, where);
      return option;
    }));
    this.box.hidden = items.length === 0;
    this.input.setAttribute("aria-expanded", String(items.length > 0));
    this.status.textContent = items.length ? this.root.dataset.found.replace("{n}", items.length) : "";
    this.move(-1);
  }

  key(event) {
    if (this.box.hidden) return;
    const last = this.items.length - 1;
    if (event.key === "ArrowDown") this.move(this.active >= last ? 0 : this.active + 1);
    else if (event.key === "ArrowUp") this.move(this.active <= 0 ? last : this.active - 1);
    else if (event.key === "Enter" && this.active >= 0) this.choose(this.active);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  move(index) {
    this.box.children[this.active]?.setAttribute("aria-selected", "false");
    this.active = index;
    const option = this.box.children[index];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  choose(index) {
    this.input.value = this.items[index].name;
    this.id.value = this.items[index].id;
    this.close();
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.box.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.move(-1);
  }
}

for (const root of document.querySelectorAll("[data-library-picker]")) new LibraryPicker(root);

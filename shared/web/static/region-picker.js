// Turns the lists of `region_field` into one text field with suggestions (WAI-ARIA combobox with a
// list). The chosen code goes into a hidden field; when the line fails, the lists come back. A region
// that is too large to be an answer leads to the lists below it.

import { Cascade, level } from "./region-lists.js";

const WAIT = 180; // ms of silence before we ask; a village line is slow
const FEWEST = 2; // letters

class RegionPicker {
  constructor(root) {
    this.root = root;
    this.typed = root.querySelector(".region-typed");
    this.lists = root.querySelector(".region-lists");
    this.input = root.querySelector("[role=combobox]");
    this.box = root.querySelector("[role=listbox]");
    this.code = root.querySelector("input[type=hidden]");
    this.status = root.querySelector("[role=status]");
    this.least = Number(root.dataset.least);
    this.deepest = Number(root.dataset.deepest);
    this.cascade = new Cascade(root, this.lists);
    this.items = [];
    this.active = -1;
    this.listen();
    const listed = this.lists.querySelector("option:checked:not([value=''])");
    if (listed && !this.input.value) this.toLists();
    else this.toTyping();
    // Somebody was quicker than this script.
    if (document.activeElement === this.input && this.input.value && !this.code.value) this.ask();
  }

  listen() {
    const on = (name, act) => this.input.addEventListener(name, act);
    on("input", () => this.typing());
    on("keydown", (event) => this.key(event));
    on("focus", () => this.code.value && this.input.select()); // the next letter starts anew
    on("blur", () => this.close());
    // A press would take the focus away, and so close the list, before the click arrives.
    this.box.addEventListener("mousedown", (event) => event.preventDefault());
    this.box.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.index));
    });
    // The error summary leads to the group; the person wants the field in it.
    this.root.addEventListener("focus", () => this.input.focus());
    this.root.querySelector("[data-to-lists]").addEventListener("click", () => this.toLists(true));
    this.root.querySelector("[data-to-typing]").addEventListener("click", () => this.toTyping(true));
  }

  // What is out of the page sends nothing and answers no Enter key.
  toTyping(focus) {
    this.lists.remove();
    this.root.append(this.typed);
    this.code.disabled = false;
    this.root.dataset.ready = "typing";
    if (focus) this.input.focus();
  }

  toLists(focus) {
    this.typed.remove();
    this.root.append(this.lists);
    this.lists.querySelector("[data-to-typing]").hidden = false;
    this.root.dataset.ready = "lists";
    if (focus) this.lists.querySelector("select")?.focus();
  }

  typing() {
    this.code.value = "";
    clearTimeout(this.timer);
    if (this.input.value.trim().length < FEWEST) this.close();
    else this.timer = setTimeout(() => this.ask(), WAIT);
  }

  async ask() {
    this.asked?.abort();
    this.asked = new AbortController();
    const words = this.input.value.trim();
    const query = new URLSearchParams({ q: words, within: this.root.dataset.within });
    try {
      const answer = await fetch(`${this.root.dataset.source}?${query}`, { signal: this.asked.signal });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const { items } = await answer.json();
      this.show(items.filter((item) => level(item.code) <= this.deepest && level(item.code) > 1), words);
    } catch (error) {
      if (error.name !== "AbortError") this.toLists(this.root.contains(document.activeElement));
    }
  }

  show(items, words) {
    if (document.activeElement !== this.input) return;
    this.items = items;
    this.box.replaceChildren(...items.map((item, index) => this.option(item, index, words)));
    this.box.hidden = items.length === 0;
    this.input.setAttribute("aria-expanded", String(items.length > 0));
    const { found, none } = this.root.dataset;
    this.status.textContent = items.length ? found.replace("{n}", items.length) : none;
    this.status.classList.toggle("visually-hidden", items.length > 0);
    this.move(-1);
  }

  option(item, index, words) {
    const option = document.createElement("li");
    option.id = `${this.box.id}-${index}`;
    option.setAttribute("role", "option");
    option.dataset.index = index;
    option.setAttribute("aria-selected", "false");
    const where = document.createElement("small");
    const name = `${item.name}, `; // the label says it again
    where.append(...marked(item.label.startsWith(name) ? item.label.slice(name.length) : item.label, words));
    option.append(...marked(item.name, words), where);
    return option;
  }

  key(event) {
    const open = !this.box.hidden;
    const last = this.items.length - 1;
    if (event.key === "ArrowDown" && !open) this.typing();
    else if (event.key === "ArrowDown") this.move(this.active >= last ? 0 : this.active + 1);
    else if (event.key === "ArrowUp" && open) this.move(this.active <= 0 ? last : this.active - 1);
    else if (event.key === "Enter" && open) this.choose(Math.max(this.active, 0));
    else if (event.key === "Escape" && open) this.close();
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
    const item = this.items[index];
    if (level(item.code) < this.least) {
      this.close();
      this.toLists();
      this.cascade.descend(item.code);
      return;
    }
    this.input.value = item.label;
    this.code.value = item.code;
    this.input.removeAttribute("aria-invalid");
    this.close();
    this.status.textContent = item.label;
    this.root.dispatchEvent(new CustomEvent("region-chosen", { bubbles: true, detail: item }));
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.box.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.status.classList.add("visually-hidden");
    this.move(-1);
  }
}

function marked(text, words) {
  const at = text.toLowerCase().indexOf(words.toLowerCase());
  if (at < 0) return [text];
  const mark = document.createElement("mark");
  mark.textContent = text.slice(at, at + words.length);
  return [text.slice(0, at), mark, text.slice(at + words.length)];
}

for (const root of document.querySelectorAll("[data-region-picker]")) new RegionPicker(root);

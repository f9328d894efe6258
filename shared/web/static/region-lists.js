// The lists of `region_field`: as soon as something is chosen, the list of what lies in it comes.
// When the line fails, the button asks the server for it, as without this script.

export const level = (code) => code.split(".").length;

export class Cascade {
  constructor(root, lists) {
    this.root = root;
    this.lists = lists;
    this.more = lists.querySelector("[name=choose_region]");
    this.more.hidden = true;
    lists.addEventListener("change", (event) => this.below(event.target));
  }

  // Those of an earlier choice go; an answer that comes too late finds its place taken.
  async below(list, focus) {
    const all = [...this.lists.querySelectorAll("select")];
    for (const later of all.slice(all.indexOf(list) + 1)) later.parentElement.remove();
    const code = list.value;
    if (!code || level(code) >= Number(this.root.dataset.deepest)) return;
    try {
      const query = new URLSearchParams({ parent: code });
      const answer = await fetch(`${this.root.dataset.source}?${query}`);
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const { items } = await answer.json();
      if (list.value !== code || list.parentElement.nextElementSibling?.matches("label")) return;
      const next = this.list(list.name, level(code) + 1, items);
      list.parentElement.after(next);
      if (focus) next.querySelector("select").focus();
    } catch {
      this.more.hidden = false;
    }
  }

  list(name, at, items) {
    const { labels, choose } = this.root.dataset;
    const select = document.createElement("select");
    select.name = name;
    select.append(new Option(choose, ""), ...items.map((item) => new Option(item.name, item.code)));
    const label = document.createElement("label");
    label.append(labels.split("|")[at - 2], select);
    return label;
  }

  // Open the lists down to a region, and go to the one below it.
  async descend(code) {
    const parts = code.split(".");
    for (let at = 2; at <= parts.length; at += 1) {
      const list = this.lists.querySelectorAll("select")[at - 2];
      if (!list) return;
      list.value = parts.slice(0, at).join(".");
      await this.below(list, at === parts.length);
    }
  }
}

// Shows a part of a form only after the answers that it is for; what is hidden is not sent.
// <div data-show-if="participant_type=impact,champion_village q_bus=yes">: every condition holds.

const parts = [...document.querySelectorAll("[data-show-if]")].map((part) => ({
  part,
  form: part.closest("form"),
  conditions: part.dataset.showIf.split(" ").map((one) => {
    const [name, values] = one.split("=");
    return { name, values: values.split(",") };
  }),
}));

// It says in words what this script does.
for (const { part } of parts) {
  for (const words of part.querySelectorAll("[data-condition]")) words.hidden = true;
}

function update() {
  // From the top down: the answer of a question that is hidden by now does not count.
  for (const { part, form, conditions } of parts) {
    const given = new FormData(form);
    const shown = conditions.every(({ name, values }) =>
      given.getAll(name).some((value) => values.includes(value)));
    part.hidden = !shown;
    for (const control of part.querySelectorAll("input, select, textarea")) {
      control.disabled = !shown;
    }
  }
}

document.addEventListener("change", update);
window.addEventListener("pageshow", update); // the back button brings answers with it
update();

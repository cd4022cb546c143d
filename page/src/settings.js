/** The settings that a model has: its domains, and its ways to make styles. */

import { choices, find } from "./elements.js";

const WORDS = { random: "Random", mixture: "Mixture", reference: "From a reference" };
const PANELS = {
  random: ["random", "truncation"],
  mixture: ["mixture", "truncation"],
  reference: ["reference"],
};

/** Shows them with what is chosen; `draw` is called when that has changed. */
export function showSettings(model, chosen, draw) {
  if (chosen.mode === "label") showLabel(model, chosen, draw);
  else showDomains(model, chosen, draw);
  showModes(model, chosen, draw);
  showPanels(chosen.mode);
}

function showDomains(model, chosen, draw) {
  find("#domains legend").textContent = "Domain";
  choices(find("#domains .choices"), "radio", model.domains, [chosen.domain], (index) => {
    chosen.domain = index;
    draw();
  });
}

/** A label is a yes or no for each domain or attribute. */
function showLabel(model, chosen, draw) {
  find("#domains legend").textContent = "Label";
  const on = [...chosen.label.keys()].filter((index) => chosen.label[index]);
  const boxes = choices(find("#domains .choices"), "checkbox", model.domains, on, (index, checked) => {
    chosen.label[index] = Number(checked);
    if (checked) chosen.label = model.restricted(chosen.label, index);
    for (const [other, box] of boxes.entries()) box.checked = Boolean(chosen.label[other]);
    draw();
  });
}

function showModes(model, chosen, draw) {
  const modes = model.modes.filter((mode) => WORDS[mode]);
  find("#modes").hidden = modes.length < 2;
  const words = modes.map((mode) => WORDS[mode]);
  choices(find("#modes .choices"), "radio", words, [modes.indexOf(chosen.mode)], (index) => {
    chosen.mode = modes[index];
    showPanels(chosen.mode);
    draw();
  });
}

function showPanels(mode) {
  const shown = PANELS[mode] ?? [];
  for (const id of ["random", "mixture", "reference", "truncation"]) {
    find(`#${id}`).hidden = !shown.includes(id);
  }
}

/** What model.json says about a model: size, training, licence, credits. */

import { find } from "./elements.js";

export function showAbout(info) {
  const facts = [
    `${info.name ?? "This model"}${info.version ? `, version ${info.version}` : ""}`,
    `${info.img_size} x ${info.img_size} pixels`,
  ];
  if (info.step) facts.push(`${info.step.toLocaleString("en")} iterations of training`);
  const licence = info.licence ? ` Its training images: ${info.licence}.` : "";
  const faces = info.aligned_faces ? " It takes faces that are aligned as in CelebA-HQ." : "";
  find("#about").textContent = `${facts.join("; ")}.${licence}${faces}`;
  find("#credits").replaceChildren(...credits(info.credits).map(item));
}

/** The sentences that licences ask for. */
function credits(value) {
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap((entry) =>
    typeof entry?.credit === "string" ? [entry.credit] : [],
  );
}

function item(sentence) {
  return Object.assign(document.createElement("li"), { textContent: sentence });
}

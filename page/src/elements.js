/** Elements of the page, and small ones made of code. */

import { fileName } from "./models.js";
import { Problem } from "./problem.js";

export const find = (selector, root = document) => root.querySelector(selector);

/** Shows a Problem's sentence; another error is a fault of the page, and said to be one. */
export function report(error) {
  if (error instanceof Problem) {
    say(error.message);
    return;
  }
  console.error(error);
  say(`The page failed (${error?.message ?? error}): reload it.`);
}

/** Shows a sentence about something that went wrong; none hides the last. */
export function say(sentence = "") {
  const problem = find("#problem");
  problem.hidden = !sentence;
  problem.textContent = sentence;
}

/** Shows what the page is busy with; its progress is not read aloud at every step. */
export function busy(words = "", progress = "") {
  const said = find("#status [role=status]");
  if (said.textContent !== words) said.textContent = words;
  find("#progress").textContent = progress;
}

/** Radio buttons or check boxes that look like pills; gives them. */
export function choices(parent, type, names, chosen, onChange) {
  const name = parent.parentElement.id;
  parent.replaceChildren(
    ...names.map((text, index) => {
      const input = Object.assign(document.createElement("input"), {
        type,
        name,
        value: String(index),
        checked: chosen.includes(index),
      });
      input.addEventListener("change", () => onChange(index, input.checked));
      const label = document.createElement("label");
      label.append(input, text);
      return label;
    }),
  );
  return [...parent.querySelectorAll("input")];
}

/** A button that is an example image. */
export function exampleButton(path, onClick) {
  const image = Object.assign(document.createElement("img"), { src: path, alt: "" });
  const words = fileName(path).replace(/\.\w+$/, "").replaceAll("_", " ");
  const button = Object.assign(document.createElement("button"), { type: "button", title: words });
  button.setAttribute("aria-label", `Example ${words}`);
  button.append(image);
  button.addEventListener("click", onClick);
  return button;
}

/** Hands on what is chosen in a file input. */
export function onChosen(input, take) {
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen again
    if (file) take(file);
  });
}

/** Hands on what is dropped on `other`, or anywhere else on the page, which means `main`. */
export function onDropped(main, other, take) {
  const isMain = (event) => !other.contains(event.target);
  const mark = (element) => {
    for (const target of [main, other]) target.classList.toggle("over", target === element);
  };
  addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(isMain(event) ? main : other);
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? mark());
  addEventListener("drop", (event) => {
    event.preventDefault();
    mark();
    const [file] = event.dataTransfer.files;
    if (file) take(file, isMain(event));
  });
}

/** The page: what is chosen on it, and what is drawn for that. */

import { showAbout } from "./about.js";
import * as elements from "./elements.js";
import { find, report, say } from "./elements.js";
import { drawGrid, removeGrid } from "./grid.js";
import { clear, readImage, save, show } from "./images.js";
import { Model } from "./model.js";
import { download, example, listModels } from "./models.js";
import { Queue } from "./queue.js";
import { showSettings } from "./settings.js";
import { whatIsMissing } from "./support.js";

const ROLES = { image: "#source", reference: "#reference" };
const MODEL_FILE = /\.tflite$/i;
// Milliseconds after which the page says that it is drawing.
const PATIENCE = 300;

/** What is chosen. Images are floats in the size of the model; files, what they were read from. */
const chosen = { mode: "", domain: 0, psi: 0.7, weight: 0.5, label: [] };
const files = {};
const queue = new Queue();
let model;
let listed = [];
let shown = ""; // the value of the choice of models that belongs to `model`
let arriving; // aborts the download that a newer choice of a model has made needless
let drawn = ""; // what the translation on the page is saved as
let ends = []; // what the ends of the mixture on the page were drawn of

/** Does a task in its turn; what goes wrong is shown. */
function enqueue(name, task) {
  return queue.run(name, task).catch(report);
}

/** Draws what is chosen. */
function draw() {
  return enqueue("draw", async () => {
    const missing = allow();
    if (missing) {
      clear(find("#result canvas"));
      find("#time").value = `waits for a ${missing}`;
      return;
    }
    const name = nameOf(model, wordsOf(chosen));
    const slow = setTimeout(() => (find("#time").value = "drawing ..."), PATIENCE);
    try {
      const { image, milliseconds } = await model.translate(chosen.mode, chosen);
      show(find("#result canvas"), image);
      drawn = name;
      if (chosen.mode === "mixture") await drawEnds();
      find("#time").value = `${milliseconds.toFixed(0)} ms`;
    } finally {
      clearTimeout(slow);
    }
  });
}

/** Enables the buttons for which all is chosen; gives what a translation still waits for. */
function allow() {
  const missing = !chosen.image ? "source" : chosen.mode === "reference" && !chosen.reference && "reference";
  for (const id of ["#save", "#again"]) find(id).disabled = Boolean(missing);
  find("#draw-grid").disabled = !chosen.image;
  return missing;
}

/** Draws the two styles of a mixture, at the ends of their slider, unless they are there. */
async function drawEnds() {
  const { image, domain, psi, latents } = chosen;
  const wish = [model, image, domain, psi, ...latents];
  if (wish.every((part, index) => part === ends[index])) return;
  for (const [weight, id] of ["#first", "#second"].entries()) {
    show(find(`${id} canvas`), (await model.translate("mixture", { ...chosen, weight })).image);
  }
  ends = wish;
}

/** Takes a file as the source (`image`) or the `reference`, or as a model. */
function take(role, file) {
  if (MODEL_FILE.test(file.name)) return openFile(file);
  return takeImage(role, () => file);
}

/** Takes the file that `arrive` gives, in its turn: of several, the one that was chosen last. */
function takeImage(role, arrive) {
  return enqueue(role, async () => {
    const file = await arrive();
    if (model) await read(role, file);
    else files[role] = file; // for the model that is on its way
    say();
    if (model) draw();
  });
}

async function read(role, file) {
  chosen[role] = await readImage(file, model.side);
  if (role === "image") removeGrid(); // it shows another one
  files[role] = file;
  show(find(`${ROLES[role]} canvas`), chosen[role]);
}

/** Makes a model the one that draws, with examples to choose from. */
async function use(bytes, name, examples) {
  elements.busy(`Opening ${name} ...`);
  const opened = await Model.open(bytes, name);
  removeGrid();
  model?.close();
  model = opened;
  say();
  Object.assign(chosen, {
    domain: Math.min(chosen.domain, model.domains.length - 1),
    mode: model.modes.includes(chosen.mode) ? chosen.mode : model.modes[0],
    latent: model.randomLatent(),
    latents: [model.randomLatent(), model.randomLatent()],
    label: model.domains.map((_, index) => Number(index === 0)),
  });
  showSettings(model, chosen, draw);
  showExamples(examples);
  showAbout(model.info);
  Object.assign(chosen, { image: undefined, reference: undefined }); // of the size of another model
  allow();
  find("main").hidden = false;
  if (!files.image && examples.length) files.image = await example(examples[0]).catch(report);
  for (const role of Object.keys(ROLES)) if (files[role]) await readAgain(role);
  draw();
}

/** Reads an image in the size of the model; one that is no longer there is forgotten. */
async function readAgain(role) {
  try {
    await read(role, files[role]);
  } catch (error) {
    delete files[role];
    clear(find(`${ROLES[role]} canvas`));
    report(error);
  }
}

function openListed(index) {
  const { name, file, examples } = listed[index];
  const progress = (part) => elements.busy(`Fetching ${name}:`, `${Math.round(100 * part)} %`);
  progress(0);
  return open(name, examples, (signal) => download(file, progress, signal), () => String(index));
}

function openFile(file) {
  const arrive = async () => new Uint8Array(await file.arrayBuffer());
  return open(file.name, [], arrive, () => {
    const option = new Option(file.name, "", true, true);
    option.disabled = true; // the file cannot be read again without asking
    find("#model option:disabled")?.remove();
    find("#model").append(option);
    return "";
  });
}

/**
 * Opens a model; until it is there, the one before goes on.
 *
 * Takes its name, its examples, what gives its bytes, and what then gives its value in the choice.
 */
async function open(name, examples, arrive, valueOf) {
  arriving?.abort();
  const mine = (arriving = new AbortController());
  try {
    const bytes = await arrive(mine.signal);
    if (mine.signal.aborted) return;
    await queue.run("open", async () => {
      await use(bytes, name, examples);
      shown = valueOf();
    });
  } catch (error) {
    if (!mine.signal.aborted) report(error);
  } finally {
    if (arriving === mine) {
      find("#model").value = shown;
      elements.busy();
    }
  }
}

function showExamples(paths) {
  for (const [role, id] of Object.entries(ROLES)) {
    const buttons = paths.map((path) =>
      elements.exampleButton(path, () => takeImage(role, () => example(path))),
    );
    find(`${id} .examples`).replaceChildren(...buttons);
  }
}

/** Draws the grid; a tile that is pressed becomes the choice. */
async function grid() {
  const name = nameOf(model, "grid");
  const canvas = await drawGrid(model, { ...chosen }, (changes) => {
    // The boxes on the page change the label, and that of the tile stays.
    Object.assign(chosen, changes, { label: [...changes.label] });
    showSettings(model, chosen, draw);
    draw();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    find("#result").scrollIntoView({ behavior: still ? "auto" : "smooth", block: "nearest" });
  });
  find("#save-grid").hidden = !canvas;
  find("#save-grid").onclick = () => save(canvas, name).catch(report);
}

/** The translation as the next source: as a file, which a model of another size can read too. */
async function useAsSource() {
  const blob = await new Promise((resolve) => find("#result canvas").toBlob(resolve, "image/png"));
  await take("image", new File([blob], "translation.png", { type: blob.type }));
}

/** The name of a file to save. */
function nameOf({ info }, what) {
  return `${info.name ?? "stargan_tf"}_${what}`;
}

/** What a translation is called: its domain, or all that its label says. */
function wordsOf({ mode, domain, label }) {
  if (mode !== "label") return model.domains[domain];
  return model.domains.filter((_, index) => label[index]).join("+") || "none";
}

/** Buttons and sliders. */
function connect() {
  const onClick = (id, act) => find(id).addEventListener("click", act);
  const anew = (change) => () => draw(change());
  onClick("#another", anew(() => (chosen.latent = model.randomLatent())));
  onClick("#first", anew(() => (chosen.latents[0] = model.randomLatent())));
  onClick("#second", anew(() => (chosen.latents[1] = model.randomLatent())));
  onClick("#draw-grid", () => grid().catch(report));
  onClick("#save", () => save(find("#result canvas"), drawn).catch(report));
  onClick("#again", () => useAsSource().catch(report));
  for (const key of ["psi", "weight"]) {
    const input = find(`#${key}`);
    const follow = () => {
      chosen[key] = Number(input.value);
      find(`output[for=${key}]`).value = chosen[key].toFixed(2);
    };
    input.addEventListener("input", anew(follow));
    follow(); // browsers keep where a slider stood
  }
}

/** Files that are chosen, dropped or pasted. */
function connectFiles() {
  elements.onChosen(find("#source-file"), (file) => take("image", file));
  elements.onChosen(find("#reference-file"), (file) => take("reference", file));
  elements.onChosen(find("#model-file"), openFile);
  elements.onDropped(find("#source"), find("#reference"), (file, isSource) =>
    take(isSource ? "image" : "reference", file),
  );
  addEventListener("paste", ({ clipboardData: { files: [file] } }) => file && take("image", file));
  find("#model").addEventListener("change", ({ target }) => openListed(Number(target.value)));
}

async function start() {
  find("#cannot").hidden = true;
  const missing = whatIsMissing();
  if (missing) return say(missing);
  connect();
  connectFiles();
  listed = await listModels();
  find("#model").append(...listed.map(({ name }, index) => new Option(name, String(index))));
  if (listed.length) return openListed(0);
  return say("This page has no model yet: open a .tflite file that stargan_tf.export wrote.");
}

start().catch(report);

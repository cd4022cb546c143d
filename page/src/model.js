/** An open model: what it can do, and how its signatures are called. */

import { readModelInfo } from "./model_info.js";
import { Problem } from "./problem.js";
import { Runtime } from "./runtime.js";

const MAX_BYTES = 512 * 2 ** 20;

/** What can be drawn in, by the names that the page uses, with the signatures that it takes. */
const MODES = {
  random: ["translate_latent"],
  mixture: ["map_latent", "translate_style"],
  reference: ["translate_reference"],
  domain: ["translate_domain"],
  label: ["translate_label"],
};

export class Model {
  #runtime;
  #signatures;

  /**
   * Opens a .tflite file.
   *
   * Throws a Problem that begins with its name if it is none, or none of an image translator.
   */
  static async open(bytes, name) {
    if (bytes.length > MAX_BYTES) {
      throw new Problem(`${name} has more than ${MAX_BYTES >> 20} MiB: choose a smaller model.`);
    }
    const model = new Model();
    model.info = readModelInfo(bytes, name);
    model.#runtime = new Runtime();
    try {
      model.#signatures = new Set(await model.#runtime.open(bytes));
    } catch (error) {
      model.close();
      console.warn(error);
      throw new Problem(
        `${name} cannot be run in this browser (${reasonOf(error)}): choose another model, or reload.`,
      );
    }
    model.modes = Object.keys(MODES).filter((mode) => MODES[mode].every((s) => model.#has(s)));
    if (!model.modes.length) {
      model.close();
      throw new Problem(`${name} has no signature that translates images: export it again.`);
    }
    return model;
  }

  get side() {
    return this.info.img_size;
  }

  get domains() {
    return this.info.domains;
  }

  close() {
    this.#runtime?.close();
  }

  /** A random style: normally distributed numbers. */
  randomLatent() {
    return Float32Array.from({ length: this.info.latent_dim }, normal);
  }

  /**
   * Draws an image.
   *
   * Takes the mode and what it needs: {image, domain, psi, latent | latents, weight | reference |
   * label}. Gives {image, milliseconds}.
   */
  async translate(mode, { image, domain, psi, latent, latents, weight, reference, label }) {
    const [target_domain, truncation] = [[domain], [psi]];
    switch (mode) {
      case "random":
        return this.#draw("translate_latent", { image, target_domain, latent, psi: truncation });
      case "mixture": {
        const [first, second] = [
          await this.#call("map_latent", { latent: latents[0], target_domain, psi: truncation }),
          await this.#call("map_latent", { latent: latents[1], target_domain, psi: truncation }),
        ].map(({ numbers }) => numbers);
        const style_code = first.map((number, i) => number + weight * (second[i] - number));
        return this.#draw("translate_style", { image, style_code });
      }
      case "reference":
        return this.#draw("translate_reference", { image, reference, target_domain });
      case "domain":
        return this.#draw("translate_domain", { image, target_domain });
      default:
        return this.#draw("translate_label", { image, label: this.#withMask(label) });
    }
  }

  /** What of a label holds: of two sets, the labels of the other are no part of it. */
  restricted(label, index) {
    const sets = this.#sets;
    return label.map((value, other) => (sets[other] === sets[index] ? value : 0));
  }

  /** The set of each label: 0, or 1 where a model has learned two data sets at once. */
  get #sets() {
    const { label_sets = [] } = this.info;
    return label_sets.length > 1
      ? label_sets.flatMap(({ names }, set) => names.map(() => set))
      : this.domains.map(() => 0);
  }

  /** A label, and behind it, with two sets, the mask that tells which of them is meant. */
  #withMask(label) {
    const { label_sets = [] } = this.info;
    if (label_sets.length < 2) return label;
    const meant = this.#sets[Math.max(label.indexOf(1), 0)];
    return [...label, ...label_sets.map((_, set) => Number(set === meant))];
  }

  #has(signature) {
    return this.#signatures.has(`${signature}_float`);
  }

  #call(signature, inputs) {
    return this.#runtime.run(`${signature}_float`, inputs);
  }

  async #draw(signature, inputs) {
    const { numbers, milliseconds } = await this.#call(signature, inputs);
    return { image: numbers, milliseconds };
  }
}

/** A normally distributed random number (Box and Muller). */
function normal() {
  const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
  return radius * Math.cos(2 * Math.PI * Math.random());
}

/** Why the runtime failed, to stand in brackets. */
function reasonOf({ message }) {
  // It ends with no more words than that where it meets what it does not expect.
  if (message.startsWith("Aborted")) return "it is damaged, or needs more memory than there is";
  return message.split("\n")[0].replace(/\.$/, "").slice(0, 200);
}

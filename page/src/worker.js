/**
 * A model in the runtime, in a thread of its own: the page stays quick while it computes.
 *
 * Takes messages {id, action, ...} and answers each with {id, result} or {id, error}.
 */

import { Tensor, loadAndCompile, loadLiteRt } from "@litertjs/core";

const TYPES = { float32: Float32Array, int32: Int32Array };
let model;

const actions = {
  /** Opens a .tflite file and gives the names of its signatures. */
  async open({ bytes }) {
    self.Module = {
      // It would look for its .wasm file beside this script.
      locateFile: (name) => new URL(`litert/${name}`, self.location.href).href,
      // It tells what it does as if all of it were errors.
      printErr: (line) => console.debug(line),
    };
    await loadLiteRt(new URL("litert/", self.location.href).href);
    model = await loadAndCompile(bytes, { accelerator: "wasm" });
    return Object.keys(model.signatures);
  },

  /** Calls a signature with {name: numbers}, and gives its only output and the time it took. */
  async run({ signature, inputs }) {
    const runner = model.signatures[signature];
    const tensors = {};
    try {
      for (const { name, shape, dtype } of runner.getInputDetails()) {
        tensors[name] = new Tensor(TYPES[dtype].from(inputs[name]), Array.from(shape));
      }
      const began = performance.now();
      const [output] = Object.values(await runner.run(tensors));
      const milliseconds = performance.now() - began;
      const numbers = output.toTypedArray();
      output.delete();
      return { numbers, milliseconds };
    } finally {
      for (const tensor of Object.values(tensors)) tensor.delete();
    }
  },
};

// One at a time: the runtime takes no second call while one is running.
let last = Promise.resolve();

self.onmessage = ({ data: { id, action, ...rest } }) => {
  last = last.then(async () => {
    try {
      self.postMessage({ id, result: await actions[action](rest) });
    } catch (error) {
      self.postMessage({ id, error: String(error?.message ?? error) });
    }
  });
};

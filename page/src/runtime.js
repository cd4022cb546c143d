/** The page's end of worker.js: a model that is open, with functions to call. */

export class Runtime {
  #worker = new Worker("worker.js");
  #waiting = new Map();
  #next = 0;

  constructor() {
    this.#worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#rejectAll(event.message || "the runtime's files did not arrive");
    };
  }

  /** Opens a model; gives the names of its signatures. */
  open(bytes) {
    return this.#ask({ action: "open", bytes });
  }

  /** Calls a signature; gives {numbers, milliseconds}. */
  run(signature, inputs) {
    return this.#ask({ action: "run", signature, inputs });
  }

  /** Ends the thread, and gives its memory back. */
  close() {
    this.#worker.terminate();
    this.#rejectAll("the model was closed");
  }

  #rejectAll(words) {
    for (const { reject } of this.#waiting.values()) reject(new Error(words));
    this.#waiting.clear();
  }

  #ask(message) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...message });
    });
  }
}

/** Tasks one after the other; of those that wait under the same name, the newest alone. */

export class Queue {
  #waiting = new Map();
  #running = false;

  /** Runs a task in its turn. The promise is kept when it has ended, or when a newer one came. */
  run(name, task) {
    return new Promise((resolve, reject) => {
      this.#waiting.get(name)?.resolve();
      this.#waiting.delete(name); // so that the newer one stands at the end
      this.#waiting.set(name, { task, resolve, reject });
      if (!this.#running) this.#work();
    });
  }

  async #work() {
    this.#running = true;
    while (this.#waiting.size) {
      const [name, { task, resolve, reject }] = this.#waiting.entries().next().value;
      this.#waiting.delete(name);
      await task().then(resolve, reject);
    }
    this.#running = false;
  }
}

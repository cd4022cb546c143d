/** The models that lie beside the page, as build.js lists them in models.json. */

import { Problem } from "./problem.js";

/** [{name, version, file, examples}], none where the page was built without any. */
export async function listModels() {
  return (await fetched("models.json")).json();
}

/** The bytes of a file of the page; `progress` is told the part that has arrived. */
export async function download(path, progress, signal) {
  const response = await fetched(path, signal);
  const { headers } = response;
  // Of a compressed answer it is the wrong length: no progress is shown then.
  const whole = headers.has("Content-Encoding") ? 0 : Number(headers.get("Content-Length"));
  const parts = [];
  let size = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read().catch(() => {
      throw new Problem(`${path} broke off: try again.`);
    });
    if (done) break;
    parts.push(value);
    size += value.length;
    if (whole >= size) progress(size / whole);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The name of a file of the page, out of its address. */
export function fileName(path) {
  return decodeURIComponent(path.split("/").at(-1));
}

/** An example image as a file. */
export async function example(path) {
  const blob = await (await fetched(path)).blob();
  return new File([blob], fileName(path), { type: blob.type });
}

async function fetched(path, signal) {
  const response = await fetch(path, { signal }).catch(() => undefined);
  if (!response?.ok) {
    throw new Problem(`${path} did not arrive: try again, or copy the page's whole folder anew.`);
  }
  return response;
}

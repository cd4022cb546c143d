/** Image files and canvases, to and from the floats of a model: [R, R, 3] in [-1, 1]. */

import { isCut } from "./cut.js";
import { Problem } from "./problem.js";
import { resized } from "./resizing.js";

const MAX_PIXELS = 100e6;
const MAX_BYTES = 256 * 2 ** 20;
// From larger squares the browser makes one of this side first.
const WORKING_SIDE = 1024;
const HEIF = /^ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)/;

/**
 * The central square of an image file, upright, on white, in the size of a model.
 *
 * Throws a Problem if the browser cannot read it.
 */
export async function readImage(file, side) {
  if (!file.size) throw new Problem(`${file.name} is empty: choose another image.`);
  if (file.size > MAX_BYTES) {
    throw new Problem(`${file.name} has more than ${MAX_BYTES >> 20} MiB: make it smaller first.`);
  }
  const url = URL.createObjectURL(file);
  try {
    return await readUrl(url, file, side);
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function readUrl(url, file, side) {
  const image = new Image();
  image.src = url;
  try {
    // Sizes are known before anything is decoded.
    await new Promise((resolve, reject) => Object.assign(image, { onload: resolve, onerror: reject }));
  } catch {
    throw await unreadable(file);
  }
  const { naturalWidth: width, naturalHeight: height } = image; // as it is upright
  if (width * height > MAX_PIXELS) {
    throw new Problem(
      `${file.name} has ${width} x ${height} pixels, expected at most ${MAX_PIXELS / 1e6} million: ` +
        "make it smaller first.",
    );
  }
  try {
    await image.decode();
  } catch {
    throw await unreadable(file);
  }
  if (isCut(new Uint8Array(await file.arrayBuffer()))) throw await unreadable(file);
  const edge = Math.min(width, height);
  const working = Math.min(edge, WORKING_SIDE);
  const context = newCanvas(working).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, working, working);
  context.imageSmoothingQuality = "high";
  const left = Math.floor((width - edge) / 2);
  const top = Math.floor((height - edge) / 2);
  context.drawImage(image, left, top, edge, edge, 0, 0, working, working);
  return toFloats(resized(context.getImageData(0, 0, working, working), side));
}

/** The Problem of a file that is no image for this browser. */
async function unreadable(file) {
  const bytes = await file.slice(4, 12).arrayBuffer().catch(() => undefined);
  if (!bytes) return new Problem(`${file.name} can no longer be read: choose it again.`);
  const head = new TextDecoder("latin1").decode(bytes);
  const [what, advice] = HEIF.test(head)
    ? ["a HEIC image, which this browser cannot read", "save it as JPEG and choose that."]
    : ["damaged, or no image that this browser can read", "choose a JPEG, PNG or WebP file."];
  return new Problem(`${file.name} is ${what}: ${advice}`);
}

function newCanvas(side) {
  return Object.assign(document.createElement("canvas"), { width: side, height: side });
}

function toFloats({ data }) {
  const floats = new Float32Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    for (let channel = 0; channel < 3; channel++) floats[to++] = data[from + channel] / 127.5 - 1;
  }
  return floats;
}

function toPixels(floats) {
  const side = Math.sqrt(floats.length / 3);
  const pixels = new ImageData(side, side);
  pixels.data.fill(255);
  for (let from = 0, to = 0; from < floats.length; to++) {
    for (let channel = 0; channel < 3; channel++) {
      // Written to 8 bits, numbers are rounded and clipped.
      pixels.data[to * 4 + channel] = (floats[from++] + 1) * 127.5;
    }
  }
  return pixels;
}

/** Shows an image on a canvas. */
export function show(canvas, floats) {
  const pixels = toPixels(floats);
  Object.assign(canvas, { width: pixels.width, height: pixels.height });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

/** Empties a canvas. */
export function clear(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

/** One canvas of rows of images. */
export function sheet(rows, side) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(...rows.map((row) => row.length)) * side;
  canvas.height = rows.length * side;
  const context = canvas.getContext("2d");
  rows.forEach((row, y) =>
    row.forEach((floats, x) => context.putImageData(toPixels(floats), x * side, y * side)),
  );
  return canvas;
}

/** Saves a canvas as a PNG file; throws a Problem if the browser cannot make one. */
export async function save(canvas, name) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) {
    const size = `${canvas.width} x ${canvas.height}`;
    throw new Problem(`This browser cannot save an image of ${size} pixels: use another one.`);
  }
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: url, download: `${name}.png` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

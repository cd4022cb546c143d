/**
 * model.json, out of a .tflite file: names, sizes, licence.
 *
 * The exporter appends it to the model as a zip archive, uncompressed.
 */

import { Problem } from "./problem.js";

const FILE = "model.json";
const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const MAX_SIZE = 4096;
const text = (bytes) => new TextDecoder().decode(bytes);

/** Reads model.json; throws a Problem that begins with the file's name. */
export function readModelInfo(bytes, name) {
  const advice = "choose a .tflite file that stargan_tf.export wrote.";
  if (text(bytes.subarray(4, 8)) !== "TFL3") {
    throw new Problem(`${name} is not a TFLite file: ${advice}`);
  }
  let info;
  try {
    info = JSON.parse(text(find(bytes)));
  } catch {
    throw new Problem(`${name} is damaged, or has no ${FILE} in it: ${advice}`);
  }
  const wrong = wrongIn(info);
  if (wrong) throw new Problem(`${name} has a ${FILE} whose ${wrong} cannot be used: ${advice}`);
  return info;
}

/** The bytes of model.json in the zip archive behind a model. */
function find(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u16 = (place) => view.getUint16(place, true);
  const u32 = (place) => view.getUint32(place, true);
  let end = bytes.length - 22; // the record's length, without a comment
  const first = Math.max(end - 0xffff, 0); // with the longest comment
  while (end >= first && u32(end) !== END) end--;
  if (end < first) throw new RangeError("no archive");
  let entry = u32(end + 16);
  for (let left = u16(end + 10); left && u32(entry) === CENTRAL; left--) {
    const [nameLength, extra, comment] = [u16(entry + 28), u16(entry + 30), u16(entry + 32)];
    if (text(bytes.subarray(entry + 46, entry + 46 + nameLength)) === FILE && !u16(entry + 10)) {
      const local = u32(entry + 42);
      if (u32(local) !== LOCAL) break;
      const start = local + 30 + u16(local + 26) + u16(local + 28);
      return bytes.subarray(start, start + u32(entry + 24));
    }
    entry += 46 + nameLength + extra + comment;
  }
  throw new RangeError(`no ${FILE}`);
}

/** Whether sets of labels hold as many names as there are domains; earlier versions say none. */
function isPartition(sets, domains) {
  const names = (set) => (Array.isArray(set?.names) ? set.names : []);
  return Array.isArray(sets) && (!sets.length || sets.flatMap(names).length === domains?.length);
}

/** The first field that this page cannot use; undefined if all is well. */
function wrongIn(info) {
  const isCount = (value) => Number.isInteger(value) && value >= 0 && value <= MAX_SIZE;
  const fits = {
    domains: (value) =>
      Array.isArray(value) && value.length && value.every((name) => typeof name === "string"),
    img_size: (value) => isCount(value) && value >= 1,
    latent_dim: isCount,
    style_dim: isCount,
    label_sets: (value) => value === undefined || isPartition(value, info.domains),
  };
  return Object.keys(fits).find((key) => !fits[key](info?.[key]));
}

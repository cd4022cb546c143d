/** Files that end too early: browsers show the part that has arrived as if it were all. */

const text = (bytes) => String.fromCharCode(...bytes);

/** Whether a PNG, JPEG or WebP file lacks its end. Other files are left to the browser. */
export function isCut(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12) return true;
  if (text(bytes.subarray(1, 4)) === "PNG") return isCutPng(bytes, view);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return isCutJpeg(bytes, view);
  return text(bytes.subarray(8, 12)) === "WEBP" && view.getUint32(4, true) + 8 > bytes.length;
}

/** A PNG file is chunks: length, name, contents, checksum. */
function isCutPng(bytes, view) {
  let place = 8;
  while (place + 12 <= bytes.length) {
    if (text(bytes.subarray(place + 4, place + 8)) === "IEND") return false;
    place += 12 + view.getUint32(place);
  }
  return true;
}

/** A JPEG file is segments with a marker and a length each; what is between them are pixels. */
function isCutJpeg(bytes, view) {
  let place = 2;
  while (place + 1 < bytes.length) {
    const [first, marker] = [bytes[place], bytes[place + 1]];
    const isSegment = first === 0xff && marker >= 0xc0 && marker < 0xff;
    if (!isSegment) place += 1;
    else if (marker === 0xd9) return false;
    else if (marker >= 0xd0 && marker <= 0xd8) place += 2; // these have no length
    else if (place + 4 > bytes.length) return true;
    else place += 2 + view.getUint16(place + 2);
  }
  return true;
}

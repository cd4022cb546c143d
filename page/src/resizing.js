/** Lanczos resampling as Pillow does it, since browsers differ and training images came from that. */

const SUPPORT = 3;

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (x) => (Math.abs(x) < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0);

/** The weights of the pixels that make up each of `to` new ones: [{first, weights}]. */
function kernels(from, to) {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, index) => {
    const center = (index + 0.5) * scale;
    const first = Math.max(0, Math.round(center - SUPPORT * stretch));
    const end = Math.min(from, Math.round(center + SUPPORT * stretch));
    const weights = Array.from({ length: end - first }, (_, i) =>
      lanczos((first + i + 0.5 - center) / stretch),
    );
    const sum = weights.reduce((a, b) => a + b);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Resizes the rows of RGBA pixels, and turns rows into columns. */
function resizedAndTurned(data, width, height, to) {
  const result = new Uint8ClampedArray(to * height * 4);
  kernels(width, to).forEach(({ first, weights }, x) => {
    for (let y = 0; y < height; y++) {
      for (let channel = 0; channel < 4; channel++) {
        let sum = 0;
        let place = (y * width + first) * 4 + channel;
        for (const weight of weights) {
          sum += weight * data[place];
          place += 4;
        }
        result[(x * height + y) * 4 + channel] = sum;
      }
    }
  });
  return result;
}

/** Makes square pixels (ImageData) ones of another side. */
export function resized(pixels, side) {
  const { data, width } = pixels;
  if (width === side) return pixels;
  const turned = resizedAndTurned(data, width, width, side);
  return { data: resizedAndTurned(turned, width, side, side), width: side, height: side };
}

/** What the page needs of a browser. */

/** A sentence about the first thing that is missing here; undefined if all is there. */
export function whatIsMissing() {
  if (location.protocol === "file:") {
    return (
      "This page was opened from a file, and browsers start no threads there: serve its folder, " +
      "such as with python3 -m http.server, and open the address that this prints."
    );
  }
  const needed = {
    WebAssembly: typeof WebAssembly === "object" && simd(),
    "web workers": typeof Worker === "function",
  };
  const missing = Object.keys(needed).find((name) => !needed[name]);
  if (!missing) return undefined;
  return `This browser has no ${missing} as this page needs: use a newer one, or allow it here.`;
}

/** Whether WebAssembly has vectors, which the runtime computes with. */
function simd() {
  // A module of one function that makes a vector: (func (result v128) i32.const 0 i8x16.splat).
  const module = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
  ];
  return WebAssembly.validate(new Uint8Array(module));
}

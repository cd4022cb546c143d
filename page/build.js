/**
 * Builds the page: one folder of static files that any web server can serve.
 *
 *   node build.js MODELS OUT
 *
 * MODELS is a folder of exported models, NAME/tflite/VERSION/*.tflite. Of each model the newest
 * version comes along, as float16 where there is that file. NAME/examples/ has images to try it on.
 */

import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const RUNTIME = join(HERE, "node_modules/@litertjs/core");
// With relaxed SIMD, and for browsers without it; those with threads want special headers.
const RUNTIMES = ["litert_wasm_internal", "litert_wasm_compat_internal"];
const PREFERRED = ["float16.tflite", "float32.tflite", "dynamic.tflite", "int8.tflite"];
// What tells a built page from another folder.
const BUILT = ["index.html", "models.json", "litert"];
const IMAGE = /\.(png|jpe?g|webp)$/i;
// The page fetches from where it came from, and from nowhere else.
const POLICY = {
  "default-src": "'none'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "worker-src": "'self'",
  "connect-src": "'self'",
  "img-src": "'self' blob:",
  "style-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
};
const policy = Object.entries(POLICY).map((pair) => pair.join(" ")).join("; ");

/** Names in a folder, in order; none where there is no such folder. */
async function names(folder) {
  const isMissing = ({ code }) => code === "ENOENT" || code === "ENOTDIR";
  const found = await readdir(folder).catch((error) => (isMissing(error) ? [] : fail(error.message)));
  return found.sort();
}

function fail(sentence) {
  console.error(`error: ${sentence}`);
  process.exit(2);
}

/** Ends where the page would replace something else. */
async function checkReplaceable(out) {
  const kind = await stat(out).catch(() => undefined);
  const found = await names(out);
  if (!kind || (kind.isDirectory() && (!found.length || BUILT.every((name) => found.includes(name))))) return;
  fail(`Found something else than a page in ${out}, which the build would replace: give a new folder.`);
}

/** Bundles the scripts and copies the rest. */
async function buildPage(out) {
  await build({
    absWorkingDir: join(HERE, "src"),
    entryPoints: ["page.js", "worker.js"],
    outdir: resolve(out),
    bundle: true,
    minify: true,
    format: "iife",
    target: ["chrome111", "firefox121", "safari16.4"],
    logLevel: "warning",
    legalComments: "none",
  });
  const { version } = JSON.parse(await readFile(join(RUNTIME, "package.json")));
  const html = await readFile(join(HERE, "src/index.html"), "utf8");
  const runtime = `LiteRT.js ${version} (Copyright Google LLC, Apache-2.0)`;
  const filled = html.replace("POLICY", policy).replace('id="runtime">', `$&${runtime}`);
  await writeFile(join(out, "index.html"), filled);
  for (const name of ["style.css", "icon.svg"]) await cp(join(HERE, "src", name), join(out, name));
  for (const name of RUNTIMES) {
    for (const end of [".js", ".wasm"]) {
      await cp(join(RUNTIME, "wasm", name + end), join(out, "litert", name + end));
    }
  }
  const notice = await readFile(join(HERE, "LITERT_NOTICE.txt"), "utf8");
  const licence = await readFile(join(HERE, "../LICENSE"), "utf8");
  await writeFile(join(out, "litert/LICENSE.txt"), `${notice}\n${licence}`);
}

/** Copies the models, and gives what the page has to know about them. */
async function copyModels(models, out) {
  const list = [];
  for (const name of await names(models)) {
    const versions = (await names(join(models, name, "tflite"))).filter((v) => /^\d+$/.test(v));
    const version = Math.max(...versions.map(Number));
    const from = join(models, name, "tflite", String(version));
    const present = await names(from);
    const file = PREFERRED.find((each) => present.includes(each));
    if (!file) continue;
    const copy = async (source, ...path) => {
      await cp(source, join(out, "models", name, ...path));
      return ["models", name, ...path].map(encodeURIComponent).join("/");
    };
    const images = (await names(join(models, name, "examples"))).filter((each) => IMAGE.test(each));
    list.push({
      name,
      version,
      file: await copy(join(from, file), String(version), file),
      examples: await Promise.all(
        images.map((each) => copy(join(models, name, "examples", each), "examples", each)),
      ),
    });
  }
  await writeFile(join(out, "models.json"), `${JSON.stringify(list, null, 2)}\n`);
  return list;
}

async function main(models, target) {
  const out = resolve(target); // without a slash at its end
  await checkReplaceable(out);
  const partial = `${out}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(join(partial, "litert"), { recursive: true });
  await buildPage(partial);
  const list = await copyModels(models, partial);
  // A page that is being served is there, whole, all but for a moment.
  await rm(out, { recursive: true, force: true });
  await rename(partial, out);
  const found = list.map(({ name, version }) => `${name} version ${version}`).join(", ");
  console.log(`Built ${target} with ${found || `no model, for ${models} has no TFLite files`}.`);
}

const [models, out, ...rest] = process.argv.slice(2);
if (!out || rest.length) {
  fail("Found not two arguments, expected two folders: node build.js MODELS OUT.");
}
await main(models, out);

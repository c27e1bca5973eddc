// Builds flow.js, flow.css, cel.js and their licences from package-lock.json: `make vendor`, after a version has changed.
// Rule: the same lock file gives the same bytes, so that `--compare` can prove that what is committed is what is said.

import { readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const RULE = `${"-".repeat(100)}\n`;
/** The bundles by their name, and what they are. */
const BUNDLES = { flow: "React and React Flow", cel: "CEL expressions" };

/** What is built: file name -> content. @returns {Promise<Map<string, string>>} */
async function built() {
  const files = new Map([["flow.css", await readFile(join(HERE, "node_modules/@xyflow/react/dist/style.css"), "utf8")]]);
  for (const [name, what] of Object.entries(BUNDLES)) {
    const bundle = await build({
      absWorkingDir: HERE,
      banner: { js: `// ${what} in one file; licences in ${name}.licenses.txt; built by vendor.mjs.` },
      bundle: true,
      define: { "process.env.NODE_ENV": '"production"' },
      entryPoints: [`${name}.d.ts`],
      format: "esm",
      legalComments: "none",
      metafile: true,
      minify: true,
      outfile: `${name}.js`,
      target: "es2022",
      write: false,
    });
    files.set(`${name}.js`, bundle.outputFiles[0].text);
    files.set(`${name}.licenses.txt`, await licences(name, Object.keys(bundle.metafile.inputs)));
  }
  return files;
}

/**
 * The licences of all packages of which a file went into a bundle, by name.
 * @param {string} name of the bundle
 * @param {string[]} files
 */
async function licences(name, files) {
  const found = files.map((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const folders = new Set(found.filter((folder) => folder !== undefined));
  const texts = await Promise.all([...folders].sort().map(licence));
  const made = name === "flow" ? "flow.js and flow.css are" : `${name}.js is`;
  return `${made} made of the packages below, each under its own licence.\n\n${texts.join("\n")}`;
}

/** @param {string} folder of a package, from here */
async function licence(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(HERE, folder, "package.json"), "utf8"));
  const file = (await readdir(join(HERE, folder))).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
  if (file === undefined) throw new Error(`${name} ${version} comes without its licence: it cannot be passed on`);
  const text = (await readFile(join(HERE, folder, file), "utf8")).replaceAll("\r\n", "\n").trim();
  return `${RULE}${name} ${version} (${license})\n${RULE}\n${text}\n`;
}

const files = await built();
if (process.argv[2] === "--compare") {
  for (const [name, content] of files) {
    if ((await readFile(join(HERE, name), "utf8").catch(() => "")) === content) continue;
    console.error(`editor_static/vendor/${name} is not what package-lock.json gives; run "make vendor" and commit it`);
    process.exitCode = 1;
  }
} else {
  for (const [name, content] of files) await writeFile(join(HERE, name), content);
}

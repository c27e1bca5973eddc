// What the pages take of CEL: the bundle's entry point and, beside cel.js, its types. It is loaded when a preview is wanted.
// Rule: the engine's own CEL decides; this one only shows what a condition would come to.

export { Environment } from "@marcbachmann/cel-js";

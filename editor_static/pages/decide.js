// One decision behind a link: what is asked, and the buttons. Looking decides nothing.
import { ask } from "./api.js";
import { fill, h } from "./build.js";
import { gatePanel } from "./gate.js";
import { banner, open } from "./shell.js";
import { word } from "./words.js";

const token = location.pathname.split("/").pop() ?? "";

await open(async (main) => {
  try {
    const gate = await ask("GET", `decide/${token}/gate`);
    const panel = gatePanel(gate, (option, form) => ask("POST", `decide/${token}`, { option, form }));
    fill(main, h("div", { class: "narrow wide" }, h("h1", {}, gate.graph), panel));
  } catch (error) {
    const code = /** @type {any} */ (error).code;
    const told = code === "link.unknown" ? { message: word("badLink") } : code === "gate.closed" ? { message: word("decidedMeanwhile") } : error;
    fill(main, h("div", { class: "narrow wide" }, banner(told)));
  }
});

// One run to look at, inside another page: its picture and its status, live.
import { ask, askPicture, ROOT } from "./api.js";
import { fill, h } from "./build.js";
import { paint, rebuilt, statusAfter } from "./picture.js";
import { badge, banner, open, seldom } from "./shell.js";
import { word } from "./words.js";

const token = location.pathname.split("/").pop() ?? "";
const title = h("div", { class: "title" });
const picture = h("div", { class: "picture" });

await open(async (main) => {
  try {
    await Promise.all([showRun(), showPicture()]);
  } catch {
    return fill(main, banner({ message: word("badLink") }));
  }
  fill(main, title, picture);
  const refresh = seldom(() => Promise.all([showRun(), showPicture()]), 500);
  const source = new EventSource(`${ROOT}embed/${token}/events`);
  source.addEventListener("message", (message) => {
    const event = JSON.parse(message.data);
    const status = event.node ? statusAfter(event) : null;
    if (status) paint(picture, event.node.split("/")[0], status);
    refresh();
  });
});

async function showRun() {
  const run = await ask("GET", `embed/${token}/run`);
  fill(title, h("h2", {}, run.graph), badge(run.status));
}

async function showPicture() {
  fill(picture, rebuilt(await askPicture(`embed/${token}/diagram.svg`)));
}

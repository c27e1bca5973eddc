// The page of everything that waits for a decision.
import { Inbox } from "./view/inbox/index.js";
import { openPage } from "./view/run/page.js";
import { word } from "./view/run/speech.js";

document.title = `${word("inbox.title")} · weft`;
await openPage("inbox", Inbox);

// The page that one comes to first.
import { Home } from "./view/home/index.js";
import { openPage } from "./view/run/page.js";

await openPage("home", Home);

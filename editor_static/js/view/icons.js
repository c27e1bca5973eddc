// The icons: the pictures' own for kinds and statuses, and the editor's own in the same hand.
// Rule: 16 px, strokes of 1.5 px with round ends, the colour of the text; an icon is decoration, its button has the name.
import { h, memo } from "../../vendor/flow.js";
import { ICONS } from "../../icons.js";

/** @type {Record<string, string>} */
const OWN = {
  plus: "M8 3V13M3 8H13",
  minus: "M3 8H13",
  close: "M4 4L12 12M12 4L4 12",
  search: "M7 2.5A4.5 4.5 0 1 1 7 11.5A4.5 4.5 0 1 1 7 2.5M10.4 10.4L13.8 13.8",
  undo: "M6 3L2.5 6.5L6 10M2.5 6.5H9.5A3.5 3.5 0 0 1 9.5 13.5H7",
  redo: "M10 3L13.5 6.5L10 10M13.5 6.5H6.5A3.5 3.5 0 0 0 6.5 13.5H9",
  fit: "M2.5 5.5V2.5H5.5M10.5 2.5H13.5V5.5M13.5 10.5V13.5H10.5M5.5 13.5H2.5V10.5",
  tidy: "M2 4.5H5.5V7.5H2ZM10.5 2H14V5H10.5ZM10.5 11H14V14H10.5ZM5.5 6H8V3.5H10.5M8 6V12.5H10.5",
  play: "M5 3L12.5 8L5 13Z",
  more: "M3.5 8H3.6M8 8H8.1M12.4 8H12.5",
  down: "M4 6L8 10L12 6",
  up: "M4 10L8 6L12 10",
  right: "M6 4L10 8L6 12",
  left: "M10 4L6 8L10 12",
  share: "M8 10V2.5M5 5L8 2.5L11 5M3 9V13.5H13V9",
  inbox: "M2.5 9.5L4.5 3H11.5L13.5 9.5V13H2.5ZM2.5 9.5H5.5L6.5 11H9.5L10.5 9.5H13.5",
  error: "M8 2L14.2 13H1.8ZM8 6.4V9.2M8 11.1V11.2",
  check: "M3.5 8.5L6.5 11.5L12.5 4.5",
  trash: "M3 4.5H13M6.5 4.5V2.5H9.5V4.5M4.5 4.5L5 13.5H11L11.5 4.5M6.8 7V11M9.2 7V11",
  copy: "M5.5 5.5V2.5H13.5V10.5H10.5M2.5 5.5H10.5V13.5H2.5Z",
  note: "M3 2.5H13V9.5L9.5 13.5H3ZM9.5 13.5V9.5H13",
  keyboard: "M1.5 4H14.5V12H1.5ZM4 6.5H4.1M6.6 6.5H6.7M9.3 6.5H9.4M11.9 6.5H12M4.5 9.5H11.5",
  wire: "M2 4.5H5C8.5 4.5 7.5 11.5 11 11.5H14",
  history: "M3.1 5.2A5.6 5.6 0 1 1 2.4 8.6M2.5 2.5V5.5H5.5M8 5V8L10.2 9.5",
  group: "M2.5 2.5H9.5V9.5H2.5ZM6.5 9.5V13.5H13.5V6.5H9.5",
  ungroup: "M2.5 2.5H7V7H2.5ZM9 9H13.5V13.5H9ZM10 3H13M13 3V6",
  alignLeft: "M2.5 2V14M5 4.5H13.5M5 8.5H9.5M5 12H11.5",
  alignTop: "M2 2.5H14M4.5 5V13.5M8.5 5V9.5M12 5V11.5",
  drag: "M6 4H6.1M10 4H10.1M6 8H6.1M10 8H10.1M6 12H6.1M10 12H10.1",
  canvas: "M2 6H5.5V10H2ZM10.5 6H14V10H10.5ZM5.5 8H10.5",
  braces: "M6 2.5C4 2.5 5 7.2 2.8 8C5 8.8 4 13.5 6 13.5M10 2.5C12 2.5 11 7.2 13.2 8C11 8.8 12 13.5 10 13.5",
  list: "M5.5 4H13.5M5.5 8H13.5M5.5 12H13.5M2.5 4H2.6M2.5 8H2.6M2.5 12H2.6",
  gear: "M8 5.8A2.2 2.2 0 1 1 8 10.2A2.2 2.2 0 1 1 8 5.8M8 1.8V3.6M8 12.4V14.2M1.8 8H3.6M12.4 8H14.2M3.6 3.6L4.9 4.9M11.1 11.1L12.4 12.4M12.4 3.6L11.1 4.9M4.9 11.1L3.6 12.4",
  duplicate: "M5.5 5.5V2.5H13.5V10.5H10.5M2.5 5.5H10.5V13.5H2.5ZM6.5 7.5V11.5M4.5 9.5H8.5",
  leave: "M6.5 3H3V13H13V9.5M9 2.5H13.5V7M13.5 2.5L7.5 8.5",
  language: "M8 2.2A5.8 5.8 0 1 1 8 13.8A5.8 5.8 0 1 1 8 2.2M2.2 8H13.8M8 2.2C4.8 5.4 4.8 10.6 8 13.8C11.2 10.6 11.2 5.4 8 2.2",
};

/** @param {{ name: string, size?: number }} props */
function IconOf({ name, size = 16 }) {
  const own = OWN[name];
  const drawn = own === undefined ? (ICONS[name] ?? ICONS["missing"]) : { line: own, solid: "" };
  return h(
    "svg",
    { className: "icon", viewBox: "0 0 16 16", width: size, height: size, "aria-hidden": true, focusable: "false" },
    drawn?.line ? h("path", { d: drawn.line, className: "icon-line" }) : null,
    drawn?.solid ? h("path", { d: drawn.solid, className: "icon-solid" }) : null,
  );
}

export const Icon = memo(IconOf);

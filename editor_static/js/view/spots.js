// Where the ports of a node are for the hand. Rule: ports that the pictures show stand where the pictures have them; those
// that wait for their first wire stand side by side along the lower edge, each with room for a pointer.
import { IN, IN_REPEAT, formOf } from "../document/geometry.js";
/** @import { Spot } from "./node.js" */

const PITCH = 28;

/**
 * @param {any} node
 * @param {number} into how many wires lead to it
 * @returns {{ width: number, height: number, spots: Spot[] }}
 */
export function placed(node, into) {
  const form = formOf(node, into);
  /** @type {Spot[]} */
  const spots = [];
  let waiting = 0;
  for (const port of form.ports) {
    if (port.id === IN_REPEAT) continue;
    if (port.type === "target") spots.push({ port: "", x: port.x, y: port.y, side: "left" });
    else if (port.isShown || form.shape === "ring") spots.push({ port: port.id, x: port.x, y: port.y, side: port.side });
    else {
      if (form.shape === "hexagon") spots.push(...onHexagon(form, port.id, waiting));
      else spots.push({ port: port.id, x: form.shape === "bar" ? form.width / 2 : form.width - 20 - PITCH * waiting, y: form.height, side: "bottom" });
      waiting += 1;
    }
  }
  return { width: form.width, height: form.height, spots };
}

/**
 * On a hexagon the foot belongs to the way back: what waits stands on the slopes at its right.
 * @param {{ width: number, height: number, ports: { id: string, side: string, isShown: boolean, type: string }[] }} form
 * @param {string} port
 * @param {number} waiting
 * @returns {Spot[]}
 */
function onHexagon(form, port, waiting) {
  const isTipFree = !form.ports.some((one) => one.type === "source" && one.isShown && one.side === "right");
  if (isTipFree && waiting === 0) return [{ port, x: form.width, y: form.height / 2, side: "right" }];
  return [{ port, x: form.width - 12, y: form.height - 4, side: "bottom" }];
}

export { IN };

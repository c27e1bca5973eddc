// Nodes glide to new places, 250 ms. Rule: only the picture moves; the document is already where it will be, so nothing can
// be lost half-way; under prefers-reduced-motion nothing moves.

/**
 * @param {Map<string, { x: number, y: number }>} before
 * @param {Record<string, [number, number]>} after
 */
export function glide(before, after) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  requestAnimationFrame(() => {
    for (const [id, [x, y]] of Object.entries(after)) {
      const was = before.get(id);
      const card = document.querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"] > *`);
      if (!was || !card || (was.x === x && was.y === y)) continue;
      card.animate([{ transform: `translate(${was.x - x}px, ${was.y - y}px)` }, { transform: "none" }], { duration: 250, easing: "ease-out" });
    }
    for (const wire of document.querySelectorAll(".far, .react-flow__edges, .react-flow__edgelabel-renderer")) wire.animate([{ opacity: 0 }, { opacity: 0, offset: 0.6 }, { opacity: 1 }], { duration: 300, easing: "ease-out" });
  });
}

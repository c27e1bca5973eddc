/** Every icon of the pictures as SVG path data; the server makes this module from engine/render/icons.py. */
export const ICONS: Readonly<Record<string, { readonly line: string; readonly solid: string }>>;

/** The grid tree, flattened in reading order for a list one can search. */
import type { Cell } from "../api/wire";

export interface CellRow {
  cell: Cell;
  depth: number;
  /** Names from the top of the tree down to this cell, for searching and for the reader. */
  path: string[];
}

/** Depth first, siblings by code. A cell whose parent is missing stands at the top; a cycle is cut. */
export function flatten(cells: readonly Cell[]): CellRow[] {
  const known = new Set(cells.map((cell) => cell.code));
  const children = new Map<string | null, Cell[]>();
  for (const cell of cells) {
    const parent = cell.parent !== null && known.has(cell.parent) && cell.parent !== cell.code ? cell.parent : null;
    const siblings = children.get(parent);
    if (siblings) siblings.push(cell);
    else children.set(parent, [cell]);
  }
  const rows: CellRow[] = [];
  const visit = (parent: string | null, depth: number, path: string[]): void => {
    const siblings = children.get(parent) ?? [];
    for (const cell of siblings.sort((a, b) => (a.code < b.code ? -1 : 1))) {
      const here = [...path, cell.name];
      rows.push({ cell, depth, path: here });
      visit(cell.code, depth + 1, here);
    }
  };
  visit(null, 0, []);
  return rows;
}

/** Rows whose code starts with the words, or whose path or leader holds every one of them. */
export function search(rows: readonly CellRow[], text: string): CellRow[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...rows];
  return rows.filter((row) => {
    const haystack = `${row.path.join(" ")} ${row.cell.leader ?? ""}`.toLowerCase();
    return words.every((word) => haystack.includes(word) || row.cell.code.startsWith(word));
  });
}

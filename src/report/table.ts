/** A table to be aligned: right-aligned columns hold numbers. */
export interface Table {
  readonly head: readonly string[];
  readonly rightAligned: ReadonlySet<number>;
  readonly rows: readonly (readonly string[])[];
}

/** The table as text, columns two spaces apart, the head first. */
export function textTable({ head, rightAligned, rows }: Table): readonly string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (rightAligned.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)];
}

/** The table in Markdown. */
export function markdownTable({ head, rightAligned, rows }: Table): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = head.map((_, column) => (rightAligned.has(column) ? '---:' : '---'));
  return [line(head), line(rule), ...rows.map(line)];
}

/**
 * Rows of cells as a Markdown table.
 * @param textColumns how many columns at the left hold words: the others hold numbers
 */
export const markdownTable = ([head, ...rows], textColumns) =>
  [head, head.map((_, index) => (index < textColumns ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

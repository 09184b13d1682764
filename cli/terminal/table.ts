/** Rows as aligned columns; a column whose cells are all numbers is aligned to the right. The first row is the head. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const isNumeric = widths.map((_, i) => rows.slice(1).every((row) => /^-?[\d,.]*$/.test(row[i] ?? '')));
  const lines = rows.map((row) =>
    widths
      .map((width, i) => (isNumeric[i] === true ? (row[i] ?? '').padStart(width) : (row[i] ?? '').padEnd(width)))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** 1234567 → `1,234,567` */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');
}

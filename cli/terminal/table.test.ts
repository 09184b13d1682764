import { expect, test } from 'vitest';
import { formatCount, renderTable } from './table.ts';

test('a table aligns text to the left and numbers to the right', () => {
  const rows = [
    ['topic', 'messages'],
    ['hl7.adt', formatCount(1234567)],
    ['hl7.dlq', formatCount(12)],
  ];

  expect(renderTable(rows)).toBe('topic     messages\nhl7.adt  1,234,567\nhl7.dlq         12\n');
});

test('a table without rows is an empty line', () => {
  expect(renderTable([])).toBe('\n');
});

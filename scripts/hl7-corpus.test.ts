import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareCorpus } from './hl7-corpus.ts';

const directory = process.env['HL7_CORPUS'] ?? join(import.meta.dirname, '../../shared/hl7-corpus');

test.skipIf(!existsSync(join(directory, 'manifest.json')))(
  'every file of the corpus is judged as its manifest says',
  () => {
    const { files, differences } = compareCorpus(directory);

    expect(files).toBeGreaterThan(300);
    expect(differences.filter((difference) => difference.excuse === undefined)).toStrictEqual([]);
  },
);

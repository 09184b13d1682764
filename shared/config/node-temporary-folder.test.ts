import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './node-temporary-folder.ts';

test('the temporary folder is the configured one, else one of this user alone', () => {
  expect(temporaryFolder({ 'io.tmp.dirs': '/scratch' })).toBe('/scratch');
  expect(dirname(temporaryFolder({ 'io.tmp.dirs': undefined }))).toBe(tmpdir());
  expect(temporaryFolder({ 'io.tmp.dirs': undefined })).toMatch(/nerve-stream-\d+$/);
});

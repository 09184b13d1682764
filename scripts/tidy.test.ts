import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CONNECTOR_OPTIONS } from '../shared/config/connector-options.ts';
import { OPTIONS } from '../shared/config/options.ts';
import { FAILPOINTS } from '../shared/failpoints/failpoint-names.ts';
import { renderConfigurationDoc } from './render-configuration-doc.ts';

// Rules that no linter checks (after TigerBeetle's tidy.zig): the tree itself is the test's subject.

const root = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const sources = files.filter((file) => file.endsWith('.ts') && !file.startsWith('proto/generated/'));
const documents = files.filter((file) => file.endsWith('.md'));

describe('files', () => {
  test('are named in kebab-case, with their kind behind a dot', () => {
    const odd = sources.filter(
      (file) =>
        !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|it\.test|sim\.test|conformance|bench|config|d))?\.ts$/.test(
          file.split('/').at(-1) ?? '',
        ),
    );

    expect(odd).toStrictEqual([]);
  });

  test('are not named after nothing', () => {
    expect(sources.filter((file) => /(^|\/)(utils?|helpers?|common|misc|manager)\.ts$/.test(file))).toStrictEqual([]);
  });

  test('hold no barrel besides the two public APIs', () => {
    expect(sources.filter((file) => file.endsWith('/index.ts') || file === 'index.ts').sort()).toStrictEqual([
      'hl7/index.ts',
      'index.ts',
    ]);
  });

  test('name no machine, no registry and no credentials', () => {
    const text = files.filter(
      (file) =>
        /\.(ts|mjs|json|md|yml|yaml|proto)$|^scripts\/|Dockerfile/.test(file) && file !== 'scripts/tidy.test.ts',
    );
    const found = text.filter((file) =>
      /(^|[\s"'`(=])\/(work|root|home)\/|registry\.npmjs\.org|proxy\.golang\.org|repo1?\.maven/m.test(read(file)),
    );

    expect(found).toStrictEqual([]);
  });
});

describe('protocols', () => {
  test('every step machine has a test beside it', () => {
    const steps = sources.filter((file) => file.endsWith('-step.ts'));
    const bare = steps.filter(
      (file) =>
        !existsSync(join(root, file.replace('.ts', '.test.ts'))) &&
        !existsSync(join(root, file.replace('.ts', '.sim.test.ts'))),
    );

    expect(bare).toStrictEqual([]);
  });

  test('every conformance suite is run by a test', () => {
    const suites = sources.filter((file) => file.endsWith('.conformance.ts'));
    const lonely = suites.filter((suite) => {
      const name = suite.split('/').at(-1) ?? '';
      return sources.filter((file) => file.endsWith('.test.ts') && read(file).includes(name)).length === 0;
    });

    expect(lonely).toStrictEqual([]);
  });

  test('generated types are those of proto/', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nerve-proto-'));
    execFileSync(process.execPath, [join(root, 'scripts/generate-proto-types.mjs'), folder], { stdio: 'pipe' });
    const fresh = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .sort();
    const differing = fresh.filter(
      (file) =>
        !existsSync(join(root, 'proto/generated', file)) ||
        readFileSync(join(folder, file), 'utf8') !== read(`proto/generated/${file}`),
    );
    rmSync(folder, { recursive: true });

    expect(differing).toStrictEqual([]);
  });

  test('pass every failpoint somewhere', () => {
    const code = sources
      .filter((file) => /^(shared|coordinator|taskmanager|connectors)\//.test(file))
      .filter((file) => !/\.(test|conformance)\.ts$|-testing\.ts$|failpoint-names\.ts$/.test(file))
      .map(read)
      .filter((text) => /failpoint/i.test(text))
      .join('\n');

    expect(Object.keys(FAILPOINTS).filter((name) => !code.includes(`'${name}'`))).toStrictEqual([]);
  });

  test('field numbers on the wire never change', () => {
    const numbers = files
      .filter((file) => file.startsWith('proto/') && file.endsWith('.proto'))
      .flatMap((file) => fieldNumbers(file, read(file)));

    expect(numbers).toMatchSnapshot();
  });
});

describe('documents', () => {
  test('have one title each', () => {
    const titles = documents.map((file) => [
      file,
      withoutCode(read(file))
        .split('\n')
        .filter((line) => line.startsWith('# ')).length,
    ]);

    expect(titles.filter(([, count]) => count !== 1)).toStrictEqual([]);
  });

  test('name only paths that exist', () => {
    const folders =
      'proto|coordinator|taskmanager|shared|connectors|hl7|jobs|cli|bench|integration-tests|deploy|scripts|docs';
    const missing = documents
      .filter((file) => !file.startsWith('docs/decisions/') && file !== 'CHANGELOG.md')
      .flatMap((file) =>
        [...withoutCode(read(file)).matchAll(new RegExp(`\`((?:${folders})/[A-Za-z0-9_./-]*[A-Za-z0-9_/-])\``, 'g'))]
          .map((match) => match[1] ?? '')
          .filter((path) => !existsSync(join(root, path)))
          .map((path) => `${file}: ${path}`),
      );

    expect(missing).toStrictEqual([]);
  });

  test('list every configuration key as the code has it', () => {
    expect(read('docs/CONFIGURATION.md')).toBe(renderConfigurationDoc(OPTIONS, CONNECTOR_OPTIONS));
  });

  test('explain every failure code, metric and log event to operators', () => {
    const explained = new Set(
      [...read('docs/OPERATIONS.md').matchAll(/`([A-Za-z0-9_-]+)`/g)].map((match) => match[1] ?? ''),
    );
    const missing = sources
      .filter((file) => /^(shared|coordinator|taskmanager|connectors|cli|jobs)\//.test(file))
      .filter((file) => !/\.(test|conformance)\.ts$|-testing\.ts$/.test(file))
      .flatMap((file) => namesForOperators(read(file)).map((name) => ({ file, name })))
      .filter(({ name }) => !explained.has(name));

    expect(missing).toStrictEqual([]);
  });
});

/** Literals that a reader of logs, metrics or failures meets. */
function namesForOperators(text: string): readonly string[] {
  const patterns = [
    /\bcode: '([a-z][a-z0-9-]*)'/g,
    /\.(?:counter|gauge)\(\s*'(\w+)'/g,
    /\b(?:gauge|total)\('(\w+)'/g,
    /#count\(metrics, '(\w+)'/g,
    /\bname: '(\w+)', kind: '(?:counter|gauge)'|kind: '(?:counter|gauge)', name: '(\w+)'/g,
    /\blogger\.(?:debug|info|warn|error)\(\s*'([a-z0-9-]+)'/gi,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? ''));
}

function fieldNumbers(file: string, text: string): readonly string[] {
  let scope = '';
  const out: string[] = [];
  for (const line of text.split('\n')) {
    scope = /^message (\w+)/.exec(line)?.[1] ?? scope;
    const field = /^\s+(?:repeated |optional )?[\w.<>, ]+ (\w+) = (\d+);/.exec(line);
    if (field !== null) {
      out.push(`${file} ${scope}.${field[1] ?? ''} = ${field[2] ?? ''}`);
    }
  }
  return out;
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '');
}

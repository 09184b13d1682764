import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONNECTOR_OPTIONS } from '../shared/config/connector-options.ts';
import { OPTIONS } from '../shared/config/options.ts';
import { variableOf } from '../shared/config/parse-configuration.ts';

interface DocumentedOption {
  readonly expects: string;
  readonly defaultText: string | undefined;
  readonly description: string;
}

/** docs/CONFIGURATION.md, made from the one place where the keys stand. Run this file to write it anew. */
export function renderConfigurationDoc(
  options: Readonly<Record<string, DocumentedOption>>,
  connectors: Readonly<Record<string, string>>,
): string {
  const connectorRows = Object.entries(connectors).map(([key, description]) => `| \`${key}\` | ${description} |`);
  const rows = Object.entries(options).map(
    ([key, { expects, defaultText, description }]) =>
      `| \`${key}\` | ${defaultText === undefined ? '–' : `\`${defaultText}\``} | ${expects} | ${description} |`,
  );
  return `# Configuration

Keys come, later ones winning, from a YAML file (\`--config FILE\`; flat or nested), from the environment (\`${variableOf('parallelism.default')}\`
is \`parallelism.default\`: dots and hyphens become underscores) and from the command line (\`-D key=value\`). Every problem is reported at once.
This page is made by \`scripts/render-configuration-doc.ts\`; \`nerve config\` prints the same.

| key | default | a value is | what it is |
|---|---|---|---|
${rows.join('\n')}

What sources and sinks of a job leave out is taken from these; none has a default.

| key | what it is |
|---|---|
${connectorRows.join('\n')}
`;
}

if (process.argv[1] === import.meta.filename) {
  const page = renderConfigurationDoc(OPTIONS, CONNECTOR_OPTIONS);
  writeFileSync(join(import.meta.dirname, '../docs/CONFIGURATION.md'), page);
}

import { definitionsOf, type Hl7Definitions } from '../definitions/hl7-definitions.ts';
import type { Hl7Message } from '../message/hl7-message.ts';

/** Longer values are cut: nobody reads a base64 document on a terminal. */
const valueCharsMax = 200;

/**
 * A message for people: every segment with its name, every field that holds something with its path, name and value; components
 * of a composite each on a line of their own. Shows patient data: it is the caller who asked to see the message.
 */
export function formatPretty(message: Hl7Message): string {
  const definitions = definitionsOf(message.value(0, 12));
  const lines: string[] = [];
  const occurrences = new Map<string, number>();
  for (let segment = 0; segment < message.segmentCount; segment++) {
    const name = message.segmentName(segment);
    const occurrence = (occurrences.get(name) ?? 0) + 1;
    occurrences.set(name, occurrence);
    const label = occurrence === 1 ? name : `${name}(${occurrence})`;
    lines.push(
      `${label}  ${definitions.segmentName(name) ?? (name.startsWith('Z') ? 'Site-defined segment' : 'Unknown segment')}`,
    );
    for (let field = 1; field <= message.fieldCount(segment); field++) {
      addField(lines, { message, definitions, segment, name, label, field });
    }
  }
  return `${lines.join('\n')}\n`;
}

interface FieldPlace {
  readonly message: Hl7Message;
  readonly definitions: Hl7Definitions;
  readonly segment: number;
  readonly name: string;
  readonly label: string;
  readonly field: number;
}

function addField(lines: string[], place: FieldPlace): void {
  const { message, definitions, segment, name, label, field } = place;
  const definition = definitions.field(name, field);
  const repetitions = message.repetitionCount(segment, field);
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    const path = `${label}-${field}${repetition === 1 ? '' : `(${repetition})`}`;
    const components = message.componentCount(segment, field, repetition);
    if (message.presence(segment, field, repetition) === 'null') {
      lines.push(line(path, definition?.name, '"" (delete)'));
    } else if (components <= 1 || isHeaderDelimiters(name, field)) {
      const value = message.fieldText(segment, field, repetition);
      if (value !== undefined) {
        lines.push(line(path, definition?.name, value));
      }
    } else {
      lines.push(line(path, definition?.name, undefined));
      for (let component = 1; component <= components; component++) {
        const value = message.componentText(segment, field, repetition, component);
        const named =
          definition === undefined ? undefined : definitions.component(definition.dataType, component)?.name;
        if (value !== undefined) {
          lines.push(`  ${line(`${path}.${component}`, named, value)}`);
        }
      }
    }
  }
}

function isHeaderDelimiters(name: string, field: number): boolean {
  return name === 'MSH' && field <= 2;
}

function line(path: string, name: string | undefined, value: string | undefined): string {
  const head = `  ${path.padEnd(12)} ${(name ?? '').padEnd(36)}`;
  return value === undefined ? head.trimEnd() : `${head} ${shorten(value)}`;
}

function shorten(value: string): string {
  // Control characters would move the cursor of the terminal the text is shown on.
  const printable = value.slice(0, valueCharsMax).replaceAll(/\p{Cc}/gu, '·');
  return value.length > valueCharsMax ? `${printable}… (${value.length} characters)` : printable;
}

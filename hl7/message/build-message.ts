import { charsetOf } from '../charset/charset-table.ts';
import { UTF_8 } from '../charset/unicode-charset.ts';
import { type Delimiters, encodingCharacters, STANDARD_DELIMITERS } from './delimiters.ts';
import { MessageEditor } from './edit-message.ts';
import { Hl7Message } from './hl7-message.ts';

export interface MessageHeader {
  /** MSH-9: type, trigger event, structure. */
  readonly type: readonly [type: string, trigger?: string, structure?: string];
  /** MSH-10. */
  readonly controlId: string;
  /** MSH-12, 2.5.1 by default. */
  readonly version?: string;
  /** MSH-11, P by default. */
  readonly processingId?: string;
  readonly delimiters?: Delimiters;
  /** MSH-18 by its code in table 0211; UNICODE UTF-8 by default, and declared in the message. */
  readonly charset?: string;
}

/**
 * Starts a message of nothing but its MSH. Everything else is an edit: `.set('MSH-3', …).addSegment('PID')
 * .set('PID-5.1', …).build()`. Segments end in CR. Throws on a character set that is not known.
 */
export function buildMessage(header: MessageHeader): MessageEditor {
  const delimiters = header.delimiters ?? STANDARD_DELIMITERS;
  const declared = charsetOf(header.charset ?? UTF_8.name);
  if (declared.kind !== 'charset') {
    throw new TypeError('buildMessage needs a character set of HL7 table 0211 that can be encoded.');
  }
  const empty = String.fromCharCode(delimiters.field).repeat(7);
  const bytes = Buffer.from(`MSH${empty.charAt(0)}${encodingCharacters(delimiters)}${empty}\r`, 'latin1');
  const blank = new Hl7Message({
    bytes,
    source: bytes,
    scan: bytes,
    text: undefined,
    isLatin1: false,
    delimiters,
    segments: [0, bytes.length - 1],
    charset: declared.charset,
    hasEscapes: true,
    formatting: 'keep',
  });
  const editor = new MessageEditor(blank, {});
  header.type.forEach((part, i) => editor.set(`MSH-9.${i + 1}`, part ?? ''));
  return editor
    .set('MSH-10', header.controlId)
    .set('MSH-11', header.processingId ?? 'P')
    .set('MSH-12', header.version ?? '2.5.1')
    .set('MSH-18', header.charset ?? UTF_8.name);
}

/**
 * The HL7 library on one thread, beside hl7-standard and simple-hl7, over a "frames" file of the peers' generator
 * (see bench/README.md for HAPI's side):
 *
 *   node --expose-gc bench/hl7-parser.bench.ts FILE [messages] [rounds]
 */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { parseMessage } from '../hl7/message/parse-message.ts';
import { processAsPeer } from './peer-extraction.ts';

const [file = '', messagesMax = '50000', rounds = '5'] = process.argv.slice(2);
const messages = readFrames(readFileSync(file), Number(messagesMax));
const bytes = messages.reduce((sum, message) => sum + message.length, 0);
print(`${messages.length} messages, ${(bytes / messages.length).toFixed(1)} bytes on average, Node ${process.version}`);

measure('parse', (message) => parseMessage(message).kind === 'parsed');
measure('parse + 10 fields', (message) => readTen(message));
measure('parse + extract + validate', (message) => processAsPeer(message) !== undefined);
measure('parse + extract + validate + JSON', (message) => {
  const event = processAsPeer(message);
  return event !== undefined && JSON.stringify(event).length > 0;
});
measureOthers();
measureMemory();
measureLargeDocument();

function readTen(bytesOfMessage: Buffer): boolean {
  const result = parseMessage(bytesOfMessage);
  if (result.kind === 'malformed') {
    return false;
  }
  const { message } = result;
  const pid = message.findSegment('PID');
  const pv1 = message.findSegment('PV1');
  const fields = [
    message.value(0, 9),
    message.value(0, 9, 1, 2),
    message.value(0, 10),
    message.value(pid, 3),
    message.value(pid, 5),
    message.value(pid, 5, 1, 2),
    message.value(pid, 7),
    message.value(pid, 8),
    message.value(pv1, 3),
    message.value(pv1, 19),
  ];
  return fields.length === 10;
}

function measure(name: string, work: (message: Buffer) => boolean): void {
  for (const message of [...messages, ...messages]) {
    work(message);
  }
  const wall: number[] = [];
  const cpu: number[] = [];
  let rejected = 0;
  for (let round = 0; round < Number(rounds); round += 1) {
    rejected = 0;
    const cpuBefore = process.threadCpuUsage();
    const started = process.hrtime.bigint();
    for (const message of messages) {
      rejected += work(message) ? 0 : 1;
    }
    wall.push((messages.length * 1e9) / Number(process.hrtime.bigint() - started));
    const used = process.threadCpuUsage(cpuBefore);
    cpu.push((messages.length * 1e6) / (used.user + used.system));
  }
  print(`${name.padEnd(36)} wall ${spread(wall)}, thread-CPU ${spread(cpu)}, rejected ${rejected}`);
}

function spread(rates: readonly number[]): string {
  const sorted = [...rates].sort((a, b) => a - b);
  const [low = 0, median = 0, high = 0] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
  return `median ${Math.round(median)} msg/s (${Math.round(low)}..${Math.round(high)})`;
}

/** The other parsers of the npm registry, over the messages that all of them take (they throw on some). */
function measureOthers(): void {
  const require = createRequire(import.meta.url);
  const Standard = require('hl7-standard') as new (text: string) => { transform(): void; get(path: string): unknown };
  const simple = require('simple-hl7') as {
    Parser: new (options?: object) => { parse(text: string): { header: unknown } };
  };
  const parser = new simple.Parser({ segmentSeperator: '\r' });
  measure('hl7-standard, transform + 10 fields', (message) => {
    try {
      const hl7 = new Standard(message.toString());
      hl7.transform();
      for (const path of ['MSH.9', 'MSH.9', 'MSH.10', 'PID.3', 'PID.5', 'PID.5', 'PID.7', 'PID.8', 'PV1.3', 'PV1.19']) {
        hl7.get(path);
      }
      return true;
    } catch {
      return false;
    }
  });
  measure('simple-hl7, parse', (message) => {
    try {
      return parser.parse(message.toString()).header !== undefined;
    } catch {
      return false;
    }
  });
}

/** Heap and array buffers per message held, with every message parsed and a value read from each segment. */
function measureMemory(): void {
  if (globalThis.gc === undefined) {
    print('memory: run node with --expose-gc');
    return;
  }
  const copies = messages.map((message) => Buffer.from(message));
  const held: unknown[] = [];
  globalThis.gc();
  const before = process.memoryUsage();
  for (const message of copies) {
    const result = parseMessage(message);
    if (result.kind === 'parsed') {
      for (let segment = 0; segment < result.message.segmentCount; segment += 1) {
        result.message.value(segment, 3);
      }
      held.push(result.message);
    }
  }
  globalThis.gc();
  const after = process.memoryUsage();
  const used = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
  const perMessage = used / held.length;
  const average = bytes / messages.length;
  print(
    `memory: ${Math.round(perMessage)} B held per message beside its own ${Math.round(average)} B; ` +
      `together ${Math.round(perMessage + average)} B, allowed 2 × bytes + 512 = ${Math.round(2 * average + 512)} B`,
  );
}

function measureLargeDocument(): void {
  const document = Buffer.concat([
    Buffer.from(
      'MSH|^~\\&|A|B|C|D|20260301080000||MDM^T02^MDM_T02|1|P|2.5.1\rPID|1||1^^^A^MR\rOBX|1|ED|K||^^PDF^Base64^',
    ),
    Buffer.alloc(5_000_000, 'QUJD'),
    Buffer.from('||||||F\r'),
  ]);
  const times: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const started = process.hrtime.bigint();
    const result = parseMessage(document);
    if (result.kind === 'malformed' || result.message.get('OBX-11') !== 'F') {
      throw new Error('the large document was not read');
    }
    times.push(Number(process.hrtime.bigint() - started) / 1e6);
  }
  times.sort((a, b) => a - b);
  print(
    `5 MB base64 in OBX-5, parse and read OBX-11: median ${times[10]?.toFixed(2)} ms, worst ${times.at(-1)?.toFixed(2)} ms`,
  );
}

/** The generator's "frames" format: u16 key length, key, u32 value length, value. */
function readFrames(data: Buffer, max: number): readonly Buffer[] {
  const values: Buffer[] = [];
  let at = 0;
  while (at < data.length && values.length < max) {
    const keyLength = data.readUInt16BE(at);
    const valueLength = data.readUInt32BE(at + 2 + keyLength);
    const from = at + 6 + keyLength;
    values.push(Buffer.from(data.subarray(from, from + valueLength)));
    at = from + valueLength;
  }
  return values;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

import { expect, test } from 'vitest';
import { MSH } from '../message/message-testing.ts';
import { exercise } from './exercise-testing.ts';
import { mutate, randomFrom } from './mutate-testing.ts';

const SEED = 20260301;

/** Small messages of every shape; scripts/hl7-fuzz.ts does the same with the whole corpus. */
const SEEDS = [
  `${MSH}\rEVN|A01\rPID|1||A^^^X&1.2&ISO^MR~B^^^Y||DOE^JANE||""|F\rPV1|1|I|4N^401\r`,
  `\x0b${MSH}\nPID|1||\\F\\\\X41\\\\.br\\\n\x1c\r`,
  `FHS|^~\\&\rBHS|^~\\&\r${MSH}\rPID|1\r${MSH}\rBTS|2\rFTS|1\r`,
  'MSH$%~!@#$LAB$$$$2026$$ORU%R01$1$P$2.7\rOBX$1$FT$$$a!F!b\nc\rNTE$1\r',
].map((text) => Buffer.from(text));
const MULTI_BYTE = [
  Buffer.concat([Buffer.from(`${MSH}||||||BIG-5\rPID|1||P||`), Buffer.from([0xb3, 0x5c, 0x5e, 0xa5, 0x5c, 0x0d])]),
  Buffer.from(`${MSH}||||||~ISO IR87\rPID|1||\x1b$B!|!^\x1b(B^b\r`, 'latin1'),
  Buffer.from(`\ufeff${MSH}||||||UNICODE UTF-16\rPID|1||Ř\r`, 'utf16le'),
];
const ALL = [...SEEDS, ...MULTI_BYTE];

test('every prefix of a message is answered', () => {
  for (const bytes of ALL) {
    for (let length = 0; length <= bytes.length; length += 1) {
      expect(['parsed', 'malformed', 'batch']).toContain(exercise(bytes.subarray(0, length)));
    }
  }
});

test(`three thousand mutations are answered (seed ${SEED})`, () => {
  const random = randomFrom(SEED);
  const pick = (): Buffer => ALL[Math.floor(random() * ALL.length)]!;
  for (let run = 0; run < 3000; run += 1) {
    const bytes = mutate(pick(), pick(), random);

    expect(() => exercise(bytes), `run ${run}: ${bytes.toString('base64')}`).not.toThrow();
  }
});

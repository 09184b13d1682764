import { expect, test } from 'vitest';
import fc from 'fast-check';
import { judgePayload } from '../../hl7/validate/judge-payload.ts';
import { policyOf, runSteps, sourceRecord } from './run-steps-testing.ts';

// A batch may hold a message twice: this test is about each by itself.
const policy = policyOf({ duplicates: 'pass' });
const oru = [
  'MSH|^~\\&|LAB|NGH|HUB|HIE|20260301083000||ORU^R01^ORU_R01|C1|P|2.5.1',
  'PID|1||4711^^^NGH^MR||DOE^ALICE||19800229|F',
  'OBR|1|P1|F1|1^Panel^L|||20260301',
  'OBX|1|NM|2345-7^Glucose^LN||74|mg/dL|70-99|N|||F\r',
].join('\r');
const batch = `BHS|^~\\&\r${oru}${oru}BTS|2\r`;
const seeds = [oru, batch, framed(oru), framed(oru) + framed(oru), framed(batch) + framed(oru)].map((text) =>
  Buffer.from(text),
);
const alphabet = Buffer.from('|^~\\&\r\n\u000b\u001c"MSHPIDORCOBX019 \u0000\u00ff\u00c3\u001b$', 'latin1');

test('the pipeline and the library judge any damaged payload alike: no step throws, no record vanishes', async () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...seeds), changes, async (seed, places) => {
      const raw = Buffer.from(seed);
      for (const [at, byte] of places) {
        raw[at % raw.length] = alphabet[byte % alphabet.length] ?? 0;
      }

      const ran = (await runSteps([sourceRecord(raw)], policy)).map(({ topic, key, headers }) =>
        told(headers['reason'] ?? topic, key),
      );
      const judged = judgePayload(raw, policy.judge).map(({ verdict }) =>
        verdict.kind === 'accepted' ? told(`hl7.${verdict.route}`, verdict.key) : told(verdict.problem.code, undefined),
      );

      expect(ran).toStrictEqual(judged);
      expect(ran.length).toBeGreaterThan(0);
    }),
    { numRuns: 2_000 },
  );
});

/** An envelope without members is a batch to the parser, and no HL7 to the pipeline. */
function told(outcome: unknown, key: string | undefined): string {
  return `${String(outcome).replace('E_BATCH', 'E_NOT_HL7')} ${key ?? ''}`;
}

function framed(text: string): string {
  return `\u000b${text}\u001c\r`;
}

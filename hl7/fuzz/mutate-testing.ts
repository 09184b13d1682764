/** A small repeatable generator (mulberry32): the same seed gives the same mutations on every machine. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const INTERESTING = Buffer.from('|^~\\&#\r\n\x0b\x1c\x00\x1b "MSHX.\xc3\xff\x81\x5c', 'latin1');

/** One to four random edits of `bytes`: flips, insertions, cuts, repeats, and pieces of `other`. */
export function mutate(bytes: Buffer, other: Buffer, random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  let mutated = Buffer.from(bytes);
  for (let edits = 1 + below(4); edits > 0; edits -= 1) {
    const at = below(mutated.length + 1);
    const to = Math.min(mutated.length, at + 1 + below(40));
    const [head, middle, tail] = [mutated.subarray(0, at), mutated.subarray(at, to), mutated.subarray(to)];
    const byte = Buffer.of(INTERESTING[below(INTERESTING.length)] ?? 0);
    switch (below(7)) {
      case 0:
        mutated = Buffer.concat([head, byte, mutated.subarray(Math.min(at + 1, mutated.length))]);
        break;
      case 1:
        mutated = Buffer.concat([head, byte, mutated.subarray(at)]);
        break;
      case 2:
        mutated = Buffer.concat([head, tail]);
        break;
      case 3:
        mutated = Buffer.concat([head, middle, middle, middle, tail]);
        break;
      case 4:
        mutated = Buffer.from(head);
        break;
      case 5: {
        const from = below(other.length + 1);
        mutated = Buffer.concat([head, other.subarray(from, from + below(200)), tail]);
        break;
      }
      default:
        mutated = Buffer.concat([head, Buffer.of(below(256), below(256)), tail]);
    }
  }
  return mutated;
}

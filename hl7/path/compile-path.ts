import type { CompiledPath, GroupStep, Path } from './path.ts';

/** Distinct paths kept compiled. Jobs use tens; the bound keeps generated paths from filling the heap. */
const CACHE_MAX = 4096;

const GROUP = /^([A-Z][A-Z0-9_]{0,63})(?:\((\d{1,6})\))?$/;
const LEAF =
  /^([A-Z][A-Z0-9]{2})(?:\((\d{1,6})\))?(?:[-.](\d{1,4})(?:\((\d{1,6})\))?(?:[-.](\d{1,4})(?:[-.](\d{1,4}))?)?)?$/;

const cache = new Map<string, CompiledPath>();

/**
 * Compiles a path, `[GROUP[(n)]/]…SEG[(n)][-field[(repetition)][.component[.subcomponent]]]`. Components may also be
 * separated by `-` (`PID-3(2)-4-2`). Numbers count from 1; what is left out is 1, save component and subcomponent.
 */
export function compilePath(text: string): CompiledPath {
  const known = cache.get(text);
  if (known !== undefined) {
    return known;
  }
  const compiled = compile(text);
  if (cache.size >= CACHE_MAX) {
    cache.clear();
  }
  cache.set(text, compiled);
  return compiled;
}

function compile(text: string): CompiledPath {
  const steps = text.split('/');
  const leaf = LEAF.exec(steps.at(-1) ?? '');
  if (leaf === null) {
    return badPath('write SEG[(n)]-field[(repetition)][.component[.subcomponent]], for example PID-3(2).4.2');
  }
  const groups: GroupStep[] = [];
  for (const step of steps.slice(0, -1)) {
    const group = GROUP.exec(step);
    if (group === null) {
      return badPath('a group step is NAME or NAME(n), for example ORDER_OBSERVATION(2)');
    }
    groups.push({ name: group[1] ?? '', occurrence: numberOr(group[2], 1) });
  }
  const path: Path = {
    groups,
    segment: leaf[1] ?? '',
    occurrence: numberOr(leaf[2], 1),
    field: optionalNumber(leaf[3]),
    repetition: numberOr(leaf[4], 1),
    hasRepetition: leaf[4] !== undefined,
    component: optionalNumber(leaf[5]),
    subcomponent: optionalNumber(leaf[6]),
  };
  return hasZero(path) ? badPath('every number of a path counts from 1') : { kind: 'path', path };
}

function hasZero(path: Path): boolean {
  const numbers = [path.occurrence, path.field, path.repetition, path.component, path.subcomponent];
  return numbers.includes(0) || path.groups.some((group) => group.occurrence === 0);
}

function badPath(hint: string): CompiledPath {
  return { kind: 'bad-path', sentence: `This is no HL7 path: ${hint}.` };
}

function numberOr(digits: string | undefined, otherwise: number): number {
  return digits === undefined ? otherwise : Number(digits);
}

function optionalNumber(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}

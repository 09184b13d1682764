import type { Path } from './path.ts';

/** The canonical text of a path: `compilePath(formatPath(p))` is `p` again. */
export function formatPath(path: Path): string {
  const groups = path.groups.map((group) => `${withNumber(group.name, group.occurrence)}/`).join('');
  const segment = groups + withNumber(path.segment, path.occurrence);
  if (path.field === undefined) {
    return segment;
  }
  const parts = [path.component, path.subcomponent].filter((part) => part !== undefined);
  return [`${segment}-${path.hasRepetition ? `${path.field}(${path.repetition})` : path.field}`, ...parts].join('.');
}

function withNumber(name: string, number: number): string {
  return number === 1 ? name : `${name}(${number})`;
}

import { destination, pino } from 'pino';
import type { Logger as Pino } from 'pino';
import type { LogFields, Logger } from './logger.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** JSON lines on standard error, one per event, written at once so that a killed process loses none. */
export function nodeLogger(process: string, level: LogLevel): Logger {
  const base = pino({ level, base: { process } }, destination({ dest: 2, sync: true }));
  return wrap(base);
}

function wrap(to: Pino): Logger {
  const say = (level: 'debug' | 'info' | 'warn' | 'error') => (event: string, fields?: LogFields) => {
    if (to.isLevelEnabled(level)) {
      to[level](plain(fields), event);
    }
  };
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    with: (fields) => wrap(to.child(plain(fields))),
  };
}

function plain(fields: LogFields | undefined): Record<string, string | number | boolean | undefined> {
  const out: Record<string, string | number | boolean | undefined> = {};
  for (const [key, value] of Object.entries(fields ?? {})) {
    out[key] = typeof value === 'bigint' ? value.toString() : value;
  }
  return out;
}

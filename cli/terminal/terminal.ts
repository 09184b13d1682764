/** What a command may do with the terminal: the same in a shell, in a pipe and in a test. */
export interface Terminal {
  /** Results: standard output. Bytes are written as they are. */
  out(text: string | Uint8Array): void;
  /** Everything else: standard error. */
  err(text: string): void;
  /** True when a person watches: progress may be drawn over itself. */
  readonly isInteractive: boolean;
}

/** How a command ended, as the shell sees it. */
export const EXIT = {
  ok: 0,
  /** It was tried and failed: a job that failed, a dead letter that was found. */
  failed: 1,
  /** The command line, the configuration or the job's arguments are wrong: nothing was started. */
  usage: 2,
  /** No coordinator could be reached. */
  unreachable: 3,
  /** A coordinator that lost its leadership: its supervisor starts it again, and it waits for its turn. */
  fenced: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

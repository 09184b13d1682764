export interface EditModule {
  readonly edit: (bytes: Buffer, headers: Readonly<Record<string, string>>) => unknown;
}

/** A user's module for `nerve dlq replay --edit`. */
export function isEditModule(module: unknown): module is EditModule {
  return typeof module === 'object' && module !== null && typeof (module as Partial<EditModule>).edit === 'function';
}

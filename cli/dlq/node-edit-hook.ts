import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { usage } from '../terminal/usage-error.ts';
import { isEditModule } from './edit-module-wire.ts';
import type { EditHook } from './replay-loop.ts';

/** Loads the user's module for `--edit`. What the hook throws, and what it returns that is no bytes, ends the replay. */
export async function loadEditHook(path: string): Promise<EditHook> {
  let module: unknown;
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw usage(
      `The module ${path} cannot be loaded: ${error instanceof Error ? error.message : ''}`,
      'Check its path and syntax.',
    );
  }
  if (!isEditModule(module)) {
    throw usage(
      `The module ${path} exports no function "edit".`,
      'export function edit(bytes, headers) { return bytes; }',
    );
  }
  const { edit } = module;
  return async (bytes, headers) => {
    const edited: unknown = await edit(bytes, headers);
    if (edited !== undefined && !(edited instanceof Uint8Array)) {
      throw usage(
        `The edit hook of ${path} returned neither bytes nor undefined.`,
        'Return a Buffer, or undefined to skip.',
      );
    }
    return edited;
  };
}

import manifest from '../package.json' with { type: 'json' };

/** The version of this software. Processes of one cluster must have the same. */
export const VERSION: string = manifest.version;

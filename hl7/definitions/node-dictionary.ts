import { createRequire } from 'node:module';
import process from 'node:process';
import { parseDictionary, parseTables, type Dictionary, type DictionaryTables } from './dictionary-wire.ts';
import type { DefinedVersion } from './hl7-version.ts';

/** A version's definitions, read when first asked for (10 to 30 ms and a few MB): most processes need one or two of the ten. */
export function loadDictionary(version: DefinedVersion): Dictionary {
  return parseDictionary(requireModule(`hl7-dictionary/lib/${version}/index.js`));
}

/** The HL7 tables, which the package keeps once for all versions. */
export function loadTables(): DictionaryTables {
  return parseTables(requireModule('hl7-dictionary/lib/tables.js'));
}

/** A job submitted as one bundled module lies in a cache directory without node_modules: there the process's own are used. */
function requireModule(name: string): unknown {
  try {
    return createRequire(import.meta.url)(name);
  } catch (error) {
    const main = process.argv[1];
    if (main === undefined) {
      throw error;
    }
    return createRequire(main)(name);
  }
}

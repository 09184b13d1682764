// Writes hl7/schemas/<route>.schema.json from hl7/schemas/record-schema.ts. Run it after changing a record's fields:
//   node scripts/write-schemas.ts
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { recordSchema, schemaRoutes } from '../hl7/schemas/record-schema.ts';

for (const route of schemaRoutes) {
  const file = fileURLToPath(new URL(`../hl7/schemas/${route}.schema.json`, import.meta.url));
  writeFileSync(file, `${JSON.stringify(recordSchema(route), null, 2)}\n`);
}

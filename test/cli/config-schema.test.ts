import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configSchemaText } from '../../scripts/write-schemas.mjs';
import { configSchema } from '../../src/cli/config-file.js';

test('the schema that is shipped is that of the config', () => {
  const shipped = readFileSync(new URL('../../schemas/config.schema.json', import.meta.url), 'utf8');
  // After a change of src/cli/config-file.ts: npm run build && node scripts/write-schemas.mjs
  expect(shipped).toBe(configSchemaText(configSchema));
});

// Writes schemas/config.schema.json, which tells editors what a --config file may hold. Run it after `npm run build`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const FILE = fileURLToPath(new URL('../schemas/config.schema.json', import.meta.url));

/** The text of the file, for a zod schema of the config. */
export function configSchemaText(configSchema) {
  const { $schema, ...schema } = z.toJSONSchema(configSchema);
  const about = { title: 'se-retrofit config', description: 'What a file given to se-retrofit --config may hold' };
  return `${JSON.stringify({ $schema, ...about, ...schema }, null, 2)}\n`;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { configSchema } = await import('../dist/src/cli/config-file.js');
  mkdirSync(resolve(FILE, '..'), { recursive: true });
  writeFileSync(FILE, configSchemaText(configSchema));
}

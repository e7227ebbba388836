import type { z } from 'zod';

export function configSchemaText(configSchema: z.ZodType): string;

// Step outputs out of a report of `se-retrofit add --json`, for action.yml: node action-outputs.mjs REPORT >> "$GITHUB_OUTPUT".
// A failed run becomes an annotation, and has no outputs but the report.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [, , path] = process.argv;
const { output, sites, params, exact, error } = JSON.parse(readFileSync(path, 'utf8'));
if (error !== undefined) annotate(error);
const results =
  error === undefined
    ? {
        path: output?.path ?? '',
        modules: sites.length,
        'added-params': params.added,
        percent: params.addedPercent,
        exact,
      }
    : {};
for (const [name, value] of Object.entries({ ...results, report: path })) {
  // A path may hold a line end: only a delimiter that nobody can guess keeps it from being an output of its own.
  const delimiter = randomUUID();
  console.log(`${name}<<${delimiter}\n${value}\n${delimiter}`);
}

function annotate({ message, where, hint }) {
  const layer = where.layer === null ? null : `layer "${where.layer}"`;
  const place = [where.file, layer].filter((part) => part !== null).join(', ');
  const text = `${place === '' ? '' : `${place}: `}${message}${hint === null ? '' : ` (${hint})`}`;
  const escaped = text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  console.error(`::error title=se-retrofit::${escaped}`);
}

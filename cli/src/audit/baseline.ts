import { existsSync, readFileSync } from 'node:fs';
import { SEVERITIES } from '@p2mtrace/analyzers';
import { usageError } from '@p2mtrace/trace-format/errors';
import * as z from 'zod';
import { jsonText } from '../render/json.js';
import { writeAtomically } from './write-atomically.js';

const baselineSchema = z.strictObject({
  version: z.literal(1),
  findings: z.array(
    z.strictObject({ id: z.string(), rule: z.string(), severity: z.enum(SEVERITIES), signature: z.string() }),
  ),
});
/** Known findings: an audit fails only for others. */
export type Baseline = z.infer<typeof baselineSchema>;

const suppressionsSchema = z.strictObject({
  version: z.literal(1),
  suppressions: z.array(
    z.strictObject({
      /** Id or signature of a finding. */
      finding: z.string().min(1),
      reason: z.string().min(1),
      /** Last day on which it is valid, as 2026-12-31. */
      expires: z.iso.date().optional(),
    }),
  ),
});
/** Findings that somebody has reviewed and that should not be reported. */
export type Suppression = z.infer<typeof suppressionsSchema>['suppressions'][number];

/** @throws P2mError P2M_BASELINE (usage) */
export function readBaseline(path: string): Baseline {
  return existsSync(path) ? parsed('P2M_BASELINE', path, baselineSchema) : { version: 1, findings: [] };
}

export function writeBaseline(path: string, findings: Baseline['findings']): void {
  const sorted = [...findings].sort((a, b) => (a.signature < b.signature ? -1 : 1));
  writeAtomically(path, `${jsonText({ version: 1, findings: sorted }, 2)}\n`);
}

/** @throws P2mError P2M_SUPPRESSIONS (usage) */
export function readSuppressions(path: string): readonly Suppression[] {
  return existsSync(path) ? parsed('P2M_SUPPRESSIONS', path, suppressionsSchema).suppressions : [];
}

export function writeSuppressions(path: string, suppressions: readonly Suppression[]): void {
  writeAtomically(path, `${jsonText({ version: 1, suppressions }, 2)}\n`);
}

function parsed<T>(code: string, path: string, schema: z.ZodType<T>): T {
  let problem: string;
  try {
    const { data, error } = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (error === undefined) return data as T;
    const [{ path: where, message }] = error.issues;
    problem = [...where, message].join(': ');
  } catch (error) {
    problem = (error as Error).message;
  }
  throw usageError(code, `${path} can't be used: ${problem}`, 'correct it, or remove it and start again');
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
/** Where files are written, and nowhere else. */
const LAYER = 'packages/trace-format/src/output/';
const SOURCES = ['packages/trace-format/src', 'packages/replayer/src', 'packages/analyzers/src', 'cli/src'];
/** Threads that write to stderr: their process may be busy. */
const TALKS = ['cli/src/budget/watch-thread.ts', 'cli/src/audit/end-with-parent.ts'];
/** Functions of node:fs that change nothing. */
const READS = /^(?:existsSync|createReadStream|closeSync|constants|(?:read|realpath|l?stat|fstat|access)\w*Sync)$/;

/** What a module takes from node:fs with which it could write; opening for reading is fine. */
function writes(text: string): string[] {
  const found: string[] = [];
  for (const [, names, from] of text.matchAll(/^import ([^;]+?) from '(?:node:)?(fs(?:\/promises)?)';$/gm)) {
    const listed = /^\{([^}]*)\}$/.exec(names)?.[1].split(',') ?? [names];
    for (const name of listed.map(one => one.trim()).filter(one => one !== '' && !one.startsWith('type '))) {
      if (
        from === 'fs' &&
        (READS.test(name) || (name === 'openSync' && !/openSync\((?![^()]*(?:'r'\)|constants\.O_RDONLY))/.test(text)))
      )
        continue;
      found.push(name);
    }
  }
  if (/\b(?:require|import)\('(?:node:)?fs/.test(text)) found.push('fs');
  return found;
}

describe('only the layer of outputs writes files', () => {
  it.each(SOURCES)('in %s', folder => {
    const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts'))
      .map(file => join(folder, file))
      .filter(file => !file.startsWith(LAYER) && !TALKS.includes(file));
    expect(files.length).toBeGreaterThan(20);
    const found = files.flatMap(file => writes(readFileSync(join(ROOT, file), 'utf8')).map(name => `${file}: ${name}`));
    expect(found).toEqual([]);
  });

  it('and this test would see one that does', () => {
    expect(writes("import { readFileSync, writeFileSync } from 'node:fs';")).toEqual(['writeFileSync']);
    expect(writes("import * as fs from 'node:fs';")).toEqual(['* as fs']);
    expect(writes("import { openSync } from 'node:fs';\nopenSync(path, 'w');")).toEqual(['openSync']);
    expect(writes("import { openSync } from 'node:fs';\nopenSync(path, 'r');")).toEqual([]);
    const nonblocking = 'openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)';
    expect(writes(`import { openSync } from 'node:fs';\n${nonblocking};`)).toEqual([]);
    expect(writes("import { rm } from 'node:fs/promises';")).toEqual(['rm']);
  });
});

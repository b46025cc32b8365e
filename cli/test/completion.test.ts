import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands.js';
import { complete } from '../src/completion/complete.js';
import { BIN, fine, needsBuild, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const has = (program: string) => spawnSync(program, ['--version']).error === undefined;

describe('completion of', () => {
  it.each([
    ['', 'analyze', 'files: no'],
    ['analyze ', undefined, 'files: yes'],
    ['analyze T --', '--only', 'files: no'],
    ['analyze T --only ', 'refcount.leak', 'files: no'],
    ['analyze T --only refcount.leak ', 'lock-order.level', 'files: no'],
    ['analyze T --format=', 'json', 'files: no'],
    ['--color ', 'always', 'files: no'],
    ['--color always rep', 'replay', 'files: no'],
    ['report T -o ', undefined, 'files: yes'],
    ['report -o page.html ', undefined, 'files: yes'],
    ['import x --layout ', 'P6', 'files: no'],
    ['history T ', 'gfn', 'files: no'],
    ['explain ', 'refcount.leak', 'files: yes'],
    ['completion ', 'zsh', 'files: no'],
    ['help ', 'positions', 'files: no'],
    ['sql a.arrow b.arrow ', undefined, 'files: yes'],
  ])('%j', async (line, word, files) => {
    const found = await complete(line.split(' '));
    if (word !== undefined) expect(found.words.map(one => one.word)).toContain(word);
    expect(`files: ${found.files ? 'yes' : 'no'}`).toBe(files);
  });

  it('options that are there already leaves them out, unless they may be there again', async () => {
    const after = async (line: string) => (await complete(line.split(' '))).words.map(({ word }) => word);
    expect(await after('analyze T --flat --')).not.toContain('--flat');
    expect(await after('sql T --param a=1 --')).toContain('--param');
  });
});

describe('in a shell', () => {
  beforeAll(() => {
    mkdirSync(temp('bin'));
    writeFileSync(temp('bin/p2mtrace'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
    chmodSync(temp('bin/p2mtrace'), 0o755);
  });
  const env = { ...process.env, HOME: '/nonexistent', PATH: `${temp('bin')}${delimiter}${process.env.PATH}` };
  const shell = (program: string, args: string[]) =>
    spawnSync(program, args, { env, encoding: 'utf8', cwd: temp('.') });

  it.skipIf(!has('bash'))('bash completes values, also behind =, and runs nothing that is on the line', () => {
    const lines = [
      'source <(p2mtrace completion bash)',
      `COMP_WORDS=(p2mtrace replay T --show = vi); COMP_CWORD=5; _p2mtrace; echo "\${COMPREPLY[@]}"`,
      `COMP_WORDS=(p2mtrace analyze '$(touch ran)' --forma); COMP_CWORD=3; _p2mtrace; echo "\${COMPREPLY[@]}"`,
      'ls',
    ];
    const { stdout, stderr } = shell('bash', ['--norc', '-c', lines.join('\n')]);
    expect({ stdout, stderr }).toEqual({ stdout: 'views\n--format\nbin\n', stderr: '' });
  });

  it.skipIf(!has('fish'))('fish completes values', () => {
    const script = 'p2mtrace completion fish | source; complete -C "p2mtrace replay T --show vi"';
    expect(shell('fish', ['--no-config', '-c', script]).stdout).toBe('views\n');
  });

  it.skipIf(!has('zsh'))('zsh reads its script', () => {
    writeFileSync(temp('_p2mtrace'), fine(['completion', 'zsh']).stdout);
    expect(shell('zsh', ['-n', temp('_p2mtrace')])).toMatchObject({ status: 0, stderr: '' });
  });
});

/** How bold letters are printed. */
const OVERSTRUCK = /.[\b]/g;

describe('the man page', () => {
  const page = fileURLToPath(new URL('../man/p2mtrace.1', import.meta.url));

  it.each([
    ['mandoc', ['-T', 'utf8', page]],
    ['man', ['-l', page]],
  ] as const)('is rendered by %s, with every command and option', (program, args) => {
    const options = {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '100', PAGER: 'cat', MANPAGER: 'cat' },
    } as const;
    const { status, stdout, error } = spawnSync(program, args, options);
    // Images of containers have a man that only says where pages are to be had.
    if (error !== undefined || status !== 0 || !stdout.includes('SYNOPSIS')) return;
    const plain = stripVTControlCharacters(stdout.replace(OVERSTRUCK, ''));
    const text = plain.replace(/[‐−]/g, '-');
    for (const { name, options: own } of COMMANDS) {
      expect(text).toContain(`p2mtrace ${name}`);
      for (const { flags } of own) expect(text).toContain(flags);
    }
  });
});

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { captureBytes, SMALL, setP2mEntry, xentraceWindow } from './support/captures.js';
import { fine, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
let files = 0;

/** A new folder with the input in it. */
function folderWith(content: Uint8Array | string): string {
  const folder = temp(`case-${files++}`);
  mkdirSync(folder);
  writeFileSync(`${folder}/input`, content);
  return folder;
}

const whole = captureBytes(SMALL);
const events = (folder: string) =>
  fine(['export', 'out.arrow'], { cwd: folder }).stdout.trimEnd().split('\n').length - 1;

describe('an input that is no trace', () => {
  it.each<[string, Uint8Array | string, string]>([
    ['empty', '', 'P2M_EMPTY'],
    ['text', 'hello, world\n', 'P2M_NOT_XENTRACE'],
    ['a big-endian capture', captureBytes(SMALL, false), 'P2M_ENDIAN'],
    ['cut in its first header', whole.subarray(0, 7), 'P2M_NOT_XENTRACE'],
    ['NDJSON with an unknown kind', '{"kind":"nosuch"}\n', 'P2M_NDJSON'],
    ['NDJSON nested too deep', `{"kind":"mark","value":${'['.repeat(50_000)}${']'.repeat(50_000)}}\n`, 'P2M_NDJSON'],
    ['NDJSON that was cut', '{"kind":"mark"}\n{"kind":"mar', 'P2M_NDJSON'],
    ['a gzip of nothing', gzipSync(''), 'P2M_EMPTY'],
    ['a gzip that was cut in its header', gzipSync(whole).subarray(0, 8), 'P2M_GZIP'],
    ['a gzip with a wrong checksum', flipped(gzipSync(whole), -6), 'P2M_GZIP'],
  ])('%s: exit 3, a message, and nothing is left', (_, content, code) => {
    const folder = folderWith(content);
    const ended = p2mtrace(['import', 'input', '-o', 'out.arrow'], { cwd: folder });
    expect(ended.stderr).toContain(`p2mtrace: ${code}: `);
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(readdirSync(folder)).toEqual(['input']);
    const piped = p2mtrace(['import', '-', '-o', 'out.arrow'], { cwd: folder, input: content });
    expect(piped.stderr).toContain(`p2mtrace: ${code}: `);
    expect(piped).toMatchObject({ code: 3, stdout: '' });
    expect(readdirSync(folder)).toEqual(['input']);
  });

  it('a directory, or nothing at all', () => {
    const folder = folderWith('');
    for (const [input, code] of [
      ['.', 'P2M_NOT_A_FILE'],
      ['nosuch', 'P2M_OPEN'],
    ]) {
      const ended = p2mtrace(['import', input, '-o', 'out.arrow'], { cwd: folder });
      expect(ended.stderr).toContain(`p2mtrace: ${code}: `);
      expect(ended.code).toBe(3);
    }
    expect(readdirSync(folder)).toEqual(['input']);
  });

  it('leaves the trace of an earlier import as it was', () => {
    const folder = folderWith(whole);
    fine(['import', 'input', '-o', 'out.arrow'], { cwd: folder });
    const before = readFileSync(`${folder}/out.arrow`);
    writeFileSync(`${folder}/input`, 'hello, world\n');
    expect(p2mtrace(['import', 'input', '-o', 'out.arrow'], { cwd: folder }).code).toBe(3);
    expect(readFileSync(`${folder}/out.arrow`).equals(before)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['input', 'out.arrow']);
  });
});

describe('a capture that is damaged', () => {
  const WINDOW = 12 + 2 * 28;
  it.each<[string, Uint8Array, number]>([
    ['cut inside the first record', whole.subarray(0, 12 + 20), 0],
    ['cut between two records', whole.subarray(0, 12 + 28), 1],
    ['cut inside a word', whole.subarray(0, 12 + 28 + 6), 1],
    ['cut inside the second header', whole.subarray(0, WINDOW + 8), 2],
    ['cut behind the second header', whole.subarray(0, WINDOW + 12), 2],
    ['cut in its last byte', whole.subarray(0, whole.length - 1), 3],
    ['with bytes between its windows', captureBytes([...SMALL.slice(0, 17), 1, 2, 3, ...SMALL.slice(17)]), 4],
    ['that claims a window of 2 GB', captureBytes(xentraceWindow(0, setP2mEntry(1, 1, 2), 0x8000_0000)), 1],
  ])('%s: exit 3, and everything that is whole is in the trace', (_, bytes, expected) => {
    const folder = folderWith(bytes);
    const ended = p2mtrace(['import', 'input', '-o', 'out.arrow'], { cwd: folder });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/p2mtrace: P2M_INPUT_DAMAGED: .*\n {2}out\.arrow has everything that could be read/);
    expect(events(folder)).toBe(expected);
  });

  it('in a gzip that was cut', () => {
    // Stored, not compressed: what comes before the cut is known to the byte.
    const folder = folderWith(gzipSync(whole, { level: 0 }).subarray(0, 10 + 5 + WINDOW));
    const ended = p2mtrace(['import', 'input', '-o', 'out.arrow'], { cwd: folder });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('P2M_GZIP: the gzip was cut');
    expect(events(folder)).toBe(2);
  });

  it('whole, gzipped, and in two gzips end to end', () => {
    const half = 17 * 4;
    for (const bytes of [
      whole,
      gzipSync(whole),
      Buffer.concat([gzipSync(whole.subarray(0, half)), gzipSync(whole.subarray(half))]),
    ]) {
      const folder = folderWith(bytes);
      fine(['import', 'input', '-o', 'out.arrow'], { cwd: folder });
      expect(events(folder)).toBe(4);
    }
  });
});

describe('a trace that was cut', () => {
  it('is used as far as it is whole by every command, with exit code 3', () => {
    const lines = Array.from({ length: 3 }, (_, i) => `{"kind":"mark","value":"0x${i}"}\n`).join('');
    const folder = folderWith(lines);
    fine(['import', 'input', '-o', 'out.arrow'], { cwd: folder });
    const bytes = readFileSync(`${folder}/out.arrow`);
    writeFileSync(`${folder}/cut.arrow`, bytes.subarray(0, bytes.length - 20));
    for (const args of [
      ['info', 'cut.arrow'],
      ['export', 'cut.arrow'],
      ['replay', 'cut.arrow'],
      ['analyze', 'cut.arrow'],
      ['sql', 'cut.arrow', 'select count(*) from events'],
    ]) {
      const ended = p2mtrace(args, { cwd: folder });
      expect(ended.code, args[0]).toBe(3);
      expect(ended.stderr, args[0]).toContain('3 events before it are whole');
      expect(ended.stdout, args[0]).not.toBe('');
    }
    expect(p2mtrace(['export', 'cut.arrow'], { cwd: folder }).stdout).toBe(
      fine(['export', 'out.arrow'], { cwd: folder }).stdout,
    );
    expect(p2mtrace(['validate', 'cut.arrow'], { cwd: folder })).toMatchObject({ code: 3 });
    expect(fine(['validate', 'out.arrow'], { cwd: folder }).stdout).toContain('whole: 3 events');
  });

  it('or has a flipped bit is told by validate', () => {
    const folder = folderWith(whole);
    fine(['import', 'input', '-o', 'out.arrow'], { cwd: folder });
    const bytes = readFileSync(`${folder}/out.arrow`);
    writeFileSync(`${folder}/flipped.arrow`, flipped(bytes, bytes.length >> 1));
    const { code, stdout } = p2mtrace(['validate', 'flipped.arrow', '--format', 'json'], { cwd: folder });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ whole: false });
  });

  it('in the stream form ends with a mark: without it, it is cut for every command, and repair makes it whole', () => {
    const folder = folderWith(whole);
    fine(['import', 'input', '-o', 'out.arrow', '--xen-version', '4.17.7'], { cwd: folder });
    const bytes = readFileSync(`${folder}/out.arrow`);
    // The file form is the stream form behind a magic; the mark is the first message of length 0.
    const mark = bytes.indexOf(Buffer.from([255, 255, 255, 255, 0, 0, 0, 0]));
    writeFileSync(`${folder}/marked.arrow`, bytes.subarray(8, mark + 8));
    writeFileSync(`${folder}/cut.arrow`, bytes.subarray(8, mark));
    fine(['validate', 'marked.arrow'], { cwd: folder });
    for (const args of [['info'], ['validate'], ['export'], ['replay'], ['analyze']]) {
      const ended = p2mtrace([...args, 'cut.arrow'], { cwd: folder });
      expect(ended.code, args[0]).toBe(3);
      expect(ended.stdout + ended.stderr, args[0]).toContain('P2M_CUT');
    }
    const repaired = p2mtrace(['repair', 'cut.arrow', '-o', 'repaired.arrow'], { cwd: folder });
    expect(repaired).toMatchObject({ code: 3, stdout: '' });
    expect(repaired.stderr).toContain('the 4 events before the damage, as a whole trace');
    expect(repaired.stderr).toContain('how many events followed is not known');
    fine(['validate', 'repaired.arrow'], { cwd: folder });
    const rows = (name: string) => fine(['export', name], { cwd: folder }).stdout.split('\n').slice(1);
    expect(rows('repaired.arrow')).toEqual(rows('out.arrow'));
    fine(['info', 'repaired.arrow'], { cwd: folder });
    expect(p2mtrace(['info', 'repaired.arrow', '--strict'], { cwd: folder }).stderr).toContain(
      'repaired: ends at damage',
    );
    fine(['repair', 'out.arrow', '-o', 'same.arrow'], { cwd: folder });
  });

  it('--strict: a guess or a loss is exit code 3', () => {
    const folder = folderWith(whole);
    const told = ['import', 'input', '-o', 'out.arrow', '--strict'];
    expect(p2mtrace(told, { cwd: folder })).toMatchObject({ code: 3, stderr: expect.stringContaining('P2M_STRICT') });
    // Lines of NDJSON have their order, and this one all that could be guessed.
    const header = '{"p2mtrace":1,"layout":"P6","xenVersion":"4.17.7"}\n';
    writeFileSync(`${folder}/told.ndjson`, `${header}{"kind":"mark","value":1}\n`);
    fine(['import', 'told.ndjson', '-o', 'told.arrow', '--strict'], { cwd: folder });
    fine(['analyze', 'told.arrow', '--strict'], { cwd: folder });
    writeFileSync(`${folder}/lost.ndjson`, `${header}{"kind":"lost","pcpu":0,"count":3,"first_tsc":5}\n`);
    fine(['import', 'lost.ndjson', '-o', 'lost.arrow'], { cwd: folder });
    expect(p2mtrace(['analyze', 'lost.arrow', '--strict'], { cwd: folder }).code).toBe(3);
    for (const [trace, code] of [
      ['told.arrow', 0],
      ['lost.arrow', 3],
    ] as const) {
      const audit = p2mtrace(['audit', trace, '--strict', '--no-history', '--state', 'state', '--reporter', 'json'], {
        cwd: folder,
      });
      expect(audit.code, audit.stderr).toBe(code);
      const { doubts } = JSON.parse(audit.stdout).traces[0];
      if (code === 3) expect(doubts).toContainEqual(expect.stringContaining('lost'));
      else expect(doubts ?? []).toEqual([]);
      // Either of the two that are compared.
      for (const both of [
        ['told.arrow', trace],
        [trace, 'told.arrow'],
      ]) {
        const compare = p2mtrace(['compare', ...both, '--strict'], { cwd: folder });
        expect(compare.code, compare.stderr).toBe(code);
        if (code === 3) expect(compare.stderr).toMatch(/P2M_STRICT: .*lost/);
      }
    }
    fine(['audit', 'lost.arrow', '--no-history', '--state', 'state'], { cwd: folder });
    fine(['compare', 'told.arrow', 'lost.arrow'], { cwd: folder });
  });

  it('is told apart from a file that never was one', () => {
    const folder = folderWith('hello, world\n');
    const ended = p2mtrace(['info', 'input'], { cwd: folder });
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toContain('P2M_NOT_A_TRACE');
  });
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at < 0 ? copy.length + at : at] ^= 1;
  return copy;
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { captureBytes, SMALL } from './support/captures.js';
import { fine, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();

beforeAll(() => {
  writeFileSync(temp('capture'), captureBytes(SMALL));
  fine(['import', temp('capture'), '-o', temp('small.arrow')]);
  mkdirSync(temp('folder'));
});

describe('wrong usage is exit 2 with a message, and nothing on stdout', () => {
  it.each([
    [['nosuch'], 'unknown command'],
    [['--nosuch'], 'unknown option'],
    [[], 'Usage: p2mtrace'],
    [['import', 'capture'], "'-o, --output <trace>' not specified"],
    [['import', 'capture', '-o', 'nosuch/out.arrow'], 'P2M_OUTPUT'],
    [['import', 'capture', '-o', 'folder'], 'P2M_OUTPUT'],
    [['import', 'capture', '-o', 'capture'], 'P2M_SAME_FILE'],
    [['import', 'capture', '-o', 'folder/../capture'], 'P2M_SAME_FILE'],
    [['import', 'capture', '-o', 'out.arrow', '--layout', 'P99'], 'P2M_LAYOUT'],
    [['import', 'capture', '-o', 'out.arrow', '--xen-version', 'new'], 'P2M_VERSION'],
    [['import', 'capture', '-o', 'out.arrow', '--cpu-hz', 'fast'], 'Expected a frequency'],
    [['import', 'capture', '-o', 'out.arrow', '--control-domains', 'dom0'], 'Expected a'],
    [['import', 'capture', '-o', 'out.arrow', '--symbols', 'nosuch'], 'P2M_OPEN'],
    [['import', 'capture', '-o', 'out.arrow', '--symbols', 'capture'], 'P2M_SYMBOLS'],
    [['import', 'capture', '-o', 'out.arrow', '--format', 'pcap'], 'Allowed choices are xentrace, ndjson'],
    [['export', 'small.arrow', '--from', '3', '--to', '2'], 'P2M_RANGE'],
    [['export', 'small.arrow', '-o', 'small.arrow'], 'P2M_SAME_FILE'],
    [['replay', 'small.arrow', '--at', 'noon'], 'P2M_POSITION'],
    [['replay', 'small.arrow', '--at', '#4'], 'the trace has #0 to #3'],
    [['replay', 'small.arrow', '--view', 'altp2m:7'], 'P2M_VIEW'],
    [['replay', 'small.arrow', '--format', 'csv'], 'P2M_FORMAT'],
    [['analyze', 'small.arrow', '--only', 'nosuch'], 'P2M_RULE'],
    [['analyze', 'small.arrow', '--policy', 'nosuch'], 'P2M_RULE'],
    [['analyze', 'small.arrow', '--counter-width', '64'], 'Expected a number of bits, 2 to 58'],
    [['sql', 'small.arrow', 'selec 1'], 'P2M_SQL'],
    [['sql', 'small.arrow'], 'P2M_SQL'],
    [['sql', 'select 1'], 'there is no such trace'],
  ])('%j', (args, text) => {
    const ended = p2mtrace(args, { cwd: temp('.') });
    expect(ended.stderr).toContain(text);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).not.toContain('    at ');
  });

  it('suggests the nearest command and option', () => {
    expect(p2mtrace(['exprot', 'x']).stderr).toContain('Did you mean export?');
    expect(p2mtrace(['info', 'x', '--fromat', 'json']).stderr).toContain('Did you mean --format?');
  });
});

describe('help', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  it('and version are exit 0 on stdout', () => {
    expect(fine(['--version']).stdout).toBe(`${version}\n`);
    expect(fine(['-V']).stdout).toBe(`${version}\n`);
    expect(fine(['--help']).stdout).toContain('Exit codes: 0 fine');
  });

  it.each(['import', 'export', 'info', 'validate', 'replay', 'analyze', 'rules', 'sql'])('of %s has examples', name => {
    expect(fine(['help', name]).stdout).toMatch(new RegExp(`Examples:\n  p2mtrace ${name}`));
    expect(fine([name, '--help']).stdout).toBe(fine(['help', name]).stdout);
  });
});

describe('options of import', () => {
  it('are in the metadata', () => {
    const options = '--xen-version 4.17.7 --cpu-hz 2.5G --host alpha --control-domains 0,3 --json -q'.split(' ');
    const { stdout, stderr } = fine(['import', temp('capture'), '-o', temp('told.arrow'), ...options]);
    const expected = {
      xenVersion: '4.17.7',
      layout: 'P6',
      tscHz: 2_500_000_000,
      host: 'alpha',
      controlDomains: [0, 3],
    };
    expect(JSON.parse(stdout)).toMatchObject({ source: 'capture', format: 'xentrace', ...expected });
    expect(stderr).toBe('');
    const info = JSON.parse(fine(['info', temp('told.arrow'), '--format', 'json']).stdout);
    const { schemaVersion, ...metadata } = JSON.parse(stdout);
    expect(info).toMatchObject({ schemaVersion, events: 4, damage: null, checksummed: true, metadata });
  });

  it('are stronger than the header of NDJSON', () => {
    writeFileSync(temp('case.ndjson'), '# a case\n{"p2mtrace":1,"tscHz":1000,"host":"beta"}\n{"kind":"mark"}\n');
    const { stdout } = fine(['import', temp('case.ndjson'), '-o', temp('case.arrow'), '--cpu-hz', '2500M', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ format: 'ndjson', tscHz: 2_500_000_000, host: 'beta' });
  });
});

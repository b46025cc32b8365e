import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { findInputs } from '../../src/audit/inputs.js';
import { captureBytes, SMALL } from '../support/captures.js';
import { tempDir } from '../support/cli.js';

const temp = tempDir();
const NDJSON = '# a comment\n\n{"kind":"mark","pcpu":0}\n';
const look = async (...paths: string[]) => {
  const short = (path: string) => path.replace(temp('.'), '').replace(/^\//, '');
  const { files, unreadable, passedOver } = await findInputs(paths.map(temp), { [temp('state')]: 'the state folder' });
  return {
    files: files.map(short),
    unreadable: unreadable.map(({ path, code, message }) => `${short(path)}: ${code}: ${message}`),
    passedOver: passedOver.map(({ path, why }) => `${short(path)}: ${short(why.replace(temp('.'), '.'))}`),
  };
};

it('recognises traces and captures by what is in them, and damaged ones by their names', async () => {
  mkdirSync(temp('night'));
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(temp('night'), name), content);
  write('capture.dat', captureBytes(SMALL));
  write('big-endian', captureBytes(SMALL, false));
  write('junk-in-front.xen', Buffer.concat([Buffer.alloc(5000, 7), captureBytes(SMALL)]));
  write('packed', gzipSync(captureBytes(SMALL)));
  write('lines.txt', NDJSON);
  write('header.log', '{"p2mtrace":1}\n');
  write('packed-lines.txt.gz', gzipSync(NDJSON));
  write('trace', Buffer.from('ARROW1\0\0\xff\xff\xff\xff\x10\0\0\0', 'latin1'));
  write('damaged.bin', Buffer.alloc(100, 7));
  write('empty.ndjson', '');
  const inputs = (await look('night')).files;
  write('notes.txt', 'nothing\n');
  write('other.json', '{"kind":"Pod"}\n');
  write('lines.json', '[{"kind":"mark"}]\n');
  write('t.arrow.p2mi', 'P2MINDEX');
  write('t.arrow.0123456789ab.partial', 'ARROW1');
  write('.hidden', captureBytes(SMALL));
  expect(inputs).toHaveLength(10);
  const { files, passedOver } = await look('night');
  expect(files).toEqual(inputs);
  expect(passedOver).toEqual([
    'night/.hidden: hidden',
    'night/lines.json: neither trace nor capture',
    'night/notes.txt: neither trace nor capture',
    'night/other.json: neither trace nor capture',
    'night/t.arrow.0123456789ab.partial: made by p2mtrace',
    'night/t.arrow.p2mi: made by p2mtrace',
  ]);
});

it('follows links once, and sees loops and what leads nowhere', async () => {
  mkdirSync(temp('links/deep'), { recursive: true });
  mkdirSync(temp('elsewhere'));
  writeFileSync(temp('elsewhere/a'), NDJSON);
  symlinkSync(temp('elsewhere/a'), temp('links/to-file'));
  symlinkSync(temp('elsewhere'), temp('links/to-folder'));
  symlinkSync('..', temp('links/deep/up'));
  symlinkSync('nowhere', temp('links/dangling.bin'));
  symlinkSync('circle', temp('links/circle'));
  expect(await look('links')).toEqual({
    files: ['links/to-file', 'links/to-folder/a'],
    unreadable: [
      "links/circle: P2M_OPEN: it can't be read (links in a circle)",
      "links/dangling.bin: P2M_OPEN: it can't be read (there is no such file)",
    ],
    passedOver: ['links/deep/up: the same folder as ./links'],
  });
});

it('does not hang at a FIFO, and tells what has no name in UTF-8 or is not there', async () => {
  mkdirSync(temp('odd'));
  execFileSync('mkfifo', [temp('odd/fifo.bin')]);
  writeFileSync(Buffer.concat([Buffer.from(`${temp('odd')}/`), Buffer.of(0xff, 0x2e, 0x62, 0x69, 0x6e)]), NDJSON);
  const { files, unreadable, passedOver } = await look('odd', 'absent', 'odd/fifo.bin');
  expect(files).toEqual([]);
  expect(passedOver).toEqual(['odd/fifo.bin: no regular file']);
  expect(unreadable).toEqual([
    "absent: P2M_OPEN: it can't be read (there is no such file)",
    'odd/fifo.bin: P2M_NOT_A_FILE: it is no regular file',
    'odd/\ufffd.bin: P2M_OPEN: its name is not UTF-8: rename it',
  ]);
});

it('leaves out its own state folder, whatever its name', async () => {
  mkdirSync(temp('state/traces'), { recursive: true });
  writeFileSync(temp('state/traces/a.arrow'), 'ARROW1\0\0');
  copyFileSync(
    fileURLToPath(new URL('../../../samples/corpus/rules/refcount.leak/trace.ndjson', import.meta.url)),
    temp('b'),
  );
  const { files, passedOver } = await findInputs([temp('.')], { [temp('state')]: 'the state folder' });
  expect(files).not.toContain(temp('state/traces/a.arrow'));
  expect(files).toContain(temp('b'));
  expect(passedOver).toContainEqual({ path: temp('state'), why: 'the state folder' });
});

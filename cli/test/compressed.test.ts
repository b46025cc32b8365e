import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { describe, expect, it } from 'vitest';
import { decompressorOf } from '../src/input/compressed/decompressor-of.js';
import { BLOCK_HEADER_BYTES, blockHeader, frameHeaderBytes } from '../src/input/compressed/zstd-frame.js';
import { jsDecoder } from '../src/input/compressed/zstd-js-decoder.js';
import { fine, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
/**
 * Made with zstd 1.5 and xz 5.4 from the capture of samples/. balloon.bin.*: as they do without options (zstd at level 19).
 * frames.bin.zst: a skippable frame, the first half without a checksum, two empty frames, one of them without a checksum,
 * the second half. streams.bin.xz: the first half with a CRC32, eight zeros, an empty stream, the second half in blocks of
 * 64 KiB without checks.
 */
const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name));
const CAPTURE = gunzipSync(readFileSync(join(import.meta.dirname, '../../samples/captures/balloon-4.22.bin.gz')));
const HALF = CAPTURE.length >> 1;
const FILES = ['balloon.bin.zst', 'frames.bin.zst', 'balloon.bin.xz', 'streams.bin.xz'] as const;

const formOf = (name: string) => (name.endsWith('.zst') ? 'zstd' : 'xz');

/** What comes out of compressed bytes that arrive in pieces; `cut` is where the input ended too early. */
async function contentsOf(name: string, bytes: Uint8Array, pieceBytes = bytes.length || 1, maxBytes?: number) {
  const decompress = await decompressorOf(formOf(name));
  const input = (async function* () {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  })();
  let cut: number | undefined;
  const pieces: Uint8Array[] = [];
  const onCut = (at: number) => {
    cut = at;
  };
  for await (const piece of decompress(input, name, onCut, maxBytes)) pieces.push(Uint8Array.from(piece));
  return { contents: Buffer.concat(pieces), cut };
}

/** A frame with a window of 128 KiB, without a size or checksum. */
const zstd = (...blocks: Uint8Array[]) => Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]), ...blocks]);
/** A block of zstd. */
const block = (isLast: boolean, type: number, size: number, ...bytes: number[]) => {
  const word = Number(isLast) | (type << 1) | (size << 3);
  return Uint8Array.of(word & 255, (word >> 8) & 255, word >> 16, ...bytes);
};

const isPrefix = (contents: Buffer) => CAPTURE.subarray(0, contents.length).equals(contents);

/** Ends of frames or streams, where a file that was cut is whole for whoever reads it. */
const ENDS: Record<string, readonly number[]> = {
  'balloon.bin.zst': [0],
  'balloon.bin.xz': [],
  'frames.bin.zst': zstdEnds(fixture('frames.bin.zst')),
  // A stream begins with its magic; padding counts as whole, by four zeros.
  'streams.bin.xz': xzEnds(fixture('streams.bin.xz')),
};

function zstdEnds(bytes: Buffer): number[] {
  const ends = [0];
  for (let at = 0; at < bytes.length; ends.push(at)) {
    if (bytes.readUInt32LE(at) >>> 4 === 0x184_d2a5) {
      at += 8 + bytes.readUInt32LE(at + 4);
      continue;
    }
    const hasChecksum = (bytes[at + 4] & 4) !== 0;
    at += frameHeaderBytes(bytes[at + 4]);
    for (let isLast = false; !isLast; ) {
      const block = blockHeader(bytes.subarray(at));
      at += BLOCK_HEADER_BYTES + block.stored;
      isLast = block.isLast;
    }
    at += hasChecksum ? 4 : 0;
  }
  return ends;
}

function xzEnds(bytes: Buffer): number[] {
  const second = bytes.indexOf(Buffer.from('\xfd7zXZ\0', 'latin1'), 1);
  const third = bytes.indexOf(Buffer.from('\xfd7zXZ\0', 'latin1'), second + 1);
  return [second - 8, second - 4, second, third];
}

describe.each(FILES)('%s', name => {
  const bytes = fixture(name);

  it('contains the capture, in whatever pieces it comes', async () => {
    for (const size of [bytes.length, 1000, 7]) {
      const { contents, cut } = await contentsOf(name, bytes, size);
      expect(contents.equals(CAPTURE), `${size}`).toBe(true);
      expect(cut).toBeUndefined();
    }
  });

  it('that was cut is told, wherever that was, and what came before is kept', async () => {
    const places = new Set<number>(ENDS[name].flatMap(end => [end - 1, end, end + 1]));
    for (let at = 0; at < 20; at++) places.add(at).add(bytes.length - 1 - at);
    for (let at = 0; at < bytes.length; at += 1501) places.add(at);
    let longest = 0;
    for (const at of places) {
      if (at < 0 || at >= bytes.length || (at === 0 && formOf(name) === 'xz')) continue;
      const { contents, cut } = await contentsOf(name, bytes.subarray(0, at), 4096);
      expect(isPrefix(contents), `cut at ${at}`).toBe(true);
      // Of padding, it is only known at a multiple of four.
      expect(cut, `cut at ${at}`).toBe(ENDS[name].includes(at) ? undefined : at);
      longest = Math.max(longest, contents.length);
    }
    // zstd's blocks are whole or nothing, up to 128 KiB; LZMA2 comes byte by byte.
    expect(longest).toBeGreaterThan(formOf(name) === 'xz' ? CAPTURE.length - 1000 : HALF - 1);
  });

  it('with a flipped bit is damaged or cut; never are other contents believed that have a checksum', async () => {
    // The first half of frames.bin.zst and the second of streams.bin.xz have no checksum.
    const isChecked = (at: number) =>
      name.startsWith('balloon') || (name === 'frames.bin.zst' ? at >= 12_014 : at < ENDS[name][0]);
    let damaged = 0;
    const places = new Set(Array.from({ length: 27 }, (_, i) => i * 907).filter(at => at < bytes.length));
    for (let i = 0; i < 40; i++) places.add(i).add(bytes.length - 1 - i);
    for (const at of places) {
      const flipped = Uint8Array.from(bytes);
      flipped[at] ^= 1 << (at & 7);
      try {
        const { contents, cut } = await contentsOf(name, flipped);
        if (cut === undefined && isChecked(at)) expect(contents.equals(CAPTURE), `bit of byte ${at}`).toBe(true);
      } catch (error) {
        if (!(error instanceof P2mError)) throw error;
        expect(error).toMatchObject({ code: formOf(name) === 'xz' ? 'P2M_XZ' : 'P2M_ZSTD', blame: 'input' });
        damaged++;
      }
    }
    expect(damaged).toBeGreaterThan(40);
  });
});

describe('what a compressed input may be', () => {
  it.each([
    ['zstd', zstd(block(true, 0, 2, 65, 66)), 'AB'],
    ['a repeated byte', zstd(block(false, 1, 3, 65), block(true, 0, 1, 66)), 'AAAB'],
    ['thousands of empty frames', Buffer.concat(Array(20_000).fill(zstd(block(true, 0, 0)))), ''],
    ['empty blocks in front', zstd(...Array(50).fill(block(false, 0, 0)), block(true, 1, 2, 65)), 'AA'],
  ])('%s', async (_, bytes, expected) => {
    const { contents, cut } = await contentsOf('a.zst', bytes);
    expect([contents.toString(), cut]).toEqual([expected, undefined]);
  });

  it.each([
    ['a reserved type of block', 'a.zst', zstd(block(true, 3, 2, 65, 66)), 'P2M_ZSTD', /no type/],
    ['a block that is too large', 'a.zst', zstd(block(true, 1, 131_073, 65)), 'P2M_ZSTD', /larger/],
    [
      'bytes behind a frame',
      'a.zst',
      Buffer.concat([zstd(block(true, 0, 0)), Buffer.alloc(4)]),
      'P2M_ZSTD',
      /no frame/,
    ],
    ['a window of 2 TiB', 'a.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8, 1, 0, 0]), 'P2M_ZSTD', /window of/],
    ['a dictionary', 'a.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 0x38, 9, 1, 0, 0]), 'P2M_ZSTD', /dictionary/],
    ['SHA-256', 'a.xz', fixture('sha256.ndjson.xz'), 'P2M_XZ', /SHA-256/],
    ['another filter', 'a.xz', fixture('delta.ndjson.xz'), 'P2M_XZ', /filter/],
    ['a large dictionary', 'a.xz', fixture('dictionary.ndjson.xz'), 'P2M_XZ', /dictionary/],
    [
      'odd padding',
      'a.xz',
      Buffer.concat([fixture('balloon.bin.xz'), Buffer.alloc(3), fixture('balloon.bin.xz')]),
      'P2M_XZ',
      /padding/,
    ],
    [
      'bytes behind a stream',
      'a.xz',
      Buffer.concat([fixture('balloon.bin.xz'), Buffer.alloc(4, 1)]),
      'P2M_XZ',
      /no stream/,
    ],
  ])('not %s', async (_, name, bytes, code, message) => {
    await expect(contentsOf(name, bytes)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each([
    ['a.zst', zstd(...Array(400).fill(block(false, 1, 1 << 17, 10)), block(true, 0, 0))],
    ['a.xz', fixture('bomb.ndjson.xz')],
  ])('%s that grows without end is refused before it is large; --max-bytes says how far it may', async (name, bomb) => {
    await expect(contentsOf(name, bomb)).rejects.toMatchObject({ code: 'P2M_MAX_BYTES', blame: 'limit' });
    await expect(contentsOf(name, bomb, 4096, 2 ** 20)).rejects.toMatchObject({ code: 'P2M_MAX_BYTES' });
    expect((await contentsOf(name, bomb, 4096, 0)).contents.length).toBeGreaterThan(5e7);
  });

  it('the decoder in JavaScript compares checksums', async () => {
    const bytes = fixture('balloon.bin.zst');
    const head = frameHeaderBytes(bytes[4]);
    const [parts, end] = [bytes.subarray(head, -4), Uint8Array.from(bytes.subarray(-4))];
    const decode = async (checksum: Uint8Array) => {
      const decoder = await jsDecoder();
      return Buffer.concat([
        ...(await decoder.part(bytes.subarray(0, head))),
        ...(await decoder.part(parts)),
        ...(await decoder.end(checksum)),
      ]);
    };
    expect((await decode(end)).equals(CAPTURE)).toBe(true);
    end[0] ^= 1;
    await expect(decode(end)).rejects.toThrow('checksum');
  });
});

describe('the command line', () => {
  it.each(FILES)('makes the same trace of %s, from a file and from a pipe, as of the capture', name => {
    writeFileSync(temp('capture.bin'), CAPTURE);
    writeFileSync(temp(name), fixture(name));
    fine(['import', temp('capture.bin'), '-o', temp('plain.arrow'), '-q']);
    fine(['import', temp(name), '-o', temp('file.arrow'), '-q']);
    fine(['import', '-', '-o', temp('pipe.arrow'), '-q'], { input: fixture(name) });
    const events = (trace: string) => fine(['export', temp(trace), '--format', 'csv']).stdout;
    expect(events('file.arrow')).toBe(events('plain.arrow'));
    expect(events('pipe.arrow')).toBe(events('plain.arrow'));
  });

  it('says where a file was cut, with exit code 3, and keeps what came before', () => {
    for (const name of ['frames.bin.zst', 'balloon.bin.xz']) {
      const bytes = fixture(name);
      writeFileSync(temp(`cut-${name}`), bytes.subarray(0, bytes.length - 9));
      for (const args of [
        ['import', temp(`cut-${name}`), '-o', temp('cut.arrow')],
        ['info', temp(`cut-${name}`)],
      ]) {
        const { code, stderr } = p2mtrace(args);
        expect([code, stderr]).toEqual([3, expect.stringMatching(/was cut behind byte \d+/)]);
      }
      expect(fine(['export', temp('cut.arrow')]).stdout.split('\n').length).toBeGreaterThan(1000);
    }
    const { code, stderr } = p2mtrace(['import', '-', '-o', temp('no.arrow')], {
      input: fixture('balloon.bin.xz').subarray(0, 30),
    });
    expect([code, stderr]).toEqual([3, expect.stringContaining('P2M_XZ: the xz file was cut before its first byte')]);
    expect(readdirSync(temp('.'))).not.toContain('no.arrow');
  });

  it('finds them in a folder by their contents, and takes no other ones; what is compressed twice is told', () => {
    const folder = temp('in');
    mkdirSync(folder);
    writeFileSync(join(folder, 'one'), fixture('frames.bin.zst'));
    writeFileSync(join(folder, 'two'), fixture('balloon.bin.xz'));
    writeFileSync(join(folder, 'three'), zstd(block(true, 0, 5, ...Buffer.from('hello'))));
    const { stderr, stdout } = p2mtrace(['audit', folder, '--state', temp('state'), '--reporter', 'json', '--verbose']);
    const paths = JSON.parse(stdout).traces.map(({ path }: { path: string }) => path.slice(folder.length + 1));
    expect(paths).toEqual(['one', 'two']);
    expect(stderr).toMatch(/passed over .*three/);
    const twice = p2mtrace(['import', '-', '-o', temp('t.arrow')], { input: gzipSync(fixture('balloon.bin.xz')) });
    expect(twice).toMatchObject({ code: 3, stderr: expect.stringMatching(/P2M_GZIP: the gzip holds .*xz/) });
  });
});

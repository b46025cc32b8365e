import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DATA } from './yardstick.mjs';

const CLI = join(import.meta.dirname, '../cli/bin/p2mtrace.js');
const CAPTURE = join(DATA, 'wide.bin');
const TRACE = join(DATA, 'wide.arrow');
const PCPUS = 64;
const DOMAINS = 500;
const FRAMES = 1_000_000;
/** Locks, and call sites. */
const NAMES = 100_000;
const LIMIT = 1000;
const CPU_CHANGE = 0x2001f003;
/** Frames of one window. */
const WINDOW = 1000;

/**
 * Memory of import, replay and analyze where everything is many: 500 domains, 64 pcpus, a million frames anywhere below
 * 2^52, 100,000 locks and as many call sites. Target: below 1 GB each.
 */
export function benchWide() {
  mkdirSync(DATA, { recursive: true });
  writeCapture();
  const peaks = [
    ['import', CAPTURE, '-o', TRACE],
    ['replay', TRACE],
    ['analyze', TRACE],
  ].map(args => `${args[0]} ${measure(args)}`);
  rmSync(CAPTURE);
  rmSync(TRACE);
  console.log(`wide: ${peaks.join(', ')} (below ${LIMIT} MB)`);
}

/** Peak memory and time of a command, as the kernel counts them. */
function measure(args) {
  const script =
    'import os,sys,time,resource;t=time.time();c=os.spawnvp(os.P_WAIT,sys.argv[1],sys.argv[1:]);' +
    'print(c,resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1000,round(time.time()-t,1))';
  const { stdout } = spawnSync('python3', ['-c', script, process.execPath, CLI, ...args], { encoding: 'utf8' });
  const [code, peak, seconds] = stdout.trim().split('\n').at(-1).split(' ');
  return `${peak} MB in ${seconds} s (exit code ${code})`;
}

/** For each frame: it is allocated, mapped, and looked up and referenced under a lock. */
function writeCapture() {
  const fd = openSync(CAPTURE, 'w');
  let tsc = 1_000_000n;
  let state = 1;
  const random = below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let first = 0, pcpu = 0; first < FRAMES; first += WINDOW, pcpu = (pcpu + 1) % PCPUS) {
    const words = [];
    const record = (minor, ...payload) => {
      tsc += 100n;
      words.push(0x8010_f000 + minor + payload.length * 2 ** 28, ...u64(tsc), ...payload);
    };
    for (let i = first; i < first + WINDOW; i++) {
      const mfn = u64(BigInt(random(2 ** 26)) * 2n ** 26n + BigInt(random(2 ** 26)));
      const gfn = u64(BigInt(random(2 ** 24)));
      const domain = 1 + (i % DOMAINS);
      const lock = [...u64(0xffff_8300_0000_0000n + BigInt(i % NAMES) * 64n), 16, 1 << 16];
      const site = u64(0xffff_82d0_4020_0000n + BigInt((i * 7) % NAMES) * 16n);
      record(0x809, ...mfn, 0, domain);
      record(0x807, ...lock, ...site);
      record(0x802, ...gfn, ...mfn, domain, 0);
      record(0x803, ...mfn, domain, 2 ** 31, ...u64((1n << 63n) + 2n));
      record(0x804, ...mfn, domain, 0, ...u64((1n << 63n) + 1n));
      record(0x808, ...lock, ...site);
    }
    const bytes = Uint32Array.from([CPU_CHANGE, pcpu, words.length * 4, ...words]);
    writeSync(fd, new Uint8Array(bytes.buffer));
  }
  closeSync(fd);
}

const u64 = value => [Number(value & 0xffff_ffffn), Number(value >> 32n)];

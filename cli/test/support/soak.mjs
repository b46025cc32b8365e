/**
 * Audits in one loop, in one process: node soak.mjs FOLDER COUNT. Every tenth finds another content. Prints, from time to
 * time, what this process has: JSON lines with audits, heap and rss in bytes, open files, and files of the state folder.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const [folder, count] = [process.argv[2], Number(process.argv[3])];
const { run } = await import('../../dist/commands/audit.js');
const { Terminal } = await import('../../dist/terminal.js');
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
process.chdir(folder);
const quiet = new Terminal(new Writable({ write: (_, __, done) => done() }));
for (let done = 0; done <= count; done++) {
  if (done % 10 === 0) {
    // The same two contents in turn: results of both are kept, unless they are taken away.
    const gfn = (done / 10) % 2;
    writeFileSync('in/changing.ndjson', `{"kind":"page_alloc","pcpu":0,"mfn":"0x10${gfn}","order":0,"owner":1}\n`);
  }
  const code = await run(
    [['in']],
    { workers: 2, state: 'state', reporter: ['json=report.json'] },
    { out: quiet, err: quiet },
  );
  if (code !== 1) throw new Error(`audit ${done} ended with ${code}`);
  if (done % Math.max(10, count / 10) !== 0) continue;
  gc();
  const { heapUsed: heap, rss } = process.memoryUsage();
  const files = readdirSync(join(folder, 'state'), { recursive: true }).length;
  console.log(JSON.stringify({ audits: done, heap, rss, open: readdirSync('/proc/self/fd').length, files }));
}

import { fileCalls } from '@p2mtrace/trace-format/output';

/** What each call fails with, once it does. */
const CODES: Readonly<Record<keyof typeof fileCalls, string>> = {
  openSync: 'EMFILE',
  writevSync: 'ENOSPC',
  fsyncSync: 'EIO',
  closeSync: 'EDQUOT',
  renameSync: 'EACCES',
  unlinkSync: 'EIO',
  mkdirSync: 'EROFS',
  rmSync: 'EBUSY',
};

type Call = (...args: never[]) => unknown;

/** Does work in which the call with this number, from 0, fails. Returns the name of that call; undefined if there was none. */
export async function withFault(number: number, work: () => unknown): Promise<string | undefined> {
  const real = { ...fileCalls };
  let calls = 0;
  let failed: string | undefined;
  for (const [name, call] of Object.entries(real) as [keyof typeof fileCalls, Call][]) {
    const faulty: Call = (...args) => {
      if (calls++ !== number) return call(...args);
      failed = name;
      // Even a close that fails ends the descriptor.
      if (name === 'closeSync') call(...args);
      throw Object.assign(new Error(`${CODES[name]}: injected`), { code: CODES[name], syscall: name });
    };
    Object.assign(fileCalls, { [name]: faulty });
  }
  try {
    await work();
  } finally {
    Object.assign(fileCalls, real);
  }
  return failed;
}

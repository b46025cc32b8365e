import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, unlinkSync, writevSync } from 'node:fs';

/**
 * The calls by which files are made, written and named. Nothing else in p2mtrace may use them (test/outputs.test.ts),
 * so tests can let each one of a run fail by putting others in their place.
 */
export const fileCalls = {
  openSync,
  writevSync,
  fsyncSync,
  closeSync,
  renameSync,
  unlinkSync,
  mkdirSync,
  rmSync,
};

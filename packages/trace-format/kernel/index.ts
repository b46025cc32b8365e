/**
 * The work on every record and every row of an import: a WebAssembly module in AssemblyScript, which is TypeScript's
 * syntax over plain memory. `load<T>(address, offset)` and `store<T>(address, value, offset)` are single instructions;
 * ../src/kernel/kernel.ts makes the memory, and ../src/kernel/kernel-layout.ts says what lies where in it.
 */
export { clear, countBits, fillSeq, transpose } from './batch';
export { addName } from './names';
export { run } from './run';

/** Where a process that runs a command for another one tells what it exceeded: see `isolated.ts`. */
export const NOTE_FD = 3;

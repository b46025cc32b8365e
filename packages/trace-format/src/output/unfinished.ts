/** Those that ask a process to end. Others would not leave the time, or are none of ours: Node turns SIGXFSZ into EFBIG. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const unfinished = new Set<() => void>();
let isListening = false;

/**
 * Has something removed if the process ends before it is finished: by itself, or by a signal to which nothing else in
 * the process listens. To be called before it is made: a signal may come at once. Returns a function that says it is
 * finished.
 */
export function removeAtExit(remove: () => void): () => void {
  unfinished.add(remove);
  if (!isListening) listen();
  return () => {
    unfinished.delete(remove);
    // A signal that came meanwhile is delivered in the next turn; nobody would hear it if this stopped now.
    setImmediate(stopIfIdle);
  };
}

/** Removes something, at the second attempt if the first fails; false if that fails too, and is left to the exit. */
export function removed(remove: () => void): boolean {
  for (let attempts = 2; attempts > 0; attempts--) {
    try {
      remove();
      return true;
    } catch {
      // The error that led here, if there was one, is the one to tell.
    }
  }
  return false;
}

function listen(): void {
  isListening = true;
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('exit', removeAll);
}

function stop(): void {
  isListening = false;
  for (const signal of SIGNALS) process.off(signal, onSignal);
  process.off('exit', removeAll);
}

function stopIfIdle(): void {
  if (isListening && unfinished.size === 0) stop();
}

function onSignal(signal: NodeJS.Signals): void {
  // Another listener decides what the signal means, such as an import that ends with what it has.
  if (process.listenerCount(signal) > 1) return;
  removeAll();
  stop();
  process.kill(process.pid, signal);
}

function removeAll(): void {
  for (const remove of unfinished) {
    try {
      remove();
    } catch {
      // The process ends; the others can still be removed.
    }
  }
}

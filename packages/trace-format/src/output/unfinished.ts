import { onExit } from 'signal-exit';

const unfinished = new Set<() => void>();
let stopListening: (() => void) | undefined;

/**
 * Has something removed if the process ends before it is finished: by itself, or by a signal such as SIGINT, SIGTERM or
 * SIGHUP that nothing else in the process listens to. Returns a function that says it is finished.
 */
export function removeAtExit(remove: () => void): () => void {
  unfinished.add(remove);
  stopListening ??= onExit(removeAll);
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

function stopIfIdle(): void {
  if (unfinished.size > 0) return;
  stopListening?.();
  stopListening = undefined;
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

import { effect } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/**
 * Runs `work` at once whenever a signal that it reads changes. `useSignalEffect` waits for the next frame of the screen,
 * which is as long as an answer of the server takes.
 */
export function useEffectNow(work: () => void): void {
  useEffect(() => effect(work), []);
}

import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export interface AnswerState<T> {
  readonly value: T | undefined;
  readonly busy: boolean;
  readonly failed: string;
}

/** What `load` answers, anew whenever one of `keys` changes; what it was stays until then. */
export function useAnswer<T>(
  load: ((signal: AbortSignal) => Promise<T>) | undefined,
  keys: readonly unknown[],
): Signal<AnswerState<T>> {
  const state = useSignal<AnswerState<T>>({ value: undefined, busy: false, failed: '' });
  useEffect(() => {
    if (load === undefined) {
      state.value = { value: undefined, busy: false, failed: '' };
      return;
    }
    const gone = new AbortController();
    state.value = { ...state.peek(), busy: true };
    load(gone.signal).then(
      value => {
        if (!gone.signal.aborted) state.value = { value, busy: false, failed: '' };
      },
      (error: Error & { remedy?: string | null }) => {
        if (gone.signal.aborted) return;
        const remedy = error.remedy === undefined || error.remedy === null ? '' : ` (${error.remedy})`;
        state.value = { value: undefined, busy: false, failed: `${error.message}${remedy}` };
      },
    );
    return () => gone.abort();
  }, keys);
  return state;
}

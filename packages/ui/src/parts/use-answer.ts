import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export interface AnswerState<T> {
  readonly value: T | undefined;
  readonly busy: boolean;
  readonly failed: string;
}

/**
 * What `load` answers, anew whenever one of `keys` changes; what it was stays until then, unless it is about another
 * thing: `about` names what the answer is shown under.
 */
export function useAnswer<T>(
  load: ((signal: AbortSignal) => Promise<T>) | undefined,
  keys: readonly unknown[],
  about: string,
): AnswerState<T> {
  const nothing: AnswerState<T> = { value: undefined, busy: load !== undefined, failed: '' };
  const state = useSignal({ about, answer: nothing });
  useEffect(() => {
    const put = (answer: AnswerState<T>) => {
      state.value = { about, answer };
    };
    if (load === undefined) {
      put(nothing);
      return;
    }
    const gone = new AbortController();
    const before = state.peek();
    put({ ...(before.about === about ? before.answer : nothing), busy: true });
    load(gone.signal).then(
      value => {
        if (!gone.signal.aborted) put({ value, busy: false, failed: '' });
      },
      (error: Error & { remedy?: string | null }) => {
        if (gone.signal.aborted) return;
        const remedy = error.remedy === undefined || error.remedy === null ? '' : ` (${error.remedy})`;
        put({ value: undefined, busy: false, failed: `${error.message}${remedy}` });
      },
    );
    return () => gone.abort();
  }, keys);
  // Until the effect has run, the answer is that to the question before.
  return state.value.about === about ? state.value.answer : nothing;
}

import type { TraceModel } from './trace-model.js';

/** What is made once for each trace, when somebody first asks for it. Whoever asks after it failed tries again. */
export function onceEach<T>(make: (model: TraceModel) => Promise<T>): (model: TraceModel) => Promise<T> {
  const made = new Map<TraceModel, Promise<T>>();
  return model => {
    let one = made.get(model);
    if (one === undefined) {
      one = make(model);
      made.set(model, one);
      one.catch(() => made.delete(model));
    }
    return one;
  };
}

import type { Space } from '../api.js';

const OF_ENTRIES = ['type', 'access', 'owner', 'age', 'references', 'changes', 'generation'];
const OF_PAGES = ['owner', 'type', 'age', 'references', 'changes', 'generation'];
const LABELS: Readonly<Record<string, string>> = {
  generation: 'times allocated',
  age: 'age (last write)',
  changes: 'number of changes',
};

/** Which memory a map shows, and what colours it. */
export function MapChoices({
  spaces,
  space,
  onSpace,
  by,
  onBy,
}: {
  readonly spaces: readonly Space[];
  readonly space: string;
  readonly onSpace: (name: string) => void;
  readonly by: string;
  readonly onBy: (name: string) => void;
}) {
  const isMachine = spaces.find(({ name }) => name === space)?.domid === null;
  return (
    <>
      <label>
        <span>memory</span>
        <select value={space} onChange={event => onSpace(event.currentTarget.value)}>
          {spaces.map(({ name, domid, view }) => (
            <option key={name} value={name}>
              {domid === null ? 'machine (mfn)' : `d${domid} ${view} (gfn)`}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>colour</span>
        <select value={by} onChange={event => onBy(event.currentTarget.value)}>
          {(isMachine ? OF_PAGES : OF_ENTRIES).map(name => (
            <option key={name} value={name}>
              {LABELS[name] ?? name}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

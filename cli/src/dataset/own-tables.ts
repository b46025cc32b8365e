/** A column as Parquet has it: its type in SQL, and what it says. */
export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly doc: string;
}

/** A table of a dataset. */
export interface DatasetTable {
  readonly name: string;
  readonly doc: string;
  readonly columns: readonly TableColumn[];
}

/** What the columns say that every table has behind its own. */
export const COMMON: readonly TableColumn[] = [
  { name: 'trace', type: 'VARCHAR', doc: 'name of the trace: its file, and the start of its content’s SHA-256' },
  { name: 'host', type: 'VARCHAR', doc: 'host that recorded it, or `--host`; null if unknown' },
  { name: 'xen_version', type: 'VARCHAR', doc: 'release of Xen; null if unknown' },
  { name: 'night', type: 'DATE', doc: 'UTC date on which the file was written' },
];

const column = (name: string, type: string, doc: string): TableColumn => ({ name, type, doc });

const TRACES: DatasetTable = {
  name: 'traces',
  doc: 'a trace that was judged',
  columns: [
    column('path', 'VARCHAR', 'its path, as the audit was given it'),
    column('content', 'VARCHAR', 'SHA-256 of the file'),
    column('written', 'TIMESTAMP', 'when the file was written, UTC'),
    column('tool', 'VARCHAR', 'version of p2mtrace that judged it'),
    column('build_id', 'VARCHAR', 'build id of Xen'),
    column('events', 'UBIGINT', 'number of events'),
    column('lost', 'UBIGINT', 'records that xentrace lost'),
    column('notices', 'VARCHAR', 'what its import or reading had to tell, a line each; null for nothing'),
    column('doubts', 'VARCHAR', 'what `--strict` does not accept, a line each; null for nothing'),
  ],
};

const FINDINGS: DatasetTable = {
  name: 'findings',
  doc: 'a finding of a trace, as `p2mtrace analyze --format json` has it',
  columns: [
    column('id', 'VARCHAR', 'stands for the signature'),
    column('analyzer', 'VARCHAR', 'its analyzer'),
    column('rule', 'VARCHAR', 'its rule'),
    column('severity', 'VARCHAR', '`error`, `warning`, `info`'),
    column('confidence', 'VARCHAR', '`proven`, `likely`, `possible`'),
    column('signature', 'VARCHAR', 'rule, classes, call sites, types: the same in every recording of the defect'),
    column('title', 'VARCHAR', 'in a sentence'),
    column('page', 'VARCHAR', 'where the rule is described; null for a plugin that does not say'),
    column('count', 'UBIGINT', 'number of occurrences'),
    column('of_times', 'UBIGINT', 'how often it could have been; null where nobody counted'),
    column('of_what', 'VARCHAR', 'what was counted there'),
    column('of_at', 'VARCHAR', '`site`: at its own call sites; `trace`: in all of the trace'),
    column('mechanism', 'VARCHAR', 'what was looked at, as `opportunities` has it'),
    column('basis', 'VARCHAR', 'what the belief of the rule rests on'),
    column('incident', 'VARCHAR', 'id of the finding that is its first cause; null where it stands alone'),
  ],
};

const OCCURRENCES: DatasetTable = {
  name: 'occurrences',
  doc: 'an occurrence of a finding; at most 20 of each are kept',
  columns: [
    column('finding', 'VARCHAR', 'id of the finding'),
    column('rule', 'VARCHAR', 'its rule'),
    column('number', 'UINTEGER', 'which of the finding’s, from 1 on'),
    column('domid', 'INTEGER', 'domain that it is about; null for none, as the next two'),
    column('gfn', 'UBIGINT', 'guest frame'),
    column('mfn', 'UBIGINT', 'machine frame'),
    column('first_seq', 'UBIGINT', 'first witness: `seq` of `events`; null for none'),
    column('subject', 'VARCHAR', 'all that it is about, as JSON'),
    column('witness', 'VARCHAR', 'its witnesses, `seq` and `role`, as JSON'),
  ],
};

const METRICS: DatasetTable = {
  name: 'metrics',
  doc: 'a number that describes a trace, as audits compare them',
  columns: [
    column('name', 'VARCHAR', 'name of the metric'),
    column('unit', 'VARCHAR', 'its unit'),
    column('better', 'VARCHAR', '`less`, `more`, or `neither`'),
    column('value', 'DOUBLE', 'the number; null if the trace lacks the events'),
  ],
};

const CUSTOMS: DatasetTable = {
  name: 'customs',
  doc: 'a belief that a trace contradicts as a rule: the model does not fit there',
  columns: [
    column('rule', 'VARCHAR', 'its rule'),
    column('mechanism', 'VARCHAR', 'what was looked at'),
    column('basis', 'VARCHAR', 'what the belief rests on'),
    column('count', 'UBIGINT', 'how often it was otherwise'),
    column('of_times', 'UBIGINT', 'of how often'),
    column('of_what', 'VARCHAR', 'what was counted there'),
  ],
};

const NOT_CHECKED: DatasetTable = {
  name: 'not_checked',
  doc: 'a rule that a trace can’t decide',
  columns: [column('rule', 'VARCHAR', 'its id'), column('reason', 'VARCHAR', 'why')],
};

/** What a judgement adds to the tables of a trace. */
export const OWN_TABLES: readonly DatasetTable[] = [TRACES, FINDINGS, OCCURRENCES, METRICS, CUSTOMS, NOT_CHECKED];

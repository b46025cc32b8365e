import type { CommandSpec } from '../command.js';
import { formatOption, parseDuration, parseEvents } from '../options.js';

const FOLDER = ['dataset', 'a folder that p2mtrace audit --dataset made'] as const;

/** What all traces of a fleet have in common. */
export const DATASET_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'dataset info',
    args: [FOLDER],
    summary: 'what a dataset has, by night and host, and whether all of its files are there',
    more: 'The exit code is 3 if a file is missing, or not as long as it was written.',
    options: [formatOption(['table', 'json', 'csv', 'ndjson', 'md'], 'table')],
    examples: ['p2mtrace dataset info fleet'],
    load: () => import('../commands/dataset-info.js'),
  },
  {
    name: 'dataset compact',
    args: [FOLDER],
    summary: 'make one file a table of the many that a night of a host has',
    more: `Queries answer the same, sooner. Rows keep the column trace: a trace can still be replaced. Audits may add traces
meanwhile; who reads the dataset at that moment may have to ask again.`,
    options: [
      {
        flags: '--least <count>',
        help: 'leave nights of a host as they are that have fewer files a table',
        parse: parseEvents,
        byDefault: '2',
      },
    ],
    examples: ['p2mtrace dataset compact fleet'],
    load: () => import('../commands/dataset-compact.js'),
  },
  {
    name: 'dataset prune',
    args: [FOLDER],
    summary: 'remove the nights of a dataset that are older than some time',
    options: [
      {
        flags: '--keep <duration>',
        help: 'how far back nights are kept, such as 90d',
        required: true,
        parse: parseDuration,
      },
    ],
    examples: ['p2mtrace dataset prune fleet --keep 90d'],
    load: () => import('../commands/dataset-prune.js'),
  },
];

/** What `p2mtrace replay --show` can show besides the summary. */
export const STATE_TABLES = [
  'p2m',
  'm2p',
  'pages',
  'locks',
  'contexts',
  'views',
  'pod',
  'paging',
  'sharing',
  'grants',
  'tlb',
  'linux',
] as const;
export type StateTable = (typeof STATE_TABLES)[number];

/** Help text shared by several commands, and the topics of `p2mtrace help`. */

export const TRACE = [
  'trace',
  'a trace; or a capture or NDJSON, compressed or not, which is imported for the time being',
] as const;

export const POSITIONS = `Positions:
  end, start                after all events, before the first
  120, #120, seq:120        after event 120
  1.5s, +20ms, time:7us     that long after the first TSC (s, ms, us, ns)
  2026-11-29T01:02:03Z      at that time, where it is known when the trace begins (--start-time)
  tsc:0x5f3e00              after the last event up to that TSC`;

export const CONDITIONS = `Conditions compare columns of events (as in p2mtrace sql), joined with and, or, not and parentheses:
  kind == set_entry and gfn == 1:0x1234 and p2m_type != ram_rw
  flags has failed, mfn == null, touches mfn 0x9fe5e (orders count), touches gfn|lock|domain …`;

const EXIT_CODES = `Exit codes: 0 fine, 1 findings, 2 wrong usage, 3 unreadable or damaged input, 4 a bug of p2mtrace,
5 a limit was reached, 130 interrupted, 141 nobody reads the output any more.
Data goes to stdout, everything else to stderr.`;

const INPUTS = `Inputs:
  Commands that take a trace also take a capture of xentrace or NDJSON, compressed (gzip, zstd, xz) or not, and - for stdin. It is imported
  to a temporary file (in TMPDIR), which is removed at the end; stderr says so. What the input does not tell is given by
  --xen-version, --layout, --symbols and --cpu-hz, as to p2mtrace import. Import what is used more than once: with a
  trace, checkpoints and facts are kept beside it.`;

const OUTPUTS = `Outputs:
  --format says in which form. --json is short for --format json: one object with schemaVersion, the version of its
  form, which is raised when a field changes its meaning or goes away; fields may be added. Rows are in its list rows.
  ndjson has a row on each line, without it.
  Colors are used on a terminal; NO_COLOR turns them off, FORCE_COLOR on, and --color is stronger than both.
  A file that was written is told on stderr. --quiet keeps back all but problems, --verbose tells more. Progress is shown
  on a terminal only; --progress never turns it off.`;

const ENVIRONMENT = `Environment:
  NO_COLOR      no colors, unless --color or FORCE_COLOR says otherwise
  FORCE_COLOR   colors even without a terminal; 0 or false: none
  TMPDIR        folder for what is needed for the time being`;

const COMPLETION = `Completion of commands, options, their values and rules:
  bash   p2mtrace completion bash > ~/.local/share/bash-completion/completions/p2mtrace
  zsh    p2mtrace completion zsh > ~/.zsh/_p2mtrace   (a folder of fpath, before compinit)
  fish   p2mtrace completion fish > ~/.config/fish/completions/p2mtrace.fish`;

/** What `p2mtrace help` explains besides commands. */
export const TOPICS: readonly { readonly name: string; readonly summary: string; readonly text: string }[] = [
  { name: 'positions', summary: 'how to name a point of a trace', text: POSITIONS },
  { name: 'conditions', summary: 'how to choose events', text: CONDITIONS },
  { name: 'inputs', summary: 'what commands read', text: INPUTS },
  { name: 'outputs', summary: 'formats, JSON, colors, messages', text: OUTPUTS },
  { name: 'environment', summary: 'variables that matter', text: ENVIRONMENT },
  { name: 'completion', summary: 'how to set up completion in a shell', text: COMPLETION },
  { name: 'exit-codes', summary: 'what they mean', text: EXIT_CODES },
];

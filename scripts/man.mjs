/** The man page, from the commands and topics of the command line. */
import { Marked } from 'marked';
import markedMan from 'marked-man';
import { code, codes } from './markdown.mjs';

/** The page as cli/man/p2mtrace.1 has it. */
export async function manPage() {
  const { COMMANDS } = await import('../cli/dist/commands.js');
  const { COMMON_OPTIONS } = await import('../cli/dist/common-options.js');
  const { TOPICS } = await import('../cli/dist/command-specs/topics.js');
  const sections = [
    "# p2mtrace(1) -- record/replay trace analysis for Xen's p2m",
    '## SYNOPSIS',
    'p2mtrace *COMMAND* [*ARGUMENT*...] [*OPTION*...]',
    '## DESCRIPTION',
    `p2mtrace makes traces of captures of xentrace, rebuilds the state of the hypervisor's memory management from them, and looks for defects. p2mtrace **help** *COMMAND* prints what is below, a command at a time.`,
    '## COMMON OPTIONS',
    ...COMMON_OPTIONS.map(optionText),
    '## COMMANDS',
    ...COMMANDS.map(command => commandText(command, TOPICS)),
    ...TOPICS.flatMap(({ name, text }) => [`## ${name.replaceAll('-', ' ').toUpperCase()}`, verbatim(text)]),
    '## SEE ALSO',
    'xentrace(8), nm(1)',
  ];
  const text = new Marked(markedMan).parse(sections.join('\n\n'));
  // The same page on every day.
  return `${text.replace(/^\.TH .*$/m, '.TH "P2MTRACE" "1" "" "" "p2mtrace"').trimEnd()}\n`;
}

const verbatim = text => `\`\`\`\n${text}\n\`\`\``;

function commandText({ name, args, optionalArgs = [], summary, more = '', options, examples }, topics) {
  const places = [...args.map(([arg]) => `<${arg}>`), ...optionalArgs.map(([arg]) => `[${arg}]`)];
  const meanings = [...args, ...optionalArgs].map(([arg, help]) => `* ${code(arg)}:\n  ${help}`);
  const usage = ['p2mtrace', name, ...places, options.length > 0 ? '[options]' : ''].join(' ').trim();
  return [
    `### ${name}`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    verbatim(usage),
    ...meanings,
    ...options.map(optionText),
    ...more.split('\n\n').map(paragraph => moreText(paragraph, topics)),
    verbatim(examples.join('\n')),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** Prose is set anew, anything else stays as it is; what is a topic is not said again. */
function moreText(paragraph, topics) {
  const topic = topics.find(({ text }) => text === paragraph);
  if (topic !== undefined) return `See **${topic.name.toUpperCase()}** below.`;
  return /\n /.test(paragraph) ? verbatim(paragraph) : paragraph.replaceAll('\n', ' ');
}

function optionText({ flags, help, choices, byDefault, required }) {
  const notes = [
    choices && `one of ${codes(choices)}`,
    byDefault !== undefined && `default ${code(byDefault)}`,
    required && 'required',
  ].filter(Boolean);
  return `* ${code(flags)}:\n  ${[help, ...notes].join('; ')}`;
}

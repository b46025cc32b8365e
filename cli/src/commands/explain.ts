import {
  type BoundRule,
  confirmQuery,
  type FoundOccurrence,
  RULES,
  ruleOf,
  rulesOf,
  storyOf,
} from '@p2mtrace/analyzers';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type Account, accountOf } from '../letter/finding-account.js';
import { findingLetter } from '../letter/finding-letter.js';
import { ruleLetter } from '../letter/rule-letter.js';
import { type LetterFormat, writeLetter } from '../letter/write-letter.js';
import { namedFinding } from '../named-finding.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { loadPlugins, type PluginOptions, pluginWords } from '../plugins/load-plugins.js';
import { clockOf } from '../render/clock.js';
import { eventsAround } from '../render/events-around.js';
import { jsonDocument } from '../render/json.js';
import { printLine } from '../render/print-line.js';
import { adviceText, heading, ruleText, sqlLines } from '../render/rule-text.js';
import { storyText } from '../render/story.js';
import { shellText } from '../text/shell-text.js';
import { type ReplayOptions, withReplay } from '../with-replay.js';

interface Options extends ReplayOptions, PluginOptions, TraceSettings {
  readonly around?: number;
  readonly format: 'pretty' | 'json' | LetterFormat;
}

/** Options without which a capture reads differently, as they are written. */
const SETTINGS = [
  ['xenVersion', '--xen-version'],
  ['layout', '--layout'],
  ['symbols', '--symbols'],
  ['cpuHz', '--cpu-hz'],
] as const;

export const run: Run<readonly [string, string | undefined], Options> = async ([about, name], options, context) => {
  const plugins = await loadPlugins(options);
  const rules = [...RULES, ...rulesOf(plugins)];
  if (name === undefined) return explainRule(ruleOf(rules, about), options, context);
  return withTrace(about, options, context, async reader => {
    const found = await namedFinding(reader, name, plugins, { context, progress: options.progress });
    const rule = ruleOf(rules, found.finding.rule);
    await withReplay(reader, options, context, async replay => {
      const story = storyOf(replay, found.occurrence);
      const { out } = context;
      const clock = clockOf(reader, options.cpuHz);
      const settings = SETTINGS.flatMap(([key, flag]) => (options[key] === undefined ? [] : [flag, `${options[key]}`]));
      const named = { path: about, settings: [...settings, ...pluginWords(options)] };
      const account = accountOf(reader, found, story, rule, clock, named);
      if (options.format === 'json') await writeJson(account, context);
      else if (options.format !== 'pretty') await writeLetter(findingLetter(account), options.format, out);
      else {
        const print = (line: string) => printLine(out, line);
        const witnesses = found.occurrence.witness.map(({ seq }) => seq);
        for await (const line of storyText(found, story, rule, out, clock)) await print(line);
        for (const line of eventsAround(replay, witnesses, options.around ?? 0, out)) await print(line);
        for (const line of adviceLines(about, rule, found, context)) await print(line);
      }
    });
    return EXIT.fine;
  });
};

async function explainRule(rule: BoundRule, { format }: Options, { out }: Context): Promise<number> {
  if (format === 'json') {
    const { id, analyzer, title, severity, belief, confidence, needs, ...rest } = rule;
    const { doc, fires, nearMiss, mechanism, confirm, fix, limits, page } = rest;
    const means = { doc, fires, nearMiss, mechanism, confirm, fix, limits, page };
    const texts = { id, analyzer, title, severity, belief, confidence, needs, ...means };
    await out.write(jsonDocument(texts, 2));
  } else if (format !== 'pretty') await writeLetter(ruleLetter(rule), format, out);
  else for (const line of ruleText(rule, out)) await printLine(out, line);
  return EXIT.fine;
}

/** What to do about it. */
function* adviceLines(trace: string, rule: BoundRule, { occurrence }: FoundOccurrence, { out }: Context) {
  if (rule.confirm !== undefined) {
    yield* heading(`How to confirm it: p2mtrace sql ${trace}`, out);
    yield* sqlLines(confirmQuery(rule.confirm, occurrence));
  }
  yield* adviceText(rule, out);
  yield* ['', `p2mtrace explain ${rule.id}`];
}

async function writeJson(
  { found, story, trace, witnesses, commands, confirm }: Account,
  { out }: Context,
): Promise<void> {
  const { occurrences: _, ...finding } = found.finding;
  const { number, of, occurrence } = found;
  const { steps, chains } = story;
  const seconds = Object.fromEntries(witnesses.map(({ seq, seconds }) => [seq, seconds]));
  const lines = Object.fromEntries(witnesses.map(({ seq, line }) => [seq, line]));
  const again = { commands: commands.map(words => words.map(shellText).join(' ')), sql: confirm ?? null };
  await out.write(jsonDocument({ finding, number, of, occurrence, trace, seconds, lines, steps, chains, again }, 2));
}

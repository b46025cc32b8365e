import type { AnalysisReport, Finding } from '@p2mtrace/analyzers';
import type { StreamLoss } from '@p2mtrace/trace-format/xentrace';
import type { Context } from '../command.js';
import { cellText, count, counted } from '../render/cell.js';
import { fittedLine } from '../render/fitted-line.js';
import { jsonText } from '../render/json.js';
import { misfitLines, timesText } from '../render/out-of.js';
import { visible } from '../text/visible.js';
import type { Delivery } from './deliver.js';
import type { WatchNumbers } from './numbers.js';
import type { Saved } from './save-finding.js';

/** Occurrences of a finding that a line shows. */
const SHOWN = 1;
const COLOURS = { error: 'red', warning: 'yellow', note: 'cyan' } as const;

/** Says what a watch finds, as text or as a line of JSON for each. */
export class Teller {
  private readonly context: Context;
  private readonly isJson: boolean;
  private readonly delivery: Delivery;

  constructor(context: Context, isJson: boolean, delivery: Delivery) {
    this.context = context;
    this.isJson = isJson;
    this.delivery = delivery;
  }

  /** @throws ClosedPipe, P2mError P2M_OUTPUT (usage) */
  async finding(finding: Finding, saved: Saved | undefined): Promise<void> {
    const json = jsonText({ event: 'finding', time: now(), finding, saved: saved ?? null });
    this.delivery.send(`${json}\n`);
    await this.write(this.isJson ? json : this.findingText(finding, saved));
  }

  /** The events of a finding that was told before. */
  async saved({ id }: Finding, saved: Saved): Promise<void> {
    const json = jsonText({ event: 'saved', time: now(), id, saved });
    this.delivery.send(`${json}\n`);
    await this.write(this.isJson ? json : [`${id}:`, ...savedLines(saved)].join('\n'));
  }

  async loss({ pcpu, count: lost, firstTsc }: StreamLoss): Promise<void> {
    const told = { event: 'loss', time: now(), pcpu, count: lost, firstTsc: firstTsc.toString() };
    const text = `lost: ${counted(lost, 'record')} of pcpu ${pcpu} from TSC ${firstTsc} on; what they changed is unknown`;
    await this.write(this.isJson ? jsonText(told) : text);
  }

  /** Something went wrong that does not end the watch. */
  trouble(text: string): void {
    this.context.err.say(`p2mtrace: ${visible(text)}\n`);
  }

  async end(report: AnalysisReport, numbers: WatchNumbers, rules: number): Promise<void> {
    if (this.isJson) {
      await this.write(jsonText({ event: 'end', time: now(), numbers, report }));
      return;
    }
    const { told, known, losses, lostRecords } = numbers;
    const all = told.error + told.warning + told.note;
    const lines = misfitLines(report.customs, report.divergences).map(line => `the model does not fit: ${line.trim()}`);
    const lost = losses === 0 ? '' : `, ${counted(lostRecords, 'record')} lost`;
    const parts = `${counted(told.error, 'error')}, ${counted(told.warning, 'warning')}, ${counted(told.note, 'note')}`;
    const { notChecked } = report;
    lines.push(
      `${counted(numbers.events, 'event')}${lost}; ${counted(all, 'finding')}: ${parts}; ${count(known)} known; ` +
        `${notChecked.length} of ${counted(rules, 'rule')} not checked`,
    );
    await this.write(lines.join('\n'));
  }

  private findingText(finding: Finding, saved: Saved | undefined): string {
    const { out } = this.context;
    const { id, severity, confidence, rule, title, signature, occurrences } = finding;
    const head = `${out.style(COLOURS[severity], severity)} (${confidence}) ${out.style('bold', rule)}: ${title}`;
    const lines = [`${head}: ${timesText(finding)}`, `  ${id}  ${visible(signature)}`];
    for (const { subject, witness } of occurrences.slice(0, SHOWN)) {
      const about = Object.entries(subject).filter(([, value]) => value !== null);
      const seen = witness.map(({ seq, role }) => `${role} #${seq}`).join(', ');
      const what = about.map(([name, value]) => `${name} ${visible(cellText(value))}`).join(', ');
      lines.push(`    ${[what, seen].filter(text => text !== '').join(': ')}`);
    }
    if (saved !== undefined) lines.push(...savedLines(saved));
    return lines.join('\n');
  }

  private async write(text: string): Promise<void> {
    const { out } = this.context;
    // What reads JSON takes lines of any length.
    const width = this.isJson ? undefined : out.width;
    for (const line of text.split('\n').flatMap(line => fittedLine(line, width))) await out.write(`${line}\n`);
    await out.flush();
  }
}

const now = (): string => new Date().toISOString();

function savedLines({ trace, older }: Saved): string[] {
  const lines = trace === null ? [] : [`  saved: ${visible(trace)}`];
  if (older.length === 0) return lines;
  const events = older.map(seq => `#${seq}`).join(', ');
  const state = trace === null ? '' : '; the trace begins with the state behind them';
  return [...lines, `  older than what is kept: ${events}${state}`];
}

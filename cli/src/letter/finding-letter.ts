import type { Confidence } from '@p2mtrace/analyzers';
import { secondsText } from '../render/clock.js';
import { inferredText } from '../render/doer.js';
import { eventText, fieldsText } from '../render/fields.js';
import { firstSentences } from '../render/first-sentences.js';
import { timesText } from '../render/out-of.js';
import { beliefText } from '../render/rule-text.js';
import { locksText } from '../render/story.js';
import { amountText, xenText } from '../render/trace-facts.js';
import type { Account, Witness } from './finding-account.js';
import { type Letter, type LetterStep, textSection } from './letter.js';

/** What a confidence says (docs/findings.md). */
const SHOWN_BY: Readonly<Record<Confidence, string>> = {
  proven: 'proven: the recorded events alone show it',
  likely: 'likely: some of the state that it rests on was inferred',
  possible: 'possible: it can happen under another order of the events, or what would decide it was not recorded',
};

/** What is pasted into a mail: what, proven by what, where, the witnesses, the counts, and how to see it again. */
export function findingLetter(account: Account): Letter {
  const { found, rule, trace, witnesses, commands, confirm } = account;
  const { finding, occurrence, number, of } = found;
  const { title, severity, confidence, signature } = finding;
  const about = fieldsText(occurrence.subject);
  return {
    subject: `${finding.rule}: ${title} (${severity}, ${confidence})`,
    sections: [
      ...textSection('What', firstSentences(rule.doc)),
      {
        title: 'Shown by',
        blocks: [
          {
            kind: 'facts',
            rows: [
              ['how sure', SHOWN_BY[confidence]],
              ['the rule', rule.belief === undefined ? finding.basis : beliefText(rule.belief)],
            ],
          },
        ],
      },
      {
        title: 'Where',
        blocks: [
          {
            kind: 'facts',
            rows: [
              ...witnesses.map(witness => [witness.roles.join(', '), siteText(witness)] as const),
              ['about', about || 'nothing in particular'],
              ['Xen', `${xenText(trace)}${trace.host === null ? '' : `, on ${trace.host}`}`],
            ],
          },
        ],
      },
      {
        title: 'Witnesses',
        blocks: [{ kind: 'steps', steps: witnesses.map(witness => stepOf(witness, account)) }],
      },
      {
        title: 'Counts',
        blocks: [
          {
            kind: 'facts',
            rows: [
              ['how often', timesText(finding)],
              ['this one', `occurrence ${number} of ${of} with the signature ${signature}`],
              ['trace', `${trace.source}: ${amountText(trace)}`],
            ],
          },
        ],
      },
      {
        title: 'To see it again',
        blocks: [
          { kind: 'commands', commands },
          ...(confirm === undefined
            ? []
            : ([
                { kind: 'text', text: 'Or with p2mtrace sql:' },
                { kind: 'sql', lines: confirm.trim().split('\n') },
              ] as const)),
        ],
      },
    ],
  };
}

/** `p2m_remove_page, inferred from the p2m lock it held`. */
function siteText({ by, line }: Pick<Witness, 'by' | 'line'>): string {
  const { symbol, caller } = by;
  if (symbol === null && caller === null) return 'not recorded';
  const address = [...(caller === null ? [] : [caller]), ...(line === null ? [] : [line])].join(', ');
  const site = symbol === null ? address : address === '' ? symbol : `${symbol} (${address})`;
  const why = inferredText(by);
  return why === undefined ? site : `${site}, ${why}`;
}

function stepOf(witness: Witness, { story }: Account): LetterStep {
  const { roles, seconds, by, step } = witness;
  const when = seconds === null ? [] : [`${secondsText(seconds)} s`];
  const who = [
    ...(by.pcpu === null ? ['pcpu unknown'] : [`pcpu ${by.pcpu}`]),
    ...(by.domid === null ? [] : [`d${by.domid}${by.vcpu === null ? '' : `v${by.vcpu}`}`]),
  ];
  return {
    head: `${[...when, ...who].join(', ')}: ${roles.join(', ')}`,
    lines: [
      eventText(step.event),
      `at ${siteText(witness)}`,
      ...story.pcpus
        .map(pcpu => [pcpu, locksText(step.held, step.heldOutside, pcpu)] as const)
        .filter(([, locks]) => locks !== 'none')
        .map(([pcpu, locks]) => `pcpu ${pcpu} held ${locks}`),
    ],
  };
}

import type { BoundRule } from '@p2mtrace/analyzers';
import { beliefText, needsText } from '../render/rule-text.js';
import { type Letter, textSection } from './letter.js';

/** What a rule knows of itself. */
export function ruleLetter(rule: BoundRule): Letter {
  const { id, title, severity, confidence, policy, belief, doc, fires, nearMiss, mechanism, confirm } = rule;
  return {
    subject: `${id}: ${title}`,
    sections: [
      ...textSection('What it means', doc),
      ...textSection('When it fires', fires),
      ...textSection('When it does not (near miss)', nearMiss),
      {
        title: 'How much it says',
        blocks: [
          {
            kind: 'facts',
            rows: [
              [
                'at worst',
                `${severity}, ${confidence}${policy === true ? '; a policy: runs only if it is named' : ''}`,
              ],
              ['needs', needsText(rule)],
              ['rests on', belief === undefined ? 'what its author says' : beliefText(belief)],
            ],
          },
        ],
      },
      ...textSection('How it comes about', mechanism),
      ...(confirm === undefined
        ? []
        : [{ title: 'How to confirm it', blocks: [{ kind: 'sql', lines: confirm.trim().split('\n') }] as const }]),
      ...textSection('How it is usually fixed', rule.fix),
      ...textSection('What the rule can get wrong', rule.limits),
      ...textSection('See also', rule.page),
    ],
  };
}

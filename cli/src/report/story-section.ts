import type { Scene, Story, StoryStep } from '@p2mtrace/analyzers';
import { subjectText } from '@p2mtrace/replayer';
import { secondsText } from '../render/clock.js';
import { doerInFull, doerText } from '../render/doer.js';
import { eventText } from '../render/fields.js';
import { otherOrderText, stackRows, stacksOf } from '../render/stacks.js';
import { linesOf, locksText } from '../render/story.js';
import { html, type Markup, table } from './html.js';
import type { ToldOccurrence } from './trace-report.js';

/** What happened, witness by witness, and how the subjects came to be as they are. */
export function storySection({ story, timeline }: ToldOccurrence): Markup {
  if (typeof story === 'string') return html`<p class="notice">${story}</p>`;
  const { steps, pcpus, chains, writers } = story;
  return html`${stacksMarkup(story)}<ol class="story">${steps.map(step => stepItem(step, pcpus, writers, timeline.seconds?.at[step.event.seq]))}</ol>
${chains.map(({ subject, why }) =>
  why.reasons.length === 0 && why.notes.length === 0
    ? undefined
    : html`<details><summary>How ${subjectText(subject)} came to be as it is after #${why.at}</summary>${
        why.reasons.length === 0
          ? undefined
          : table(
              ['why', 'event', 'by'],
              why.reasons.map(({ role, event, by }) => [role, code(eventText(event)), doerText(by)]),
            )
      }${why.notes.map(note => html`<p>${note}</p>`)}</details>`,
)}`;
}

/** Of a predicted deadlock: the stacks of its pcpus side by side. */
function stacksMarkup(story: Story): Markup | undefined {
  const stacks = stacksOf(story);
  if (stacks.length === 0) return undefined;
  const heads = stacks.map(({ pcpu }) => `pcpu ${pcpu}`);
  return html`<h4>Where they are stuck</h4>${table(heads, stackRows(stacks))}
<p>${otherOrderText(story.occurrence.subject.from_seq)}</p>`;
}

const code = (text: string) => html`<code>${text}</code>`;

function stepItem(
  { roles, event, by, held, heldOutside, scenes }: StoryStep,
  pcpus: readonly number[],
  writers: Story['writers'],
  seconds: number | undefined,
): Markup {
  return html`<li><p><strong>${roles.join(', ')}</strong>: ${code(eventText(event))}</p>
<p class="by">${seconds === undefined ? '' : `at ${secondsText(seconds)} s `}by ${doerInFull(by)}</p>
${pcpus.map(pcpu => html`<p class="by">locks of pcpu ${pcpu}: ${locksText(held, heldOutside, pcpu)}</p>`)}
${scenes.map(scene => sceneMarkup(scene, writers))}</li>\n`;
}

/** What was known before and after. */
function sceneMarkup({ subject, before, after }: Scene, writers: Story['writers']): Markup {
  const [old, now] = [linesOf(before, writers), linesOf(after, writers)];
  return html`<div class="scene"><span>${subjectText(subject)}</span><pre>${old.map(line =>
    now.includes(line) ? html`  ${line}\n` : html`<del>- ${line}</del>\n`,
  )}${now.filter(line => !old.includes(line)).map(line => html`<ins>+ ${line}</ins>\n`)}</pre></div>`;
}

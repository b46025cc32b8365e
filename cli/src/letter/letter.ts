/** An event that shows something, and lines about it. */
export interface LetterStep {
  readonly head: string;
  readonly lines: readonly string[];
}

/** A part of a letter, of which each form makes its own. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'facts'; readonly rows: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: 'steps'; readonly steps: readonly LetterStep[] }
  /** Commands of a shell, each as its words: how they are quoted and broken is the form's. */
  | { readonly kind: 'commands'; readonly commands: readonly (readonly string[])[] }
  | { readonly kind: 'sql'; readonly lines: readonly string[] };

/** What is said of a finding or a rule to somebody who does not have the trace. */
export interface Letter {
  /** All of it in a line. */
  readonly subject: string;
  readonly sections: readonly { readonly title: string; readonly blocks: readonly Block[] }[];
}

/** A section of text; none if there is no text. */
export function textSection(title: string, text: string | undefined): Letter['sections'] {
  return text === undefined ? [] : [{ title, blocks: [{ kind: 'text', text }] }];
}

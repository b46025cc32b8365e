import { autocompletion, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { PostgreSQL, type schemaCompletionSource, sql } from '@codemirror/lang-sql';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { SqlWords } from '../api.js';

/** Of the style sheet, which knows light and dark. */
const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, class: 'sql-keyword' },
  { tag: [tags.string, tags.special(tags.string)], class: 'sql-string' },
  { tag: [tags.number, tags.bool, tags.null], class: 'sql-number' },
  { tag: tags.comment, class: 'sql-comment' },
]);

/** An editor of one query. Tab leaves it, as everywhere on a page. */
export function openEditor(place: HTMLElement, text: string, { tables, functions }: SqlWords, run: () => void) {
  const schema = Object.fromEntries(Object.entries(tables).map(([name, columns]) => [name, [...columns]]));
  const names = functions.map(usage => ({
    label: usage.slice(0, usage.indexOf('(') + 1),
    displayLabel: usage,
    type: 'function',
  }));
  const columns = [...new Set(Object.values(tables).flat())].map(label => ({ label, type: 'property' }));
  const language = sql({ dialect: PostgreSQL, schema, upperCaseKeywords: false });
  const view = new EditorView({
    parent: place,
    state: EditorState.create({
      doc: text,
      extensions: [
        keymap.of([
          {
            key: 'Mod-Enter',
            run: () => {
              run();
              return true;
            },
          },
        ]),
        history(),
        autocompletion(),
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
        language,
        language.language.data.of({
          autocomplete: (context: Parameters<ReturnType<typeof schemaCompletionSource>>[0]) => {
            const word = context.matchBefore(/\w+/);
            return word === null ? null : { from: word.from, options: [...names, ...columns], validFor: /^\w*$/ };
          },
        }),
        syntaxHighlighting(COLOURS),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': 'SQL query; Ctrl+Enter runs it' }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    set: (next: string) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } }),
    close: () => view.destroy(),
  };
}

import { autocompletion, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { PostgreSQL, type schemaCompletionSource, sql } from '@codemirror/lang-sql';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { SqlWords } from '../api.js';

/** Of the page, which knows light and dark. */
const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warning)' },
  { tag: tags.comment, color: 'var(--quiet)' },
]);
const THEME = EditorView.theme({
  '&': { minHeight: '6rem', color: 'var(--text)' },
  // All of the box is the editor: a click below the text begins to write, too.
  '.cm-content': {
    minHeight: '6rem',
    boxSizing: 'border-box',
    caretColor: 'var(--text)',
    fontFamily: 'ui-monospace, monospace',
  },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused': { outline: '2px solid var(--accent)' },
  '.cm-tooltip': { background: 'var(--back)', color: 'var(--text)', border: '1px solid var(--line)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { background: 'var(--accent)', color: 'var(--back)' },
});

/**
 * Text typed over a selection is put in here: Chromium would keep the style of what was there in an attribute, which the
 * policy of the page forbids.
 */
function typeOver(event: InputEvent, view: EditorView): boolean {
  if (event.inputType !== 'insertText' || event.data === null || view.composing) return false;
  if (view.state.selection.main.empty) return false;
  view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type' });
  event.preventDefault();
  return true;
}

/**
 * An editor of one query. Tab leaves it, as everywhere on a page. It lives in a shadow root: only there its styles are
 * no elements with text, which the policy of the page forbids.
 */
export function openEditor(place: HTMLElement, text: string, { tables, functions }: SqlWords, run: () => void) {
  const schema = Object.fromEntries(Object.entries(tables).map(([name, columns]) => [name, [...columns]]));
  const names = functions.map(usage => ({
    label: usage.slice(0, usage.indexOf('(') + 1),
    displayLabel: usage,
    type: 'function',
  }));
  const columns = [...new Set(Object.values(tables).flat())].map(label => ({ label, type: 'property' }));
  const language = sql({ dialect: PostgreSQL, schema, upperCaseKeywords: false });
  const root = place.shadowRoot ?? place.attachShadow({ mode: 'open' });
  const view = new EditorView({
    parent: root,
    root,
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
        THEME,
        syntaxHighlighting(COLOURS),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': 'SQL query; Ctrl+Enter runs it' }),
        EditorView.domEventHandlers({ beforeinput: typeOver }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    set: (next: string) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } }),
    close: () => view.destroy(),
  };
}

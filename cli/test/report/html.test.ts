import { expect, it } from 'vitest';
import { html, scriptJson, table } from '../../src/report/html.js';

it('escapes what is put into a template, and nothing else', () => {
  const inner = html`<b>${'<i> & "x" \'y\''}</b>`;
  expect(html`<p title="${'"'}">${inner}${null}${[1, html`<br>`]}</p>`.text).toBe(
    '<p title="&quot;"><b>&lt;i&gt; &amp; &quot;x&quot; &#39;y&#39;</b>1<br></p>',
  );
});

it('shows characters that HTML can not hold', () => {
  expect(html`${'a\0b\x1b[31m\tc'}`.text).toBe('a\ufffdb\ufffd[31m\tc');
});

it('lets no text end a script', () => {
  const { text } = scriptJson({ symbol: '</script><script>alert(1)</script><!--' });
  expect(text).not.toContain('<');
  expect(JSON.parse(text)).toEqual({ symbol: '</script><script>alert(1)</script><!--' });
});

it('writes numbers with separators, and escapes cells', () => {
  const { text } = table(['<a>'], [[1234567], ['<b>']]);
  expect(text).toContain('<th scope="col">&lt;a&gt;</th>');
  expect(text).toContain('<td class="number">1,234,567</td>');
  expect(text).toContain('<td>&lt;b&gt;</td>');
});

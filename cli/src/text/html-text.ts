/** Text for HTML, between tags or in a quoted attribute. What is hidden is shown as a sign that something is there. */
export function htmlText(text: string): string {
  return (
    text
      .replace(/[&<>"']/g, character => ENTITIES[character as '&'])
      // A line end is a blank in a page, but begins a line of a log that the page is printed to.
      .replace(/[\r\n]\s*(?=::|##\[)/g, ' ')
      .replace(/[^\P{Cc}\t\n\r]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\u{fffd}')
  );
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Characters that are not seen but do something, as the server has them in cli/src/text/visible.ts. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Hidden characters are written as in JSON: an address that leads here may come from anybody. */
export const visible = (text: string): string =>
  text.replace(HIDDEN, hidden =>
    Array.from({ length: hidden.length }, (_, i) => `\\u${hidden.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
      '',
    ),
  );

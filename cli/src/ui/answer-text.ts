import { jsonText } from '../render/json.js';
import { visibly } from '../text/visible.js';

/** An answer as JSON. Text of a trace is shown as it stands in the page, so what is hidden in it is made visible here. */
export const answerText = (answer: object): string => jsonText(visibly(answer));

import { jsonDocument } from '../render/json.js';
import type { Reporter } from './reporter.js';

/** The whole report, for programs. */
export const json: Reporter = report => jsonDocument(report, 1);

/** Judges a stream while it is replayed. */
export { LiveAnalysis, type LiveAnalysisOptions } from './live-analysis.js';

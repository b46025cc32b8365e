/** A failure that somebody can do something about: what went wrong, and what to do. */
export class LabError extends Error {
  constructor(what, remedy) {
    super(what);
    this.name = 'LabError';
    this.remedy = remedy;
  }
}

import { expect, it } from 'vitest';
import { releasedChangelog } from '../scripts/changelog.mjs';

const OLD = '## [0.1.0] - 2026-11-21\n\n### Added\n\n- Everything.\n';
const changelog = (unreleased: string, links = '') => `# Changelog\n\n## [Unreleased]\n${unreleased}\n${OLD}${links}`;
const CHANGES = '### Fixed\n\n- A leak.\n  Of memory.\n';

it('what is unreleased becomes the version, with its day; nothing else changes', () => {
  expect(releasedChangelog(changelog(`\n${CHANGES}`), '0.2.0', '2026-12-01')).toBe(
    `# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n${CHANGES}\n${OLD}`,
  );
});

it('also where it is the first version', () => {
  expect(releasedChangelog(`## [Unreleased]\n\n${CHANGES}`, '0.1.0', '2026-12-01')).toBe(
    `## [Unreleased]\n\n## [0.1.0] - 2026-12-01\n\n${CHANGES}`,
  );
});

it('a link of what is unreleased becomes two', () => {
  const url = 'https://example.org/compare/';
  const links = `\n[Unreleased]: ${url}v0.1.0...HEAD\n[0.1.0]: https://example.org/v0.1.0\n`;
  expect(releasedChangelog(changelog(`\n${CHANGES}`, links), '0.2.0', '2026-12-01')).toContain(
    `\n[Unreleased]: ${url}v0.2.0...HEAD\n[0.2.0]: ${url}v0.1.0...v0.2.0\n[0.1.0]: https://example.org/v0.1.0\n`,
  );
});

it('nothing unreleased, a version that is there, or no such section is refused', () => {
  expect(() => releasedChangelog(changelog(''), '0.2.0', '')).toThrow('nothing is unreleased');
  expect(() => releasedChangelog(changelog('\n### Fixed\n'), '0.2.0', '')).toThrow('nothing is unreleased');
  expect(() => releasedChangelog(changelog(`\n${CHANGES}`), '0.1.0', '')).toThrow('0.1.0 already');
  expect(() => releasedChangelog(OLD, '0.2.0', '')).toThrow('no section Unreleased');
});

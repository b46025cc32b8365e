import type { UserConsoleLog } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** Says at the end which tests were skipped, and why: each file that has such tests says `skipped: …`. */
export class SkippedReporter implements Reporter {
  private readonly reasons = new Set<string>();

  onUserConsoleLog({ content }: UserConsoleLog): void {
    for (const line of content.split('\n')) if (line.startsWith('skipped: ')) this.reasons.add(line.slice(9));
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap(skippedOf);
    // Everything that was asked for was run.
    if (lines.length === 0) return;
    const reasons = [...this.reasons].map(reason => `  because: ${reason}`);
    process.stdout.write(`\nSkipped:\n${[...lines, ...reasons].join('\n')}\n`);
  }
}

/** A line for each reason that a test itself gives, and one for the others. */
function skippedOf(module: TestModule): string[] {
  const counts = new Map<string, number>();
  for (const test of module.children.allTests('skipped')) {
    const result = test.result();
    const note = result.state === 'skipped' ? result.note : undefined;
    // The name of a block often says where it is skipped.
    const about = note ?? (test.parent.type === 'suite' ? test.parent.fullName : test.name);
    counts.set(about, (counts.get(about) ?? 0) + 1);
  }
  return [...counts].map(([about, count]) => `  ${module.relativeModuleId}: ${count}: ${about}`);
}

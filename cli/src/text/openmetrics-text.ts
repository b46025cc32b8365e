/** Labels of a sample by name. */
type Labels = Readonly<Record<string, string>>;
type Sample = readonly [suffix: string, value: number, labels?: Labels];

/** Families of metrics as OpenMetrics text (openmetrics.io, version 1.0.0). All names begin with `p2mtrace_`. */
export class OpenMetrics {
  private readonly lines: string[] = [];

  counter(name: string, help: string, value: number | readonly (readonly [value: number, labels: Labels])[]): void {
    const samples = typeof value === 'number' ? [[value, {}] as const] : value;
    this.family(
      name,
      'counter',
      help,
      samples.map(([value, labels]): Sample => ['_total', value, labels]),
    );
  }

  gauge(name: string, help: string, value: number): void {
    this.family(name, 'gauge', help, [['', value]]);
  }

  /** `counts` has one more than there are bounds: what is above all of them. */
  histogram(name: string, help: string, bounds: readonly number[], counts: readonly number[], sum: number): void {
    let below = 0;
    const buckets = counts.map((count, i): Sample => {
      below += count;
      return ['_bucket', below, { le: i === bounds.length ? '+Inf' : bounds[i].toFixed(1) }];
    });
    this.family(name, 'histogram', help, [...buckets, ['_count', below], ['_sum', sum]]);
  }

  get text(): string {
    return `${this.lines.join('\n')}\n# EOF\n`;
  }

  private family(name: string, type: string, help: string, samples: readonly Sample[]): void {
    this.lines.push(`# TYPE p2mtrace_${name} ${type}`, `# HELP p2mtrace_${name} ${help}`);
    for (const [suffix, value, labels] of samples)
      this.lines.push(`p2mtrace_${name}${suffix}${labelText(labels)} ${value}`);
  }
}

function labelText(labels: Labels = {}): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

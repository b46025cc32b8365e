/** Values of a plugin's options, by name. */
export type OptionValues = Readonly<Record<string, unknown>>;

/**
 * What a plugin can be told: a zod object, each key of which is an option. Only this much of zod is used, so that a
 * plugin may bring a zod of its own.
 */
export interface OptionSchema<Options extends OptionValues = OptionValues> {
  readonly shape: Readonly<Record<string, OptionField>>;
  safeParse(value: unknown): { success: true; data: Options } | { success: false; error: OptionIssues };
}

export interface OptionField {
  /** What `.describe()` said. */
  readonly description?: string | undefined;
  safeParse(value: unknown): { success: boolean };
}

interface OptionIssues {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

/** Names of options: `$name` in SQL, `PLUGIN.name=VALUE` on the command line. */
const OPTION_NAME = /^[A-Za-z]\w*$/;

export function isOptionSchema(value: unknown): value is OptionSchema {
  if (typeof value !== 'object' || value === null || !('shape' in value) || !('safeParse' in value)) return false;
  const { shape, safeParse } = value;
  return typeof shape === 'object' && typeof safeParse === 'function' && Object.keys(shape ?? {}).every(isOptionName);
}
const isOptionName = (name: string) => OPTION_NAME.test(name);

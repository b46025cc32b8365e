/** Shells that command lines can be completed in. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

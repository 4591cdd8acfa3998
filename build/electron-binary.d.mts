/** Resolves with its exit code. */
export function runDesktop(args: string[]): Promise<number>

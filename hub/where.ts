// Where the pieces of this installation lie: a checkout, or a bundle under dist/.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))

/** True in a checkout, where the TypeScript files run as they are. */
export const isCheckout = import.meta.url.endsWith('.ts')

/** The folder that holds package.json (checkout), or dist/ (bundle: dist/hub/main.js is this file's home). */
export const root = dirname(here)

/** The built window's static files. */
export function rendererFolder(): string {
  return isCheckout ? join(root, 'dist', 'renderer') : join(root, 'renderer')
}

/** A program of ours by its place in the source tree, without extension: `cli/main`, `servers/files/main`. */
export function programPath(name: string): string {
  return join(root, `${name}${isCheckout ? '.ts' : '.js'}`)
}

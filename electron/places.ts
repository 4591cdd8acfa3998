// Where the pieces lie, in a checkout and in a package: the Node that runs the hub, our programs, and the data folder.
import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import envPaths from 'env-paths'

/** `resources`: Electron's resources folder in a package; null in a checkout. */
export interface Installation {
  resources: string | null
  /** The folder that holds electron/, hub/ and cli/. */
  root: string
}

/** Plain Node, never Electron itself: the package ships the pinned one, so that its runAsNode fuse stays off. */
export function nodePath({ resources, root }: Installation, env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const name = platform === 'win32' ? 'node.exe' : 'node'
  if (resources) return join(resources, 'node', name)
  return env.GATEHOUSE_NODE ?? join(root, 'node_modules', 'node', 'bin', name)
}

/** `hub/main`, `cli/main`. Plain Node reads no archive: in a package they lie unpacked beside it. */
export function programPath({ resources, root }: Installation, name: string): string {
  return resources ? join(resources, 'app.asar.unpacked', 'dist', `${name}.js`) : join(root, `${name}.ts`)
}

export function rendererFolder({ resources, root }: Installation): string {
  return resources ? join(resources, 'app.asar.unpacked', 'dist', 'renderer') : join(root, 'dist', 'renderer')
}

/** --data, GATEHOUSE_HOME, or the platform's place (the same rule as the hub's). */
export function dataFolder(argv: readonly string[], env: NodeJS.ProcessEnv): string {
  const at = argv.indexOf('--data')
  const given = argv.find(arg => arg.startsWith('--data='))?.slice(7) ?? (at >= 0 ? argv[at + 1] : undefined)
  const chosen = given ?? env.GATEHOUSE_HOME
  return chosen ? resolve(chosen) : usualFolder()
}

/** The folder for Electron's own files: one per data folder, so that each has one instance of its own. */
export function profileName(data: string): string {
  return data === usualFolder()
    ? 'Gatehouse'
    : `Gatehouse-${createHash('sha256').update(data).digest('hex').slice(0, 12)}`
}

function usualFolder(): string {
  return envPaths('gatehouse', { suffix: '' }).data
}

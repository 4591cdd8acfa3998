// Which cluster this is about, and as whom: kubeconfig files as kubectl reads them, else the pod this runs in.
import { existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { KubeConfig, User } from '@kubernetes/client-node'
import { Failure } from '../kit/failure.ts'

const MOST_BYTES = 1_000_000
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'

export interface ConfigSettings {
  KUBECONFIG?: string | undefined
  KUBE_CONTEXT?: string | undefined
  CREDENTIAL_PROGRAMS: readonly string[]
}

/** Where the configuration is; `root` and `home` for tests. */
export function sourceOf({ KUBECONFIG }: ConfigSettings, root = '', home = homedir()): string[] | 'pod' {
  // A form has no shell that would know what ~ is.
  if (KUBECONFIG) return KUBECONFIG.split(delimiter).flatMap(file => file.replace(/^~(?=[/\\])/, home) || [])
  const usual = join(home, '.kube', 'config')
  if (existsSync(usual)) return [usual]
  if (process.env.KUBERNETES_SERVICE_HOST && existsSync(root + TOKEN)) return 'pod'
  throw new Failure(
    'permission_denied',
    'No cluster is configured.',
    'Ask the person to set KUBECONFIG (and KUBE_CONTEXT) in this server’s settings, or to make ~/.kube/config.',
  )
}

/** Changes whenever one of the files does. */
export function stampOf(files: readonly string[]): string {
  return files
    .map(file => statSync(file, { throwIfNoEntry: false }))
    .map(stat => `${stat?.mtimeMs}:${stat?.size}`)
    .join()
}

/** All that stands in these files; of two things with one name the first counts, as for kubectl. */
export async function readFiles(files: readonly string[]): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const all = new KubeConfig()
  for (const file of files) {
    const one = new KubeConfig()
    try {
      if (statSync(file).size > MOST_BYTES) throw new Error('it is too long')
      one.loadFromFile(file, { onInvalidEntry: 'filter' })
    } catch (error) {
      throw broken(file, error)
    }
    all.currentContext ||= one.currentContext
    for (const key of ['clusters', 'contexts', 'users'] as const) addNew(all[key], one[key])
  }
  return all
}

function addNew(all: { name: string }[], more: readonly { name: string }[]): void {
  for (const one of more) if (!all.some(({ name }) => name === one.name)) all.push(one)
}

/** Says where, never what stands there: it may be a token. */
function broken(file: string, error: unknown): Failure {
  const { code, reason, mark } = error as { code?: string; reason?: string; mark?: { line: number } }
  const why =
    code === 'ENOENT'
      ? 'it does not exist'
      : code === 'EACCES'
        ? 'this user may not read it'
        : reason && mark
          ? `line ${mark.line + 1} is not YAML`
          : 'it is not a kubeconfig'
  return new Failure(
    'permission_denied',
    `The kubeconfig ${file} cannot be used: ${why}.`,
    'Ask the person to correct KUBECONFIG or the file.',
  )
}

export async function readPod(root: string): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromCluster(root)
  return config
}

/** Throws Failure unless this context can be used: it is whole, and runs no program that nobody allowed. */
export function checkContext(config: KubeConfig, name: string | undefined, allowed: readonly string[]): void {
  const names = config.getContexts().map(context => context.name)
  const has = `It has ${names.slice(0, 20).join(', ') || 'none'}.`
  const bad = (text: string) =>
    new Failure('permission_denied', `${text} ${has}`, 'Ask the person to correct KUBE_CONTEXT or the kubeconfig.')
  if (!name) throw bad('The kubeconfig names no current context.')
  const context = config.getContexts().find(one => one.name === name)
  if (!context) throw bad(`The kubeconfig has no context ${name}.`)
  const user = config.getUsers().find(one => one.name === context.user)
  if (!config.getClusters().some(one => one.name === context.cluster))
    throw bad(`The context ${name} names the cluster ${context.cluster}, which is missing or broken.`)
  if (!user) throw bad(`The context ${name} names the user ${context.user}, who is missing or broken.`)
  checkPrograms(name, user, allowed)
}

function checkPrograms(context: string, { exec, authProvider }: User, allowed: readonly string[]): void {
  const wants = `For the context ${context} the kubeconfig wants to run`
  const { config } = (authProvider ?? {}) as { config?: Record<string, unknown> | null }
  // The library would run it through a shell, and wait for it in silence.
  if (config?.exec !== undefined || config?.['cmd-path'] !== undefined)
    throw new Failure(
      'permission_denied',
      `${wants} a program by its auth-provider, as kubectl no longer does.`,
      'Ask the person to have the kubeconfig written anew, with exec.',
    )
  if (exec === undefined || exec === null) return
  const { command } = exec as { command?: unknown }
  if (typeof command !== 'string' || !command || !allowed.includes(command))
    throw new Failure(
      'permission_denied',
      `${wants} the program ${String(command ?? '')} to get credentials.`,
      'That is not done unless the person names the program in CREDENTIAL_PROGRAMS.',
    )
}

/** An address without what may stand in it for signing in. */
export function bare(address: string): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url.href
}

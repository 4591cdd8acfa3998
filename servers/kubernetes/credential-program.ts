// The program a kubeconfig names for credentials: run as kubectl does, without input, and ended with all it has started.
import type { Cluster, Context, KubeConfig, User } from '@kubernetes/client-node'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { outputOf } from '../kit/run-program.ts'

const PATIENCE_MS = 20_000
/** Asked anew this long before they end. */
const EARLY_MS = 5_000

const Told = z.object({
  status: z
    .object({
      token: z.string().min(1).optional(),
      clientCertificateData: z.string().min(1).optional(),
      clientKeyData: z.string().min(1).optional(),
      expirationTimestamp: z.iso.datetime({ offset: true }).optional(),
    })
    .refine(({ token, clientCertificateData, clientKeyData }) => token || (clientCertificateData && clientKeyData)),
})
type Told = z.output<typeof Told>['status']

/** As a kubeconfig has it. */
interface Program {
  apiVersion?: string
  command: string
  args?: string[] | null
  env?: { name: string; value: string }[] | null
}

interface Run {
  from: KubeConfig
  stop: AbortController
  waiting: number
  told: Promise<KubeConfig>
}

export class CredentialProgram {
  readonly #patienceMs: number
  #known: { from: KubeConfig; made: KubeConfig; until: number } | undefined
  #run: Run | undefined

  constructor(patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs
  }

  /** The same configuration with what its user's program told. Throws Failure. */
  async apply(from: KubeConfig, signal: AbortSignal): Promise<KubeConfig> {
    if (!from.getCurrentUser()?.exec) return from
    if (this.#known?.from === from && this.#known.until > Date.now()) return this.#known.made
    return await this.#shared(from, signal)
  }

  /** The cluster did not take them: the next call asks for others. */
  forget(): void {
    this.#known = undefined
  }

  /** One run for all who wait; ended when nobody does any more. */
  async #shared(from: KubeConfig, signal: AbortSignal): Promise<KubeConfig> {
    const run = this.#run?.from === from ? this.#run : this.#start(from)
    run.waiting++
    const leave = () => {
      if (--run.waiting > 0) return
      if (this.#run === run) this.#run = undefined
      run.stop.abort()
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    try {
      return await run.told
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #start(from: KubeConfig): Run {
    const stop = new AbortController()
    const run: Run = { from, stop, waiting: 0, told: this.#ask(from, stop.signal) }
    this.#run = run
    const ended = () => {
      if (this.#run === run) this.#run = undefined
    }
    run.told.then(ended, ended)
    return run
  }

  async #ask(from: KubeConfig, signal: AbortSignal): Promise<KubeConfig> {
    const user = from.getCurrentUser()!
    const told = await this.#told(user.exec as Program, signal)
    const made = await withCredentials(from, user, told)
    const until = told.expirationTimestamp ? Date.parse(told.expirationTimestamp) - EARLY_MS : Infinity
    this.#known = { from, made, until }
    return made
  }

  async #told(program: Program, signal: AbortSignal): Promise<Told> {
    const { apiVersion = 'client.authentication.k8s.io/v1', command, args, env } = program
    const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } })
    const own = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]))
    const asked = { command, args: args ?? [], env: { KUBERNETES_EXEC_INFO: info, ...own } }
    const deadline = AbortSignal.timeout(this.#patienceMs)
    try {
      return readTold(await outputOf(asked, AbortSignal.any([signal, deadline])))
    } catch (error) {
      if (signal.aborted) throw error
      const why = deadline.aborted ? `it did not end in ${this.#patienceMs / 1000} s` : (error as Error).message
      throw new Failure(
        'permission_denied',
        `The program ${command}, which the kubeconfig names for credentials, did not help: ${why}.`,
        'Ask the person to run it by hand: it may want a sign-in.',
      )
    }
  }
}

function readTold(output: string): Told {
  try {
    return Told.parse(JSON.parse(output)).status
  } catch {
    throw new Error('it told no credentials')
  }
}

async function withCredentials(from: KubeConfig, user: User, told: Told): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const made = new KubeConfig()
  const inBase64 = (pem: string) => Buffer.from(pem).toString('base64')
  const { exec: _, ...rest } = user
  const whole = {
    ...rest,
    ...(told.token ? { token: told.token } : {}),
    ...(told.clientCertificateData ? { certData: inBase64(told.clientCertificateData) } : {}),
    ...(told.clientKeyData ? { keyData: inBase64(told.clientKeyData) } : {}),
  }
  const name = from.getCurrentContext()
  const clusters: Cluster[] = [from.getCurrentCluster()!]
  const contexts: Context[] = [from.getContextObject(name)!]
  made.loadFromOptions({ clusters, users: [whole], contexts, currentContext: name })
  return made
}

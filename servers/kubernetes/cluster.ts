// The cluster: its API reached when first needed, with a deadline, asked again when that may help.
import type { KubeConfig } from '@kubernetes/client-node'
import { Failure } from '../kit/failure.ts'
import type { Log } from '../kit/log.ts'
import { Upstream } from '../kit/upstream.ts'
import { type Api, Connections } from './api.ts'
import { CredentialProgram } from './credential-program.ts'
import { bare, type ConfigSettings, checkContext, readFiles, readPod, sourceOf, stampOf } from './kubeconfig.ts'
import { namespace } from './names.ts'
import { hopeless, inWords, NotKubernetes, readProblem } from './problems.ts'

export interface ClusterOptions {
  firstDelayMs?: number
  /** Before `/var/run/secrets`, and in place of the home folder. */
  root?: string
  home?: string
  /** How long a program for credentials, and a log that is only looked into, may take. */
  programMs?: number
  logMs?: number
}

export interface Asked {
  signal: AbortSignal
  /** As in "pod web-1 in default": what is not there on a 404, and the tool that lists such things. */
  missing?: { what: string; lister: string }
  mayRepeat?: boolean
  /** Answered by the node of a pod: one that is down says nothing of the cluster. */
  byNode?: boolean
}

export class Cluster {
  readonly #settings: ConfigSettings
  readonly #options: ClusterOptions
  readonly #log: Log
  readonly #upstream: Upstream
  readonly #connections = new Connections()
  readonly #program: CredentialProgram
  #read: { stamp: string; config: Promise<KubeConfig> } | undefined
  /** The first one used: whoever switches kubectl to another cluster does not switch this. */
  #context: string | undefined

  constructor(settings: ConfigSettings, log: Log, options: ClusterOptions = {}) {
    this.#settings = settings
    this.#options = options
    this.#log = log
    this.#upstream = this.#reached()
    this.#program = new CredentialProgram(options.programMs)
  }

  get logMs(): number {
    return this.#options.logMs ?? 10_000
  }

  /** All contexts, whether they can be used or not. */
  async config(): Promise<KubeConfig> {
    const { root = '', home } = this.#options
    const source = sourceOf(this.#settings, root, home)
    const stamp = source === 'pod' ? 'pod' : `${source.join()} ${stampOf(source)}`
    // What was read together is one configuration, for which a program is run once.
    if (this.#read?.stamp !== stamp)
      this.#read = { stamp, config: source === 'pod' ? readPod(root) : readFiles(source) }
    const read = this.#read
    const config = await read.config.catch(error => {
      if (this.#read === read) this.#read = undefined
      throw error
    })
    config.setCurrentContext(this.#context ?? this.#settings.KUBE_CONTEXT ?? config.getCurrentContext())
    return config
  }

  /** The context's own namespace, which a manifest without one goes to. */
  async defaultNamespace(): Promise<string> {
    const config = await this.config()
    const named = config.getContextObject(config.getCurrentContext())?.namespace?.trim() || 'default'
    if (namespace.safeParse(named).success) return named
    throw new Failure(
      'permission_denied',
      `The namespace of the context ${config.getCurrentContext()} is not one.`,
      'Ask the person to correct the kubeconfig.',
    )
  }

  async ask<T>(asked: Asked, work: (api: Api) => Promise<T>): Promise<T> {
    const { signal, missing, mayRepeat = true, byNode = false } = asked
    const config = await this.#program.apply(await this.#usable(), signal)
    const api = await this.#connections.api(config, signal)
    const upstream = byNode ? this.#reached() : this.#upstream
    try {
      return await upstream.ask(() => orHopeless(() => work(api)), signal, { mayRepeat })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (error.details.status === 401) this.#program.forget()
      throw missing ? missingOr(error, missing) : error
    }
  }

  #reached(): Upstream {
    const { firstDelayMs = 500 } = this.#options
    return new Upstream({ name: 'The cluster', read: readProblem, inWords, firstDelayMs })
  }

  async #usable(): Promise<KubeConfig> {
    const config = await this.config()
    const name = config.getCurrentContext()
    checkContext(config, name, this.#settings.CREDENTIAL_PROGRAMS)
    if (this.#context === undefined) {
      this.#context = name
      const facts = { context: name, server: bare(config.getCurrentCluster()!.server) }
      if (config.getCurrentCluster()?.skipTLSVerify)
        this.#log.say('warn', 'insecure-skip-tls-verify: anyone on the way can read and change everything', facts)
      else this.#log.say('info', 'uses this cluster', facts)
    }
    return config
  }
}

async function orHopeless<T>(work: () => Promise<T>): Promise<T> {
  try {
    const found = await work()
    if (!isWhole(found)) throw new NotKubernetes()
    return found
  } catch (error) {
    throw hopeless(error) ?? error
  }
}

/** A log, nothing, a list, or one object. */
function isWhole(found: unknown): boolean {
  if (typeof found !== 'object' || found === null) return true
  const { items, resources, metadata } = found as {
    items?: unknown
    resources?: unknown
    metadata?: { name?: unknown }
  }
  return Array.isArray(items) || Array.isArray(resources) || typeof metadata?.name === 'string'
}

function missingOr(failure: Failure, { what, lister }: NonNullable<Asked['missing']>): Failure {
  if (failure.kind !== 'not_found') return failure
  return new Failure('not_found', `There is no ${what}.`, `Look at what there is with ${lister}.`, failure.details)
}

// The cluster: its API reached when first needed, with a deadline, asked again when that may help.
import type { AppsV1Api, CoreV1Api, KubeConfig, RequestContext } from '@kubernetes/client-node'
import { Failure } from '../kit/failure.ts'
import type { Log } from '../kit/log.ts'
import { Upstream } from '../kit/upstream.ts'
import { type ConfigSettings, checkContext, readFiles, readPod, sourceOf, stampOf } from './kubeconfig.ts'
import { hopeless, inWords, NotKubernetes, readProblem } from './problems.ts'

export interface Raw {
  method: 'GET' | 'PATCH'
  path: string
  query?: Record<string, string>
  body?: unknown
  contentType?: string
}

export interface Api {
  core: CoreV1Api
  apps: AppsV1Api
  /** JSON as it is: the typed calls drop what their schemas do not know. */
  raw(request: Raw): Promise<unknown>
}

export interface ClusterOptions {
  firstDelayMs?: number
  /** Before `/var/run/secrets`, and in place of the home folder. */
  root?: string
  home?: string
}

export interface Asked {
  signal: AbortSignal
  /** As in "pod web-1 in default": what is not there on a 404, and the tool that lists such things. */
  missing?: { what: string; lister: string }
  mayRepeat?: boolean
}

export class Cluster {
  readonly #settings: ConfigSettings
  readonly #options: ClusterOptions
  readonly #log: Log
  readonly #upstream: Upstream
  #read: { stamp: string; config: KubeConfig } | undefined
  /** The first one used: whoever switches kubectl to another cluster does not switch this. */
  #context: string | undefined

  constructor(settings: ConfigSettings, log: Log, options: ClusterOptions = {}) {
    this.#settings = settings
    this.#options = options
    this.#log = log
    const { firstDelayMs = 500 } = options
    this.#upstream = new Upstream({ name: 'The cluster', read: readProblem, inWords, firstDelayMs })
  }

  /** All contexts, whether they can be used or not. */
  async config(): Promise<KubeConfig> {
    const { root = '', home } = this.#options
    const source = sourceOf(this.#settings, root, home)
    const stamp = source === 'pod' ? 'pod' : `${source.join()} ${stampOf(source)}`
    if (this.#read?.stamp !== stamp)
      this.#read = { stamp, config: source === 'pod' ? await readPod(root) : await readFiles(source) }
    const { config } = this.#read
    config.setCurrentContext(this.#context ?? this.#settings.KUBE_CONTEXT ?? config.getCurrentContext())
    return config
  }

  /** The context's own namespace, which a manifest without one goes to. */
  async defaultNamespace(): Promise<string> {
    const config = await this.config()
    return config.getContextObject(config.getCurrentContext())?.namespace || 'default'
  }

  async ask<T>({ signal, missing, mayRepeat = true }: Asked, work: (api: Api) => Promise<T>): Promise<T> {
    const config = await this.#usable()
    const api = await apiOf(config, signal)
    try {
      return await this.#upstream.ask(() => orHopeless(() => work(api)), signal, { mayRepeat })
    } catch (error) {
      throw missing && error instanceof Failure ? missingOr(error, missing) : error
    }
  }

  async #usable(): Promise<KubeConfig> {
    const config = await this.config()
    const name = config.getCurrentContext()
    checkContext(config, name, this.#settings.CREDENTIAL_PROGRAMS)
    if (this.#context === undefined) {
      this.#context = name
      const facts = { context: name, server: config.getCurrentCluster()?.server }
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

async function apiOf(config: KubeConfig, signal: AbortSignal): Promise<Api> {
  const k8s = await import('@kubernetes/client-node')
  const library = new k8s.IsomorphicFetchHttpLibrary()
  const send = async (request: RequestContext) => {
    request.setSignal(signal)
    const response = await library.send(request).toPromise()
    const type = response.headers['content-type'] ?? ''
    const isLog = new URL(request.getUrl()).pathname.endsWith('/log')
    const isOk = response.httpStatusCode >= 200 && response.httpStatusCode < 300
    if (isOk && !(isLog ? /^text\/plain\b/ : /^application\/json\b/).test(type)) throw new NotKubernetes()
    return response
  }
  const authentication = {
    getName: () => 'kubeconfig',
    applySecurityAuthentication: (request: RequestContext) => withCredentials(config, request),
  }
  const baseServer = new k8s.ServerConfiguration(config.getCurrentCluster()!.server, {})
  const httpApi = k8s.wrapHttpLibrary({ send })
  const made = k8s.createConfiguration({ baseServer, httpApi, authMethods: { default: authentication } })
  return {
    core: new k8s.CoreV1Api(made),
    apps: new k8s.AppsV1Api(made),
    async raw({ method, path, query = {}, body, contentType }) {
      const request = baseServer.makeRequestContext(path, k8s.HttpMethod[method])
      request.setHeaderParam('Accept', 'application/json')
      for (const [name, value] of Object.entries(query)) request.setQueryParam(name, value)
      if (contentType) request.setHeaderParam('Content-Type', contentType)
      if (body !== undefined) request.setBody(JSON.stringify(body))
      await withCredentials(config, request)
      const { httpStatusCode: status, headers, body: answer } = await send(request)
      const text = await answer.text()
      if (status < 200 || status > 299) throw new k8s.ApiException(status, 'refused', text, headers)
      return JSON.parse(text)
    },
  }
}

/** What goes wrong here is the kubeconfig's doing: files that are gone, programs that fail, http:// without consent. */
async function withCredentials(config: KubeConfig, request: RequestContext): Promise<void> {
  try {
    await config.applySecurityAuthentication(request)
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException
    const why = /HTTP protocol is not allowed/.test(message)
      ? 'its server is http://, which sends credentials in the clear (insecure-skip-tls-verify: true would allow it)'
      : code === 'ENOENT' && path
        ? `${path} does not exist`
        : 'its credentials cannot be made ready'
    throw new Failure(
      'permission_denied',
      `The context ${config.getCurrentContext()} cannot be used: ${why}.`,
      'Ask the person to look at the kubeconfig.',
    )
  }
}

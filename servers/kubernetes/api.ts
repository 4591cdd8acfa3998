// The API of one cluster through the client library: whose answers are checked, over connections that are used again.
import type { AppsV1Api, CoreV1Api, KubeConfig, RequestContext } from '@kubernetes/client-node'
import { LRUCache } from 'lru-cache'
import { Failure } from '../kit/failure.ts'
import { NotKubernetes } from './problems.ts'

interface Raw {
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
  /** What a container wrote. */
  log(path: string, query: Record<string, string>): Promise<string>
}

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>

/** Certificates that are files may be changed: read anew after this long. */
const KEPT_MS = 60_000
const MOST_BYTES = 50_000_000
const TOO_MUCH = new Failure(
  'validation_error',
  'The cluster answers with more than 50 MB.',
  'Ask for less at once: a smaller limit, or a labelSelector.',
)

export class Connections {
  readonly #kept = new LRUCache<KubeConfig, Dispatcher>({
    max: 5,
    ttl: KEPT_MS,
    dispose: dispatcher => void dispatcher.close().catch(() => {}),
  })

  async api(config: KubeConfig, signal: AbortSignal): Promise<Api> {
    const k8s = await import('@kubernetes/client-node')
    const library = new k8s.IsomorphicFetchHttpLibrary()
    const send = async (request: RequestContext) => {
      request.setSignal(signal)
      const response = await library.send(request).toPromise()
      const type = response.headers['content-type'] ?? ''
      const isLog = new URL(request.getUrl()).pathname.endsWith('/log')
      const isOk = response.httpStatusCode >= 200 && response.httpStatusCode < 300
      if (isOk && !(isLog ? /^text\/plain\b/ : /^application\/json\b/).test(type)) throw new NotKubernetes()
      const stream = response.body.stream()
      response.body.text = () => textOf(stream)
      return response
    }
    const authentication = {
      getName: () => 'kubeconfig',
      applySecurityAuthentication: (request: RequestContext) => this.#prepare(config, request),
    }
    const baseServer = new k8s.ServerConfiguration(config.getCurrentCluster()!.server, {})
    const httpApi = k8s.wrapHttpLibrary({ send })
    const made = k8s.createConfiguration({ baseServer, httpApi, authMethods: { default: authentication } })
    const text = async ({ method, path, query = {}, body, contentType }: Raw) => {
      const request = baseServer.makeRequestContext(path, k8s.HttpMethod[method])
      request.setHeaderParam('Accept', 'application/json, */*')
      for (const [name, value] of Object.entries(query)) request.setQueryParam(name, value)
      if (contentType) request.setHeaderParam('Content-Type', contentType)
      if (body !== undefined) request.setBody(JSON.stringify(body))
      await this.#prepare(config, request)
      const { httpStatusCode: status, headers, body: answer } = await send(request)
      const text = await answer.text()
      if (status < 200 || status > 299) throw new k8s.ApiException(status, 'refused', text, headers)
      return text
    }
    return {
      core: new k8s.CoreV1Api(made),
      apps: new k8s.AppsV1Api(made),
      raw: async request => JSON.parse(await text(request)),
      log: (path, query) => text({ method: 'GET', path, query }),
    }
  }

  /** The library makes a new connection for each request; one that was made before is taken instead. */
  async #prepare(config: KubeConfig, request: RequestContext): Promise<void> {
    await withCredentials(config, request)
    const made = request.getDispatcher()
    if (!made) return
    const known = this.#kept.get(config)
    const kept = known ?? sameServer(made, new URL(request.getUrl()).origin)
    if (!known) this.#kept.set(config, kept)
    request.setDispatcher(kept)
  }
}

/** Of an answer no more than so much is taken into memory: whoever fills objects may be a stranger. */
async function textOf(stream: ReadableStream<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of stream ?? []) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw TOO_MUCH
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Whoever answers in its place must not send us, and what we carry, elsewhere. */
function sameServer(dispatcher: Dispatcher, origin: string): Dispatcher {
  return dispatcher.compose(dispatch => (options, handler) => {
    if (new URL(String(options.origin)).origin !== origin) throw new NotKubernetes()
    return dispatch(options, handler)
  })
}

/** What goes wrong here is the kubeconfig's doing: files that are gone, http:// without consent. */
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

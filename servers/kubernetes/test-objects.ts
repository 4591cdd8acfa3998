// What lives in the stand-in's cluster, and which kinds of objects it knows.
export interface Obj {
  kind?: string
  apiVersion?: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; [more: string]: unknown }
  spec?: Record<string, unknown>
  status?: Record<string, unknown>
  [more: string]: unknown
}

export interface Resource {
  group: string
  version: string
  name: string
  kind: string
  namespaced: boolean
  subs?: string[]
}

const core = { group: '', version: 'v1' }
const apps = { group: 'apps', version: 'v1' }
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' }
export const resources: Resource[] = [
  { ...core, name: 'namespaces', kind: 'Namespace', namespaced: false },
  { ...core, name: 'nodes', kind: 'Node', namespaced: false },
  { ...core, name: 'pods', kind: 'Pod', namespaced: true, subs: ['log', 'status'] },
  { ...core, name: 'events', kind: 'Event', namespaced: true },
  { ...core, name: 'secrets', kind: 'Secret', namespaced: true },
  { ...core, name: 'configmaps', kind: 'ConfigMap', namespaced: true },
  { ...apps, name: 'deployments', kind: 'Deployment', namespaced: true, subs: ['scale', 'status'] },
  { group: 'example.com', version: 'v1', name: 'namespaces', kind: 'Namespace', namespaced: true },
  { ...rbac, name: 'roles', kind: 'Role', namespaced: true },
  { ...rbac, name: 'clusterroles', kind: 'ClusterRole', namespaced: false },
]
/** What a spec of these kinds may hold. */
export const SCHEMAS: Record<string, string[]> = {
  Deployment: ['replicas', 'selector', 'template', 'strategy', 'revisionHistoryLimit', 'paused', 'minReadySeconds'],
  Namespace: ['finalizers'],
}
export const NAMES = {
  patches: 'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
}

/** What a path of the API names. */
export function resourceAt(path: string) {
  const found =
    /^\/(?:api\/(v1)|apis\/([^/]+)\/([^/]+))(?:\/namespaces\/([^/]+)(?=\/[^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(
      path,
    )
  if (!found) return undefined
  const [, coreVersion, group = '', version = coreVersion, inNamespace, plural, name, sub] = found.map(
    part => part && decodeURIComponent(part),
  )
  const resource = resources.find(one => one.group === group && one.version === version && one.name === plural)
  if (!resource || resource.namespaced !== (inNamespace !== undefined)) return undefined
  return { resource, namespace: inNamespace, name, sub }
}

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString().replace(/\.\d+Z/, 'Z')

export function pod(
  name: string,
  namespace: string,
  more: { spec?: object; status?: object; metadata?: object } = {},
): Obj {
  const running = {
    name: 'app',
    ready: true,
    restartCount: 0,
    image: 'shop/web:1.4',
    imageID: '',
    state: { running: { startedAt: ago(60) } },
    lastState: {},
  }
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      creationTimestamp: ago(120),
      labels: { app: 'web' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-6f', uid: 'uid-rs', controller: true }],
      ...more.metadata,
    },
    spec: {
      nodeName: 'node-a',
      serviceAccountName: 'default',
      containers: [{ name: 'app', image: 'shop/web:1.4' }],
      ...more.spec,
    },
    status: {
      phase: 'Running',
      podIP: '10.1.0.7',
      conditions: [{ type: 'PodScheduled', status: 'True' }],
      containerStatuses: [running],
      ...more.status,
    },
  }
}

export function deployment(name: string, namespace: string, replicas = 2): Obj {
  return {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      creationTimestamp: ago(5000),
      generation: 3,
      annotations: { 'deployment.kubernetes.io/revision': '3' },
    },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            {
              name: 'app',
              image: 'shop/web:1.4',
              env: [
                { name: 'DB_PASSWORD', value: 'hunter2-and-more' },
                { name: 'MODE', value: 'fast' },
              ],
            },
          ],
        },
      },
    },
    status: { replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas },
    owners: { '.spec.replicas': 'kubectl-client-side-apply' },
  }
}

export function event(
  name: string,
  namespace: string,
  object: string,
  reason: string,
  message: string,
  minutes: number,
): Obj {
  const [kind, of] = object.split('/')
  return {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: { name, namespace },
    involvedObject: { kind, name: of, namespace },
    reason,
    message,
    type: reason === 'BackOff' ? 'Warning' : 'Normal',
    count: 7,
    firstTimestamp: ago(minutes + 10),
    lastTimestamp: ago(minutes),
    source: { component: 'kubelet' },
  }
}

export function seed(): Map<string, Obj> {
  const objects = new Map<string, Obj>()
  const put = (resource: string, object: Obj) =>
    objects.set(`${resource}/${object.metadata.namespace ?? ''}/${object.metadata.name}`, object)
  for (const name of ['default', 'kube-system', 'prod', 'shop'])
    put('/namespaces', {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: { name, creationTimestamp: ago(9000) },
      status: { phase: 'Active' },
    })
  put('/nodes', node('node-a', 'True'))
  put('/nodes', node('node-b', 'False'))
  for (const name of ['web-1', 'web-2', 'web-3']) put('/pods', pod(name, 'default'))
  put('/pods', pod('core', 'kube-system'))
  put('/pods', pod('web-1', 'prod'))
  for (const namespace of ['default', 'prod', 'shop']) put('apps/deployments', deployment('web', namespace))
  put('/events', event('web-1.1', 'default', 'Pod/web-1', 'BackOff', 'Back-off restarting failed container', 5))
  put(
    '/events',
    event('web-1.0', 'default', 'Pod/web-1', 'Pulled', 'Container image "shop/web:1.4" already present', 50),
  )
  put(
    '/events',
    event('web.1', 'default', 'Deployment/web', 'ScalingReplicaSet', 'Scaled up replica set web-6f to 2', 90),
  )
  return objects
}

function node(name: string, ready: string): Obj {
  const capacity = { cpu: '4', memory: '16Gi', pods: '110' }
  return {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: { name, creationTimestamp: ago(20_000) },
    spec: {},
    status: {
      capacity,
      allocatable: capacity,
      conditions: [{ type: 'Ready', status: ready }],
      nodeInfo: { kubeletVersion: 'v1.32.4' },
    },
  }
}

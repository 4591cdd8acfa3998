// The image and the manifests of the bundled servers: rendered, held to Kubernetes' own types, and to what was promised.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { validate } from 'dockerfile-utils'
import { afterAll, expect, test } from 'vitest'
import { HTTP_SETTINGS, listenAt } from '../servers/kit/http-settings.ts'
import { COMMON } from '../servers/kit/settings.ts'
import { STATE_SETTINGS } from '../servers/kit/state.ts'
import { root } from './harness.ts'
import { asSent, dockerfile, dockerfileText, instructions, isSent } from './image-builder.ts'
import { wrongIn } from './kubernetes-types.ts'
import { type Manifest, render } from './kustomize.ts'

const folder = join(root, 'build', 'deploy')
const NAMES = [
  'aws',
  'data',
  'deployments',
  'files',
  'github',
  'knowledge',
  'kubernetes',
  'monitoring',
  'payments',
  'postgres',
]
const TYPES: Record<string, string> = {
  ...{ ConfigMap: 'V1ConfigMap', Deployment: 'V1Deployment', HorizontalPodAutoscaler: 'V2HorizontalPodAutoscaler' },
  ...{ NetworkPolicy: 'V1NetworkPolicy', PodDisruptionBudget: 'V1PodDisruptionBudget', Role: 'V1Role' },
  ...{ RoleBinding: 'V1RoleBinding', Service: 'V1Service', ServiceAccount: 'V1ServiceAccount' },
}
const overlay = (name: string): Manifest[] => render(join(folder, 'overlays', name))
const one = (all: Manifest[], kind: string): Manifest => all.find(manifest => manifest.kind === kind)

test('there is an overlay for each of the ten', () => {
  expect(readdirSync(join(folder, 'overlays')).toSorted()).toEqual(NAMES)
})

test.each(NAMES)('%s: every manifest is what Kubernetes’ types say, and of what it refers to each is there', name => {
  const all = overlay(name)
  expect(all.flatMap(manifest => wrongIn(manifest, TYPES[manifest.kind] ?? manifest.kind))).toEqual([])
  expect(all.map(manifest => manifest.kind).toSorted()).toEqual(Object.keys(TYPES).toSorted())
  const [pod, service, account] = [
    one(all, 'Deployment').spec.template,
    one(all, 'Service'),
    one(all, 'ServiceAccount'),
  ]
  const labels = Object.entries(pod.metadata.labels)
  const selectors = [
    service.spec.selector,
    one(all, 'Deployment').spec.selector.matchLabels,
    one(all, 'PodDisruptionBudget').spec.selector.matchLabels,
    one(all, 'NetworkPolicy').spec.podSelector.matchLabels,
    pod.spec.topologySpreadConstraints[0].labelSelector.matchLabels,
  ]
  for (const selector of selectors) {
    expect(labels).toEqual(expect.arrayContaining(Object.entries(selector)))
    expect(selector['app.kubernetes.io/name']).toBe(name)
  }
  const [container] = pod.spec.containers
  expect(container.ports.map((port: Manifest) => port.name)).toContain(service.spec.ports[0].targetPort)
  expect(one(all, 'HorizontalPodAutoscaler').spec.scaleTargetRef.name).toBe(one(all, 'Deployment').metadata.name)
  expect(one(all, 'RoleBinding')).toMatchObject({
    roleRef: { name: one(all, 'Role').metadata.name },
    subjects: [{ name: account.metadata.name, namespace: 'mcp' }],
  })
  expect(pod.spec.serviceAccountName).toBe(account.metadata.name)
  expect(container.envFrom).toEqual([
    { configMapRef: { name: one(all, 'ConfigMap').metadata.name } },
    { secretRef: { name: `mcp-${name}` } },
  ])
  const volumes = pod.spec.volumes.map((volume: Manifest) => volume.name)
  expect(container.volumeMounts.every((mount: Manifest) => volumes.includes(mount.name))).toBe(true)
})

test('a wrong value is seen wherever it stands', () => {
  const wrongs: [kind: string, path: string, value: unknown][] = [
    ['Deployment', 'spec.template.spec.containers.0.imagePullPolicy', 'IfNotPresentt'],
    ['Deployment', 'spec.template.spec.securityContext.seccompProfile.type', 'runtime'],
    ['Deployment', 'spec.template.spec.topologySpreadConstraints.0.whenUnsatisfiable', 'Schedule'],
    ['Deployment', 'spec.template.spec.containers.0.resources.limits.memory', '512 MB'],
    ['Deployment', 'spec.template.spec.containers.0.ports.0.name', 'a-name-too-long-for-it'],
    ['Deployment', 'spec.strategy.type', 'Rolling'],
    ['Deployment', 'spec.replicas', '3'],
    ['Deployment', 'metadata.name', 'mcp_data'],
    ['NetworkPolicy', 'spec.policyTypes.0', 'In'],
    ['NetworkPolicy', 'spec.ingress.0.from.0.podSelector.matchExpressions.0.operator', 'in'],
    ['Service', 'spec.ports.0.protocol', 'HTTP'],
    ['HorizontalPodAutoscaler', 'spec.metrics.0.resource.target.type', 'Percent'],
    ['RoleBinding', 'roleRef.kind', 'role'],
  ]
  const missed = wrongs.filter(([kind, path, value]) => {
    const manifest = one(overlay('data'), kind)
    const steps = path.split('.')
    const last = steps.pop()!
    const holder = steps.reduce((at, step) => at[step], manifest)
    if (!(last in holder)) return true
    holder[last] = value
    return wrongIn(manifest, TYPES[kind]!).length === 0
  })
  expect(missed).toEqual([])
})

test.each(NAMES)('%s: replicas, resources, probes, scaling, and as few rights as can be', name => {
  const all = overlay(name)
  const { replicas, template } = one(all, 'Deployment').spec
  const [container] = template.spec.containers
  const isAlone = name === 'knowledge'
  expect([replicas, Number(container.env[0].value)]).toEqual(isAlone ? [1, 1] : [3, 10])
  expect(container.resources).toEqual({
    requests: { cpu: '100m', memory: '256Mi' },
    limits: { cpu: '500m', memory: '512Mi' },
  })
  expect([container.livenessProbe.httpGet.path, container.readinessProbe.httpGet.path]).toEqual(['/health', '/ready'])
  expect(container.readinessProbe.timeoutSeconds).toBeGreaterThan(5)
  expect(one(all, 'HorizontalPodAutoscaler').spec).toMatchObject({
    minReplicas: isAlone ? 1 : 2,
    maxReplicas: isAlone ? 1 : 10,
    metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 70 } } }],
  })
  expect(one(all, 'PodDisruptionBudget').spec.maxUnavailable).toBe(1)
  expect(template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 })
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  // The drain, the calls, the tasks and the audit, as settings and code have them, and a little.
  const longest = 5_000 + 25_000 + 10_000 + 5_000
  expect(template.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(longest)
  const { egress, policyTypes } = one(all, 'NetworkPolicy').spec
  expect(policyTypes).toEqual(['Ingress', 'Egress'])
  for (const { to } of egress)
    for (const { ipBlock } of to) if (ipBlock) expect(ipBlock.except).toContain('169.254.0.0/16')
  const asksTheCluster = name === 'kubernetes'
  expect(one(all, 'Role').rules.length > 0).toBe(asksTheCluster)
  expect(one(all, 'ServiceAccount').automountServiceAccountToken).toBe(asksTheCluster)
  expect(template.spec.automountServiceAccountToken).toBe(asksTheCluster)
  expect(JSON.stringify(one(all, 'Role').rules)).not.toMatch(/\*|secrets|delete|create|patch|update/)
})

test.each(NAMES)(
  '%s: its settings are ones it has, none is a secret, and it is called by its service’s name',
  async name => {
    const all = overlay(name)
    const { data, metadata } = one(all, 'ConfigMap')
    const place = join(root, 'servers', name, 'settings.ts')
    const own = existsSync(place) ? (await import(place)).SETTINGS : {}
    const known: Record<string, { meta(): { secret?: unknown } | undefined }> = { ...COMMON, ...HTTP_SETTINGS, ...own }
    for (const key of Object.keys(data)) {
      expect([key, key in known]).toEqual([key, true])
      expect([key, known[key]!.meta()?.secret ?? false]).toEqual([
        key,
        key === 'PROMETHEUS_URL' ? expect.anything() : false,
      ])
    }
    const service = one(all, 'Service').metadata.name
    expect(data.HTTP_HOSTS.split(',')).toEqual([service, `${service}.mcp.svc`, `${service}.mcp.svc.cluster.local`])
    expect(metadata.namespace).toBe('mcp')
    // The Secret that a person is told to make has settings that exist, too.
    const said = readFileSync(join(folder, 'overlays', name, 'kustomization.yaml'), 'utf8')
    const secrets = /Secret \S+ has (.*)\.\n/.exec(said)![1]!.match(/[A-Z_]{4,}/g)!
    const keys = Object.keys({ ...known, ...STATE_SETTINGS, AWS_ACCESS_KEY_ID: 0, AWS_SECRET_ACCESS_KEY: 0 })
    if (existsSync(place)) expect(secrets.filter(key => !keys.includes(key))).toEqual([])
  },
)

const kubectl = ['/usr/bin/kubectl', '/usr/local/bin/kubectl'].find(existsSync)

// Where it is installed, it has the last word.
if (kubectl)
  test('kubectl kustomize gives the same', async () => {
    const { parseAllDocuments } = await import('yaml')
    const byKind = (all: Manifest[]) => all.toSorted((a, b) => a.kind.localeCompare(b.kind))
    for (const name of NAMES) {
      const text = execFileSync(kubectl, ['kustomize', join(folder, 'overlays', name)], { encoding: 'utf8' })
      const theirs = parseAllDocuments(text).map(one => one.toJS() as Manifest)
      expect(byKind(overlay(name))).toEqual(byKind(theirs))
    }
  })

test('the image: no fault in its file, several stages, slim, by a user who is nobody, on the Node that is pinned', () => {
  expect(validate(dockerfileText)).toEqual([])
  const from = dockerfile.getFROMs()
  expect(from.map(one => [one.getImage(), one.getBuildStage()])).toEqual([
    [`node:\${NODE}-bookworm-slim`, 'build'],
    [`node:\${NODE}-bookworm-slim`, null],
  ])
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  expect(dockerfileText).toContain(`ARG NODE=${dependencies.node}\n`)
  const last = from.at(-1)!.getRange().start.line
  const users = instructions('USER').filter(one => one.getRange().start.line > last)
  expect(users.map(one => one.getArgumentsContent())).toEqual(['10001:10001'])
  // After it nothing is written, and what it runs belongs to another.
  const after = dockerfile.getInstructions().filter(one => one.getRange().start.line > users[0]!.getRange().start.line)
  expect(after.map(one => one.getKeyword())).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/RUN|COPY|ADD/)]),
  )
  expect(dockerfileText).toContain('--chown=root:root')
  expect(dockerfileText).not.toMatch(/TOKEN|PASSWORD|SECRET/)
})

const sent = mkdtempSync(join(tmpdir(), 'gatehouse-sent-'))
afterAll(() => rmSync(sent, { recursive: true, force: true }))

test('the image: of what is sent to the builder alone, its step makes a server that starts', () => {
  for (const path of ['.git/config', 'node_modules/x/index.js', 'hub/main.ts', 'servers/kit/kit.test.ts'])
    expect([path, isSent(path)]).toEqual([path, false])
  asSent(sent)
  const [step] = instructions('RUN').filter(one => one.toString().includes('server-image'))
  const [command, ...args] = step!.getArgumentsContent()!.replace('"${SERVER}"', 'data').split(' ')
  expect([command, args.at(-1)]).toEqual(['node', '/out'])
  const out = join(sent, 'out')
  execFileSync(process.execPath, [...args.slice(0, -1), out], { cwd: sent, stdio: 'pipe' })
  rmSync(join(sent, 'node_modules'))
  // Its client is gone at once, and so it ends.
  const said = execFileSync(process.execPath, [join(out, 'main.js')], { cwd: out, input: '', stdio: 'pipe' })
  expect(`${said}`).toBe('')
})

test('the image and the manifests start it the same way', () => {
  const command = JSON.parse(dockerfile.getCMDs()[0]!.getArgumentsContent()!) as string[]
  expect(command).toEqual(['--http', '0.0.0.0:8080'])
  expect(listenAt(command[1]!)).toEqual({ host: '0.0.0.0', port: 8080 })
  const [container] = one(overlay('data'), 'Deployment').spec.template.spec.containers
  expect([container.args, container.ports[0].containerPort]).toEqual([command, 8080])
  expect(instructions('EXPOSE')[0]!.getArgumentsContent()).toBe('8080')
})

// Which cluster, and as whom: kubeconfig files good and broken, certificates, connections, the pod's own account.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { startTestCluster, type TestCluster, TOKEN } from './test-cluster.ts'
import { type Connected, connect, kubeconfig } from './test-connect.ts'

const certificate = (name: string) =>
  readFileSync(join(import.meta.dirname, '..', 'monitoring', 'fixtures', `${name}.pem`))
const inBase64 = (name: string) => certificate(name).toString('base64')

let cluster: TestCluster
let secure: Server
let address: string
const opened: Connected[] = []
beforeEach(async () => {
  cluster = await startTestCluster()
  secure = createServer({ key: certificate('key'), cert: certificate('good') }, (from, to) => {
    const { method, url, headers } = from
    const onward = request(cluster.url + url, { ...(method ? { method } : {}), headers }, answer => {
      to.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(to)
    })
    from.pipe(onward)
  })
  await new Promise<void>(resolve => secure.listen(0, '127.0.0.1', resolve))
  address = `https://localhost:${(secure.address() as AddressInfo).port}`
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const one of opened.splice(0)) await one.close()
  await cluster.close()
  await new Promise(resolve => {
    secure.close(resolve)
    secure.closeAllConnections()
  })
})

async function open(...args: Parameters<typeof connect>): Promise<Connected> {
  const one = await connect(...args)
  opened.push(one)
  return one
}
/** What it can see: names of pods, or why not. */
async function look(place: Connected): Promise<string> {
  const { data, text, failed } = await place.call('get_pods')
  return failed ? text : data.pods.map((one: { name: string }) => one.name).join()
}
const PODS = 'web-1,web-2,web-3'
const NO_SKIP = { 'insecure-skip-tls-verify': false }

test('a certificate counts only when the kubeconfig names who signed it', async () => {
  const config = (more: object) => kubeconfig(address, { cluster: { ...NO_SKIP, ...more } })
  expect(await look(await open(config({ 'certificate-authority-data': inBase64('good') })))).toBe(PODS)
  const before = cluster.seen.length
  const stranger = await open(config({}))
  expect(await look(stranger)).toMatch(/certificate of the API server is not to be trusted .*certificate-authority/)
  const other = await open(config({ 'certificate-authority-data': inBase64('expired') }))
  expect(await look(other)).toMatch(/is not to be trusted/)
  const tls = { 'certificate-authority-data': inBase64('good'), 'tls-server-name': 'other.example' }
  const nameless = await open(config(tls))
  expect(await look(nameless)).toMatch(/is for another name .*tls-server-name/)
  expect(cluster.seen).toHaveLength(before)
})

test('skipping that check is done where it is asked for, and said', async () => {
  const careless = await open(kubeconfig(address))
  expect(await look(careless)).toBe(PODS)
  expect(careless.log.join()).toMatch(/"level":"warn".*insecure-skip-tls-verify: anyone on the way can read and change/)
  const plain = await open(kubeconfig(cluster.url, { cluster: NO_SKIP }))
  expect(await look(plain)).toMatch(/http:\/\/, which sends credentials in the clear/)
  expect(cluster.seen).toHaveLength(1)
})

test('calls share a connection, and are never sent on to another server', async () => {
  let connections = 0
  secure.on('secureConnection', () => connections++)
  const place = await open(kubeconfig(address))
  for (let n = 0; n < 8; n++) expect(await look(place)).toBe(PODS)
  expect(connections).toBeLessThan(4)
  const elsewhere = await startTestCluster()
  const headers = { location: `${elsewhere.url}/api/v1/namespaces/default/pods` }
  cluster.faults.push(...[301, 302, 307, 308].map(status => ({ status, headers })))
  expect(await look(place)).toMatch(/What answered is not a Kubernetes API server/)
  expect(elsewhere.seen).toEqual([])
  await elsewhere.close()
})

test('several files are one: what comes first counts, and a context is chosen by its name', async () => {
  const place = await open(kubeconfig('http://127.0.0.1:1'))
  const more = join(place.folder, 'more')
  const skip = { 'insecure-skip-tls-verify': true }
  const second = {
    clusters: [{ name: 'there', cluster: { server: cluster.url, ...skip } }],
    users: [{ name: 'gatehouse', user: { token: 'not-this-one' } }],
    contexts: [
      { name: 'second', context: { cluster: 'there', user: 'gatehouse' } },
      { name: 'test', context: { cluster: 'there', user: 'gatehouse' } },
    ],
  }
  writeFileSync(more, stringify(second))
  const KUBECONFIG = [join(place.folder, 'config'), more].join(delimiter)
  const chosen = await open(null, { KUBECONFIG, KUBE_CONTEXT: 'second' })
  const { contents } = await chosen.client.readResource({ uri: 'k8s://contexts' })
  expect(JSON.parse((contents[0] as { text: string }).text)).toMatchObject([
    { name: 'test', used: false, cluster: 'here' },
    { name: 'second', used: true, cluster: 'there' },
  ])
  expect(await look(chosen)).toBe(PODS)
  const lost = await open(null, { KUBECONFIG, KUBE_CONTEXT: 'nowhere' })
  expect(await look(lost)).toContain('The kubeconfig has no context nowhere. It has test, second.')
})

test('whoever switches kubectl to another cluster does not switch this; new credentials are taken up', async () => {
  const place = await open(kubeconfig(cluster.url))
  expect(await look(place)).toBe(PODS)
  const two = (token: string) =>
    stringify({
      'current-context': 'prod',
      clusters: [
        { name: 'here', cluster: { server: cluster.url, 'insecure-skip-tls-verify': true } },
        { name: 'prod', cluster: { server: 'http://127.0.0.1:1', 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'gatehouse', user: { token } }],
      contexts: [
        { name: 'test', context: { cluster: 'here', user: 'gatehouse' } },
        { name: 'prod', context: { cluster: 'prod', user: 'gatehouse' } },
      ],
    })
  writeFileSync(join(place.folder, 'config'), two(TOKEN))
  expect(await look(place)).toBe(PODS)
  writeFileSync(join(place.folder, 'config'), two('another-token-77'))
  expect(await look(place)).toContain('does not know these credentials')
})

test.each<[name: string, text: string, words: RegExp]>([
  ['is empty', '', /cannot be used: it is not a kubeconfig/],
  ['is not YAML', `users: [{token: ${TOKEN}`, /cannot be used: line \d+ is not YAML/],
  ['is a text', TOKEN, /names no current context|not a kubeconfig/],
  ['names no context', 'clusters: []', /names no current context/],
  [
    'names a cluster that is broken',
    'current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\nclusters: [{name: c, cluster: {}}]',
    /the cluster c, which is missing or broken/,
  ],
  [
    'names a user that is missing',
    'current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "https://x"}}]',
    /the user u, who is missing or broken/,
  ],
  [
    'names a certificate that is gone',
    'current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {client-certificate: gone.pem}}]\nclusters: [{name: c, cluster: {server: "https://x"}}]',
    /gone\.pem does not exist/,
  ],
  ['is too long', '#'.repeat(1_000_001), /cannot be used/],
])('a kubeconfig that %s is told in words, and not shown', async (_, text, words) => {
  const place = await open(text)
  const said = await look(place)
  expect(said).toMatch(words)
  expect(said + place.log.join()).not.toContain(TOKEN)
})

test('a kubeconfig that is not there', async () => {
  expect(await look(await open(null, { KUBECONFIG: '/nowhere/config' }))).toContain(
    '/nowhere/config cannot be used: it does not exist',
  )
  expect(await look(await open(null))).toMatch(/No cluster is configured/)
  const { folder } = await open(null)
  writeFileSync(join(folder, 'mine'), kubeconfig(cluster.url))
  expect(await look(await open(null, { KUBECONFIG: '~/mine' }, { home: folder }))).toBe(PODS)
})

test('a namespace of the context that is none reaches no path', async () => {
  const place = await open(kubeconfig(cluster.url, { context: { namespace: '../kube-system' } }))
  const manifest = '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}'
  expect((await place.call('apply_manifest', { manifest })).text).toContain('The namespace of the context test is not')
  expect(cluster.seen).toEqual([])
})

test('inside a cluster it is the pod’s own account, with the cluster’s certificate', async () => {
  const { folder } = await open(null)
  const account = join(folder, 'pod', 'var/run/secrets/kubernetes.io/serviceaccount')
  mkdirSync(account, { recursive: true })
  writeFileSync(join(account, 'token'), TOKEN)
  writeFileSync(join(account, 'ca.crt'), certificate('good'))
  writeFileSync(join(account, 'namespace'), 'shop')
  vi.stubEnv('KUBERNETES_SERVICE_HOST', 'localhost')
  vi.stubEnv('KUBERNETES_SERVICE_PORT', new URL(address).port)
  const place = await open(null, {}, { root: join(folder, 'pod') })
  expect(await look(place)).toBe(PODS)
  const manifest = '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}'
  expect((await place.call('apply_manifest', { manifest })).data.objects[0].object).toBe('ConfigMap a in shop')
})

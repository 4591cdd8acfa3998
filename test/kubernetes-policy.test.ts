// The kubernetes server as the catalog starts it: the policy asks about prod, and kube-system stays closed whatever a person says.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FACTS } from '../servers/catalog-facts.ts'
import { startTestCluster, type TestCluster } from '../servers/kubernetes/test-cluster.ts'
import { kubeconfig } from '../servers/kubernetes/test-connect.ts'
import { askedTyped } from './asked-typed.ts'
import { addAndAgree } from './e2e/stories.ts'
import { freshHome, type RunningHub, startHub, until } from './harness.ts'
import { type RawPeer, startBridge } from './raw-peer.ts'
import { openWindow, type WindowClient } from './window-client.ts'

let cluster: TestCluster
let hub: RunningHub
let window: WindowClient
let peer: RawPeer

beforeAll(async () => {
  cluster = await startTestCluster()
  const home = freshHome()
  const KUBECONFIG = join(home.folder, 'kubeconfig')
  writeFileSync(KUBECONFIG, kubeconfig(cluster.url))
  hub = await startHub(home)
  window = await openWindow(hub.web, { pin: '4711' })
  const PROTECTED_NAMESPACES = FACTS.kubernetes!.given!.PROTECTED_NAMESPACES!.value
  const env = { KUBECONFIG, PROTECTED_NAMESPACES }
  await addAndAgree(window, { kubernetes: { command: 'gatehouse:kubernetes', args: [], env } }, { trust: true })
  await until(
    'it is listed',
    async () => ((await window.call.servers.get({ id: 'kubernetes' })).tools ?? 0) > 0,
    60_000,
  )
  peer = startBridge(home).peer
  await peer.initialize()
}, 120_000)
afterAll(async () => {
  peer?.end()
  window?.close()
  await hub?.stop()
  await cluster?.close()
})

async function asked(tool: string, args: object, kind: 'allow' | 'deny') {
  const said = await askedTyped(window, peer, { tool: `kubernetes_${tool}`, args, kind })
  expect(said.typed).toMatch(/^(prod|kube-system)$/)
  return said
}

const IN_PROD = /prod is in your protected namespaces/

test('what only reads is not asked about, in prod neither', async () => {
  const { result } = await peer.call('kubernetes_get_pods', { namespace: 'prod' })
  expect([result?.isError ?? false, JSON.stringify(result)]).toEqual([false, expect.stringContaining('web-1')])
})

test('a change in prod waits for a person, who is told that prod is protected', async () => {
  const inProd = { name: 'web-1', namespace: 'prod', confirm: true }
  const no = await asked('delete_pod', inProd, 'deny')
  expect(no).toMatchObject({ risk: 'destroys', reasons: expect.stringMatching(IN_PROD), failed: true })
  expect(cluster.objects.has('/pods/prod/web-1')).toBe(true)
  expect(await asked('delete_pod', inProd, 'allow')).toMatchObject({ failed: false })
  expect(cluster.objects.has('/pods/prod/web-1')).toBe(false)
})

test('a manifest that goes to prod is seen to, however long it is', async () => {
  const data = 'x'.repeat(5_000)
  const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: prod}\ndata: {a: ${data}}\n`
  const said = await asked('apply_manifest', { manifest, dryRun: false, namespaces: ['prod'] }, 'allow')
  expect(said).toMatchObject({ reasons: expect.stringMatching(IN_PROD), failed: false })
})

test('kube-system is refused by the server itself, after a yes too', async () => {
  const said = await asked('delete_pod', { name: 'core', namespace: 'kube-system', confirm: true }, 'allow')
  expect(said).toMatchObject({ failed: true, text: expect.stringContaining('The namespace kube-system is protected.') })
  expect(cluster.objects.has('/pods/kube-system/core')).toBe(true)
})

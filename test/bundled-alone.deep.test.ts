// Every bundled server, built, in a folder of its own and with an empty environment, used by the clients of both SDKs and eras.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Client as Client2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as Stdio2 } from '@modelcontextprotocol/client/stdio'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as Stdio1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundledServers } from '../hub/registry/bundled.ts'
import { FACTS } from '../servers/catalog-facts.ts'
import { root } from './harness.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-alone-')))
const app = join(folder, 'app')
const elsewhere = join(folder, 'elsewhere')
beforeAll(async () => {
  mkdirSync(elsewhere)
  const build = `const { bundlePrograms } = await import('${pathToFileURL(join(root, 'build', 'programs.ts'))}')
    await bundlePrograms(['servers'], ${JSON.stringify(app)})`
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', build], { cwd: root })
  symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'))
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }\n')
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `env -i`: the SDKs would pass some of ours on. */
const launch = (name: string, env: string[] = []) => ({
  command: '/usr/bin/env',
  args: ['-i', ...env, process.execPath, join(app, 'servers', name, 'main.js')],
  cwd: elsewhere,
  stderr: 'ignore' as const,
})
const CLIENT = { name: 'alone', version: '1' }

async function withTwo<T>(name: string, era: 'legacy' | 'modern', env: string[], use: (client: Client2) => Promise<T>) {
  const mode = era === 'legacy' ? era : { pin: '2026-07-28' }
  const client = new Client2(CLIENT, { versionNegotiation: { mode } })
  await client.connect(new Stdio2(launch(name, env)))
  try {
    expect(client.getProtocolEra()).toBe(era)
    return await use(client)
  } finally {
    await client.close()
  }
}

test.each(bundledServers)('%s', async name => {
  const one = new Client1(CLIENT)
  await one.connect(new Stdio1(launch(name)))
  const { tools } = await one.listTools()
  await one.close()
  expect(tools.length).toBeGreaterThan(2)
  for (const tool of tools) expect(tool).toMatchObject({ title: expect.any(String), outputSchema: { type: 'object' } })
  const names = tools.map(tool => tool.name)
  expect(await withTwo(name, 'legacy', [], async two => (await two.listTools()).tools.map(tool => tool.name))).toEqual(
    names,
  )

  const { example, needs = [], folders, uses } = FACTS[name]!
  const said = await withTwo(name, 'modern', [`HOME=${folder}`], async two => {
    expect((await two.listTools()).tools.map(tool => tool.name)).toEqual(names)
    return two.callTool({ name: example.tool, arguments: { ...example.arguments } })
  })
  const text = (said.content as { text?: string }[]).map(part => part.text ?? '').join('\n')
  const lacks = needs.length > 0 || folders?.needed === true || uses !== undefined
  expect([name, text, said.isError === true]).toEqual([name, expect.stringMatching(/\S/), lacks])
  // What is missing is named, and where to set it.
  for (const setting of needs) expect(text).toContain(setting)
  expect(readdirSync(elsewhere)).toEqual([])
})

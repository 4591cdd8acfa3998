// `gatehouse doctor` on what clients and servers need of this machine: said only where somebody needs it, with what to do.
import { once } from 'node:events'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { freshHome, type Home, type RunningHub, runJson, startHub, until } from './harness.ts'
import { openWindow } from './window-client.ts'

interface Finding {
  id: string
  level: string
  what: string
  fix: string | null
}

let hub: RunningHub | undefined
let holder: Server | undefined
afterEach(async () => {
  holder?.close()
  await hub?.stop()
})

const find = async (home: Home, ...ids: string[]) =>
  (await runJson<Finding[]>(home, ['doctor'])).filter(one => ids.includes(one.id))

async function hold(port = 0): Promise<number> {
  holder = createServer().listen(port, '127.0.0.1')
  await once(holder, 'listening')
  return (holder.address() as AddressInfo).port
}

test('the port for clients over HTTP: nothing while none needs it, taken, free and open are told apart, with and without a hub', async () => {
  const home = freshHome()
  hub = await startHub(home)
  const window = await openWindow(hub.web, { pin: '4711' })
  expect(await find(home, 'http')).toEqual([])

  const port = await hold()
  const taken = {
    id: 'http',
    level: 'warn',
    what: `Clients cannot connect over HTTP: port ${port} is taken by another program.`,
    fix: 'End that program, or choose another port in Settings and give clients the new address.',
  }
  await window.call.clients.setHttpPort({ port })
  await window.call.clients.addOther({ name: 'over http', transport: 'http' })
  await until('the hub knows', async () => (await window.call.hub.status()).http?.problem != null)
  expect(await find(home, 'http')).toEqual([taken])

  holder!.close()
  await until('the hub has it', async () => (await window.call.hub.status()).http?.problem === null, 30_000)
  const open = {
    id: 'http',
    level: 'ok',
    what: `Clients connect over HTTP at http://127.0.0.1:${port}/mcp.`,
    fix: null,
  }
  expect(await find(home, 'http')).toEqual([open])

  window.close()
  await hub.stop()
  const free = { id: 'http', level: 'ok', what: `Port ${port} is free for clients that connect over HTTP.`, fix: null }
  expect(await find(home, 'http')).toEqual([free])
  await hold(port)
  expect(await find(home, 'http')).toEqual([taken])
})

test('npx, uvx and docker are looked for only where a server is started with them', async () => {
  const home = freshHome()
  const programs = join(home.folder, 'programs')
  mkdirSync(programs)
  writeFileSync(join(programs, 'uvx'), '#!/bin/sh\n')
  chmodSync(join(programs, 'uvx'), 0o755)
  // Whichever shell it is: its profile leaves no more than this.
  for (const profile of ['.profile', '.bash_profile', '.bashrc', '.zprofile', '.zshrc'])
    writeFileSync(join(home.folder, profile), `PATH=${programs}\nexport PATH\n`)
  mkdirSync(home.data, { recursive: true, mode: 0o700 })
  const configure = (mcpServers: object) =>
    writeFileSync(join(home.data, 'config.json'), JSON.stringify({ mcpServers }))
  const launchers = ['npx', 'uvx', 'docker']
  expect(await find(home, ...launchers)).toEqual([])

  configure({
    files: { command: 'npx' },
    notes: { command: 'npx' },
    time: { command: 'uvx' },
    off: { command: 'docker', enabled: false },
  })
  expect(await find(home, ...launchers)).toEqual([
    {
      id: 'npx',
      level: 'warn',
      what: 'npx is not on the PATH of your login shell; files, notes cannot start without it.',
      fix: 'Install Node.js with npm (https://nodejs.org).',
    },
    { id: 'uvx', level: 'ok', what: `${join(programs, 'uvx')} (starts time).`, fix: null },
  ])

  configure({ box: { command: 'docker' } })
  rmSync(join(programs, 'uvx'))
  expect(await find(home, ...launchers)).toEqual([
    expect.objectContaining({
      id: 'docker',
      level: 'warn',
      fix: 'Install Docker (https://docs.docker.com/get-docker).',
    }),
  ])
})

// A server of Gatehouse as an entry of a client's own: what that client starts by itself, without the gateway.
import { homedir } from 'node:os'
import type { Launch } from '../../contract/servers.ts'
import { HubError } from '../error.ts'
import type { Json } from './layout.ts'
import type { Entry } from './move-entry.ts'
import type { KnownClient } from './table.ts'

const REFERENCE = /\$\{(secret|env):([^}]+)\}|\$\{home\}/g

/** One to write: `name` is what its entry is called. */
export interface DirectServer {
  id: string
  name: string
  launch: Launch
  bundled: boolean
}

/** `values`: of the credentials they name. */
export function directEntries(
  client: KnownClient,
  servers: readonly DirectServer[],
  values: ReadonlyMap<string, string>,
): Map<string, Entry> {
  return new Map(
    servers.map(({ name, launch, bundled }) => {
      if (bundled)
        throw new HubError('clients/bundled', `${name} comes with Gatehouse and runs nowhere else.`, {
          hint: 'Nothing was written. Leave it out.',
        })
      return [name, directEntry(client, name, launch, values)] as const
    }),
  )
}

function directEntry(client: KnownClient, name: string, launch: Launch, values: ReadonlyMap<string, string>): Entry {
  const { type, command, env: envKey, more, http, variable, bare } = client.entry
  const misread = !variable ? /(?!)/ : variable.startsWith('{') ? /\{(env|file):/ : bare ? /\$[\w{(]/ : /\$\{/
  const filled = (text: string): string => {
    const literal = text.replace(REFERENCE, (_, kind?: string, key = '') =>
      kind === 'secret' ? (values.get(key) ?? '') : '',
    )
    if (misread.test(literal))
      throw new HubError(
        'clients/no-reference',
        `A value of ${name} would be taken for a variable by ${client.name}.`,
        {
          hint: `Nothing was written. Use ${name} through Gatehouse instead.`,
        },
      )
    return text.replace(REFERENCE, (_, kind?: string, key = '') => {
      if (kind === 'secret') return values.get(key) ?? ''
      if (kind !== 'env') return homedir()
      if (variable) return variable.replace('NAME', () => key)
      throw new HubError(
        'clients/no-reference',
        `${name} names the variable ${key}, which ${client.name} fills in nowhere.`,
        {
          hint: 'Nothing was written. Use it through Gatehouse, or write its value into the server first.',
        },
      )
    })
  }
  const mapped = (map: Record<string, string>): { [key: string]: Json } =>
    Object.fromEntries(Object.entries(map).map(([key, text]) => [key, filled(text)]))
  const own = (map: Record<string, Json>): Entry => ({ ...map, ...('name' in map ? { name } : {}) })
  if (launch.url !== undefined) {
    if (!http)
      throw new HubError('clients/no-address', `${client.name}'s file takes no servers that run elsewhere.`, {
        hint: `Nothing was written. Connect ${client.name} to Gatehouse instead: through that one entry it reaches ${name}, too. Or leave ${name} out.`,
      })
    const headers = mapped(launch.headers)
    return {
      ...own(http.more),
      [http.url]: filled(launch.url),
      ...(Object.keys(headers).length > 0 ? { [http.headers]: headers } : {}),
    }
  }
  const words = [launch.command ?? '', ...launch.args].map(filled)
  const env = mapped(launch.env)
  return {
    ...(type ? { type } : {}),
    ...(command === 'list'
      ? { command: words }
      : { [command === 'cmd' ? 'cmd' : 'command']: words[0]!, args: words.slice(1) }),
    ...(Object.keys(env).length > 0 ? { [envKey]: env } : {}),
    ...(launch.cwd ? { cwd: filled(launch.cwd) } : {}),
    ...own(more),
  }
}

/** What is lost without the gateway, in words. */
export function losses(client: KnownClient, isConnected: boolean): string[] {
  return [
    `${client.name} starts these servers itself: Gatehouse sees none of their calls.`,
    'Nothing is asked before a call, no rule and no limit holds, and no call is in the log.',
    'A tool that changes is not held back, and nothing is taken out of what servers say.',
    ...(isConnected ? [`${client.name} has them through Gatehouse, too: their tools are there twice.`] : []),
  ]
}

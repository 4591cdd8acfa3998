// Clients of both SDKs on a house: what tests of the clocks and switches need of them.
import { Client as Client2 } from '@modelcontextprotocol/client'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import type { Link } from './gateway.ts'
import type { House } from './test-house.ts'

interface Result {
  isError?: boolean
  content: { text: string }[]
}
interface Options {
  timeout?: number
  onprogress?: (progress: { progress: number; message?: string | undefined }) => void
  resetTimeoutOnProgress?: boolean
  signal?: AbortSignal
}

export interface Either {
  call(name: string, args: Record<string, unknown>, options?: Options): Promise<Result>
  close(): Promise<void>
}
const ACCEPTED = { action: 'accept' as const, content: { name: 'Ada' } }
const FORMS = { capabilities: { elicitation: { form: {} } } }
const MODES = { 'sdk 2, legacy': 'legacy', 'sdk 2, modern': { pin: '2026-07-28' } } as const
export const WHICH = ['sdk 1', 'sdk 2, legacy', 'sdk 2, modern'] as const

function transport(house: House, client: string) {
  const it = {
    onmessage: undefined as ((message: never) => void) | undefined,
    onclose: undefined as (() => void) | undefined,
    link: undefined as Link | undefined,
    async start() {
      const send = (text: string) => void setImmediate(() => it.onmessage?.(JSON.parse(text) as never))
      it.link = house.gateway.link({ client, title: client, kind: 'bridge', send })
    },
    async send(message: unknown) {
      it.link!.receive(JSON.stringify(message))
    },
    async close() {
      it.link!.close('closed')
      it.onclose?.()
    },
  }
  return it as never
}

export async function openClient(
  house: House,
  which: (typeof WHICH)[number],
  client = which as string,
  onAsked: () => void = () => {},
): Promise<Either> {
  if (which === 'sdk 1') {
    const one = new Client1({ name: 'one', version: '1' })
    await one.connect(transport(house, client))
    return {
      call: async (name, args, options = {}) =>
        (await one.callTool({ name, arguments: args }, undefined, options)) as unknown as Result,
      close: () => one.close(),
    }
  }
  const two = new Client2({ name: 'two', version: '2' }, { ...FORMS, versionNegotiation: { mode: MODES[which] } })
  two.setRequestHandler('elicitation/create', () => {
    onAsked()
    return ACCEPTED
  })
  await two.connect(transport(house, client))
  return {
    call: async (name, args, options = {}) =>
      (await two.callTool({ name, arguments: args }, options)) as unknown as Result,
    close: () => two.close(),
  }
}

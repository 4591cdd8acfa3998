// `clients list` and `clients preview ID` without a hub. Nothing is written to any client's file.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClientAction } from '../../contract/clients.ts'
import { Announcer } from '../announce.ts'
import { Clients } from '../clients/clients.ts'
import { entryPoint } from '../entry-point.ts'
import { HubError } from '../error.ts'
import { takeLock } from '../store/lock.ts'
import { openState } from '../store/open.ts'
import { runProgram } from './program.ts'
import { readWitness } from './witness.ts'

await runProgram(['action'], async ({ data, words: [verb, id = ''], values }) => {
  const action = ClientAction.safeParse(values.action ?? 'connect')
  if ((verb !== 'list' && verb !== 'preview') || !action.success)
    throw new HubError('program/usage', 'Expected list, or preview ID --action connect|disconnect|undo|token.')
  return withClients<unknown>(data, async clients =>
    verb === 'list' ? clients.list([]) : clients.preview(id, action.data),
  )
})

/** With the folder's own memory of what was written, where it has one; the lock keeps a hub that starts now out of it. */
async function withClients<T>(data: string, use: (clients: Clients) => Promise<T>): Promise<T> {
  const isThere = existsSync(join(data, 'state.db'))
  const folder = isThere ? data : mkdtempSync(join(tmpdir(), 'gatehouse-look-'))
  const closes: (() => void)[] = isThere ? [] : [() => rmSync(folder, { recursive: true, force: true })]
  try {
    const lock = takeLock(folder)
    closes.push(() => lock.close())
    const db = openState(folder)
    closes.push(() => db.close())
    const { keys } = await readWitness(folder)
    const clients = new Clients({
      folder: { path: data },
      db,
      key: () => keys?.backup ?? null,
      audit: { append: async () => {} },
      announcer: new Announcer(),
      entry: entryPoint(),
      guards: false,
    })
    closes.push(() => clients.close())
    return await use(clients)
  } finally {
    for (const close of closes.reverse()) close()
  }
}

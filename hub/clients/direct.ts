// Which entries in clients' files are servers of Gatehouse written there directly. Only what is still as written counts.
import { z } from 'zod'
import type { Kv } from '../store/kv.ts'

const Row = z.object({ name: z.string(), server: z.string(), digest: z.string() })
export type DirectRow = z.infer<typeof Row>

export class Direct {
  readonly #kv: Pick<Kv, 'get' | 'put'>

  constructor(kv: Pick<Kv, 'get' | 'put'>) {
    this.#kv = kv
  }

  of(client: string): DirectRow[] {
    const text = this.#kv.get(`client-direct:${client}`)
    return text === null ? [] : z.array(Row).parse(JSON.parse(text))
  }

  add(client: string, rows: readonly DirectRow[]): void {
    const names = new Set(rows.map(row => row.name))
    this.#put(client, [...this.of(client).filter(row => !names.has(row.name)), ...rows])
  }

  forget(client: string, names: readonly string[]): void {
    this.#put(
      client,
      this.of(client).filter(row => !names.includes(row.name)),
    )
  }

  #put(client: string, rows: DirectRow[]): void {
    this.#kv.put(`client-direct:${client}`, JSON.stringify(rows))
  }
}

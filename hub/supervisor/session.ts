// One life of one server, from spawn to its last process: connection, handshake, first listing.
import { HubError } from '../error.ts'
import type { Hello } from './ask.ts'
import type { Connection, ConnectionEvents, Ending } from './connection.ts'
import { greet, isWorthProbing, type Verdict } from './era.ts'
import { listAll } from './list-all.ts'
import type { Logs } from './logs.ts'
import { Multiplexer } from './multiplexer.ts'
import type { Patience } from './timing.ts'
import type { RawListing } from './upstream.ts'

export interface SessionOptions {
  scope: string
  name: string
  logs: Logs
  open(events: ConnectionEvents): Promise<Connection>
}

export class Session {
  readonly connection: Connection
  readonly upstream: Multiplexer
  /** It ended on being asked for its era, as servers do that take nothing before `initialize`. */
  endedOnProbe = false
  /** When its era was asked for; epoch ms. */
  probedAt = 0

  private constructor(connection: Connection, upstream: Multiplexer) {
    this.connection = connection
    this.upstream = upstream
  }

  /** The process is there, and nothing was said yet. */
  static async open({ scope, name, logs, open }: SessionOptions, patience: Patience): Promise<Session> {
    let connection: Connection | undefined
    const upstream = new Multiplexer({
      scope,
      name,
      send: frame => connection?.send(frame),
      queuedBytes: () => connection?.queuedBytes() ?? 0,
      log: text => logs.add('gatehouse', text),
    })
    connection = await open({
      onFrame: text => {
        const taken = upstream.receive(text)
        if (taken instanceof Promise) return taken
        if (!taken) logs.add('stdout', text)
      },
      onTooLong: line => {
        logs.add('gatehouse', `A line of ${line.bytes} bytes on stdout was over the limit and was left out.`)
        upstream.tooLong(line)
      },
      onUndelivered: (frame, error) => upstream.undelivered(frame, error),
      onLog: (stream, text) => logs.add(stream, text),
      onBytes: () => patience.heard(),
    })
    void connection.ended.then(ending => upstream.end(gone(name, ending)))
    return new Session(connection, upstream)
  }

  /** Says hello and asks for everything it offers: after this it is known to answer. */
  async greet(as: Hello, known: Verdict | null, probeMs: number, signal: AbortSignal): Promise<RawListing> {
    const probes = isWorthProbing(known)
    const { era, probedAt } = await greet(this.upstream, as, probes ? probeMs : null, signal).catch(error => {
      this.endedOnProbe = probes && !this.upstream.isOpen && this.upstream.isSilent
      throw error
    })
    this.probedAt = probes || era === 'modern' ? probedAt : known!.probedAt
    return listAll(this.upstream, this.probedAt, signal)
  }

  /** Whoever waits for an answer is told at once; then every process of it is ended. */
  close(why: HubError, graceMs: number): Promise<void> {
    this.upstream.end(why)
    return this.connection.close(graceMs)
  }
}

function gone(name: string, { exitCode, signal, error }: Ending): HubError {
  const how = error ? error.message : signal ? `ended by ${signal}` : `exit code ${exitCode ?? 'unknown'}`
  return new HubError('server/gone', `${name} ended before it answered (${how}).`, {
    hint: 'Gatehouse starts it again. What the call did until then is not known; repeat it if that is safe.',
  })
}
